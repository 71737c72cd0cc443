package app.perpetua.flow.http;

import java.time.Instant;
import java.util.UUID;

/**
 * The user that a verified access token was issued to, and the session it belongs to.
 *
 * @param userId the token's {@code sub}
 * @param session the token's {@code jti}, the key of limits per session
 * @param limitId the key of the user's rate limits and of concurrent requests; unlike the user's
 *     id, it stays the same when the user deletes the account and signs in again
 */
public record Principal(UUID userId, UUID session, UUID limitId, Instant expiresAt) {}
