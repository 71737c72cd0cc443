package app.perpetua.flow.notifications;

import java.time.Instant;
import java.util.UUID;

/**
 * A browser that asked for push, as the contract shows it: without its keys.
 *
 * @param endpoint its address at its push service
 */
public record PushSubscription(UUID id, String endpoint, Instant createdAt) {}
