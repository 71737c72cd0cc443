/** Webhooks over HTTP to URLs that users chose. */
@NullMarked
package app.perpetua.flow.provider.webhook;

import org.jspecify.annotations.NullMarked;
