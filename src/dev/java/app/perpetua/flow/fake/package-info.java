/** In-process servers that speak the providers' protocols and can be scripted to fail. */
@NullMarked
package app.perpetua.flow.fake;

import org.jspecify.annotations.NullMarked;
