package app.perpetua.flow.notifications;

import java.time.Instant;
import java.util.UUID;

/**
 * A browser's push subscription, without its keys.
 *
 * @param endpoint its URL at the push service
 */
record PushSubscription(UUID id, String endpoint, Instant createdAt) {}
