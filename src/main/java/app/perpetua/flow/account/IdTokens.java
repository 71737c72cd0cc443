package app.perpetua.flow.account;

/**
 * The port to whoever vouches for people: verifies ID tokens (OpenID Connect Core 1.0, 3.1.3.7).
 */
public interface IdTokens {
  /**
   * Whom the token stands for. May ask the provider for its keys, so never call it inside a
   * transaction.
   *
   * @throws app.perpetua.flow.base.Refusal {@code VALIDATION_ERROR} on {@code id_token} if it does
   *     not have the form of a JWT, {@code UNAUTHORIZED} for anything else wrong with it, {@code
   *     SERVICE_UNAVAILABLE} if there are no keys to check it with
   */
  GoogleIdentity verify(String idToken);
}
