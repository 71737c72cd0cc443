/** Google sign-in: verifies ID tokens with Google's published keys. */
@NullMarked
package app.perpetua.flow.provider.google;

import org.jspecify.annotations.NullMarked;
