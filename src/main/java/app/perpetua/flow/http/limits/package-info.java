/** Rate limits and limits on concurrent requests. */
@NullMarked
package app.perpetua.flow.http.limits;

import org.jspecify.annotations.NullMarked;
