package app.perpetua.flow.account;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What stays the same in a session, from the sign-in over all rotations of its refresh token.
 *
 * @param id the token family
 * @param device null for the session of clients that name none, of which a user has one
 * @param at the time of the sign-in
 */
record SessionStart(UUID id, @Nullable Device device, Instant at) {}
