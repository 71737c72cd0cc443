package app.perpetua.flow.account;

/** Port to the identity provider: verifies ID tokens (OpenID Connect Core 1.0, 3.1.3.7). */
public interface IdTokens {
  /**
   * Verifies a token. May fetch the provider's keys, so it must not be called in a transaction.
   *
   * @throws app.perpetua.flow.base.Refusal {@code VALIDATION_ERROR} on {@code id_token} if it does
   *     not have the form of a JWT, {@code UNAUTHORIZED} if it is not valid, {@code
   *     SERVICE_UNAVAILABLE} if the provider's keys cannot be fetched
   */
  GoogleIdentity verify(String idToken);
}
