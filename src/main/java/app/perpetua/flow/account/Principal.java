package app.perpetua.flow.account;

import java.time.Instant;
import java.util.UUID;

/**
 * Who a verified access token speaks for.
 *
 * @param userId the token's {@code sub}
 * @param session the token's {@code jti}: what is counted per session is counted per this
 * @param expiresAt when the token ends
 */
public record Principal(UUID userId, UUID session, Instant expiresAt) {}
