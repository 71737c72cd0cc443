package app.perpetua.flow.http;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The user that a verified access token was issued to.
 *
 * @param userId the token's {@code sub}
 * @param tokenId the token's {@code jti}, the key of limits per token
 * @param sessionId the token's {@code sid}: the session of a device, which lasts from a sign-in
 *     over all refreshes until it ends; null for tokens of earlier releases. See {@link
 *     SessionCheck}
 * @param limitId the key of the user's rate limits and of concurrent requests; unlike the user's
 *     id, it stays the same when the user deletes the account and signs in again
 */
public record Principal(
    UUID userId, UUID tokenId, @Nullable UUID sessionId, UUID limitId, Instant expiresAt) {}
