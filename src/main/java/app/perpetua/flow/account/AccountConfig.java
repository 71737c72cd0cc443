package app.perpetua.flow.account;

import app.perpetua.flow.base.Secret;
import java.net.URI;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Settings of tokens and sign-in.
 *
 * @param signingKey signs access tokens; RSA, 2048 bits or more
 * @param verificationKeys previous and upcoming public keys, which are accepted and published
 * @param accessLifetime of access tokens
 * @param refreshLifetime of refresh tokens
 * @param refreshSecret derives a refresh token's successor
 * @param subjectKeys of the hashes by which deleted accounts are remembered: the current key, then
 *     previous ones; not empty
 * @param googleClientIds audiences whose ID tokens are accepted
 * @param googleJwksUrl URL of Google's key set
 * @param kickstartCredits granted once, on joining
 */
public record AccountConfig(
    RSAPrivateCrtKey signingKey,
    List<RSAPublicKey> verificationKeys,
    Duration accessLifetime,
    Duration refreshLifetime,
    Secret refreshSecret,
    List<Secret> subjectKeys,
    Set<String> googleClientIds,
    URI googleJwksUrl,
    int kickstartCredits) {
  @Override
  public String toString() {
    return "AccountConfig[googleClientIds=" + googleClientIds + ", keys=***]";
  }
}
