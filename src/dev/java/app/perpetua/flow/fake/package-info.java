/** In-process servers that speak the providers' protocols, and can be made to misbehave. */
@NullMarked
package app.perpetua.flow.fake;

import org.jspecify.annotations.NullMarked;
