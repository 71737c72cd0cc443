/** The port through which {@code http} authenticates requests; features implement it. */
@NullMarked
package app.perpetua.flow.http.auth;

import org.jspecify.annotations.NullMarked;
