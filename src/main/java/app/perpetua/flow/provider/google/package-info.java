/** Google as a provider of identities: its keys, its ID tokens. */
@NullMarked
package app.perpetua.flow.provider.google;

import org.jspecify.annotations.NullMarked;
