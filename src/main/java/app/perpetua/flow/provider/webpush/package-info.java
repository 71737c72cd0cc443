/** Web Push (RFC 8030): encrypted messages to browsers through their vendors' push services. */
@NullMarked
package app.perpetua.flow.provider.webpush;

import org.jspecify.annotations.NullMarked;
