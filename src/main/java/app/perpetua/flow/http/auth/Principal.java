package app.perpetua.flow.http.auth;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Actor;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The user that a verified token was issued to.
 *
 * @param userId an access token's {@code sub}
 * @param tokenId an access token's {@code jti}, or the id of the personal access token
 * @param sessionId an access token's {@code sid}: the session of a device, which lasts from a
 *     sign-in over all refreshes until it ends; null for tokens of earlier releases and for
 *     personal access tokens. See {@link SessionCheck}
 * @param limitId the key of the user's rate limits and of concurrent requests; unlike the user's
 *     id, it stays the same when the user deletes the account and signs in again
 * @param personalToken null for an access token
 */
public record Principal(
    UUID userId,
    UUID tokenId,
    @Nullable UUID sessionId,
    UUID limitId,
    Instant expiresAt,
    @Nullable PersonalToken personalToken) {
  /**
   * The personal access token of a request.
   *
   * @param name as the user has named it
   */
  public record PersonalToken(String name, Set<Scope> scopes) {}

  /** The member of an error with the scopes that a personal access token needs. */
  public static final String REQUIRED_SCOPES = "required_scopes";

  /** The user that an access token was issued to. */
  public Principal(
      UUID userId, UUID tokenId, @Nullable UUID sessionId, UUID limitId, Instant expiresAt) {
    this(userId, tokenId, sessionId, limitId, expiresAt, null);
  }

  /** The actor of the user's transactions. */
  public Actor actor(@Nullable String requestId) {
    return personalToken == null
        ? Actor.user(userId, requestId)
        : Actor.token(userId, requestId, new Actor.Token(tokenId, personalToken.name()));
  }

  /**
   * Requires that the token has all these scopes. An access token has all.
   *
   * @param required null if no personal access token is accepted
   * @throws Refusal {@code INSUFFICIENT_SCOPE} with {@code required_scopes}
   */
  public void requireScopes(@Nullable Set<Scope> required) {
    if (personalToken == null) {
      return;
    }
    if (required == null) {
      throw insufficientScope("no personal access token is accepted for this", List.of());
    }
    if (!personalToken.scopes().containsAll(required)) {
      List<String> names = required.stream().sorted().map(Scope::wireName).toList();
      throw insufficientScope(
          "the token lacks a scope; required: " + String.join(" ", names), names);
    }
  }

  private static Refusal insufficientScope(String message, List<String> required) {
    return Refusal.of(ErrorCode.INSUFFICIENT_SCOPE, message).with(REQUIRED_SCOPES, required);
  }
}
