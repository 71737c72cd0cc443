/** Web Push (RFC 8030): messages to browsers, encrypted, by their vendors' push services. */
@NullMarked
package app.perpetua.flow.provider.webpush;

import org.jspecify.annotations.NullMarked;
