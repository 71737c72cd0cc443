package app.perpetua.flow.http;

import java.time.Instant;
import java.util.UUID;

/**
 * The user that a verified access token was issued to, and the session it belongs to.
 *
 * @param userId the token's {@code sub}
 * @param session the token's {@code jti}: what is counted per session is counted per this
 * @param expiresAt when the token ends
 */
public record Principal(UUID userId, UUID session, Instant expiresAt) {}
