package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import org.jspecify.annotations.Nullable;

/**
 * The port through which requests and WebSocket upgrades are authenticated. Implementations are
 * thread-safe.
 */
public interface Authenticator {
  /**
   * Verifies an access token.
   *
   * @throws Refusal {@code TOKEN_EXPIRED} for a token that is valid but expired, {@link
   *     #unauthorized} for any other
   */
  Principal verify(String token);

  /**
   * Verifies the token in an {@code Authorization} header (RFC 6750, section 2.1).
   *
   * @param authorization null if the request has no such header
   * @throws Refusal as {@link #verify}
   */
  default Principal verifyBearer(@Nullable String authorization) {
    String scheme = "Bearer ";
    if (authorization == null
        || !authorization.regionMatches(true, 0, scheme, 0, scheme.length())
        || authorization.length() == scheme.length()) {
      throw unauthorized();
    }
    return verify(authorization.substring(scheme.length()).strip());
  }

  /** Refuses a missing, malformed or forged token, without saying which of these it is. */
  static Refusal unauthorized() {
    return Refusal.of(ErrorCode.UNAUTHORIZED, "a valid access token is required");
  }
}
