package app.perpetua.flow.http.auth;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Authenticates requests and WebSocket upgrades. Implementations are thread-safe. */
public interface Authenticator {
  /**
   * Verifies an access token.
   *
   * @throws Refusal {@code TOKEN_EXPIRED} for a token that is valid but expired, {@link
   *     #unauthorized} for any other
   */
  Principal verify(String token);

  /**
   * The user of a token that was verified before and has not expired; empty for any other, valid or
   * not. Costs no verification.
   */
  Optional<Principal> recall(String token);

  /**
   * The token in an {@code Authorization} header (RFC 6750, section 2.1); empty for another scheme.
   *
   * @param authorization null if the request has no such header
   */
  static Optional<String> bearerToken(@Nullable String authorization) {
    String scheme = "Bearer ";
    return Optional.ofNullable(authorization)
        .filter(header -> header.regionMatches(true, 0, scheme, 0, scheme.length()))
        .map(header -> header.substring(scheme.length()).strip())
        .filter(token -> !token.isEmpty());
  }

  /** The refusal of a missing, malformed or forged token, which does not reveal the reason. */
  static Refusal unauthorized() {
    return Refusal.of(ErrorCode.UNAUTHORIZED, "a valid access token is required");
  }
}
