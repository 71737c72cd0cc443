/** Which pages of other origins may read responses. */
@NullMarked
package app.perpetua.flow.http.cors;

import org.jspecify.annotations.NullMarked;
