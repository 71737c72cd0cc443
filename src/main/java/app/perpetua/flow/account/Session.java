package app.perpetua.flow.account;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A session as the API returns it.
 *
 * @param id the token family
 * @param deviceId null for the session of clients that name no device
 * @param name the device's; null likewise
 * @param userAgent of the last sign-in or refresh; null if there was none
 * @param address of the last sign-in or refresh; null if that was made by an earlier release
 * @param createdAt the time of the sign-in
 * @param lastUsedAt the time of the last sign-in or refresh
 * @param current whether the request's access token belongs to it
 */
record Session(
    UUID id,
    @Nullable UUID deviceId,
    @Nullable String name,
    @Nullable String userAgent,
    @Nullable String address,
    Instant createdAt,
    Instant lastUsedAt,
    boolean current) {}
