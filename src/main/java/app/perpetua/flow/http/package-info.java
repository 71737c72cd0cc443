/** The HTTP toolkit: routes, endpoints and what surrounds them. */
@NullMarked
package app.perpetua.flow.http;

import org.jspecify.annotations.NullMarked;
