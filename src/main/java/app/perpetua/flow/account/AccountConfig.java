package app.perpetua.flow.account;

import app.perpetua.flow.base.Secret;
import java.net.URI;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Tokens and sign-in.
 *
 * @param signingKey signs access tokens; RSA, 2048 bits or more
 * @param alsoAccepted further public keys that are accepted and published: earlier or coming ones
 * @param accessLifetime how long an access token lives
 * @param refreshLifetime how long a refresh token lives
 * @param refreshSecret derives a refresh token's successor
 * @param googleClientIds audiences whose ID tokens are accepted
 * @param googleJwksUrl where Google publishes its keys
 * @param kickstartCredits granted once, on joining
 */
public record AccountConfig(
    RSAPrivateCrtKey signingKey,
    List<RSAPublicKey> alsoAccepted,
    Duration accessLifetime,
    Duration refreshLifetime,
    Secret refreshSecret,
    Set<String> googleClientIds,
    URI googleJwksUrl,
    int kickstartCredits) {
  @Override
  public String toString() {
    return "AccountConfig[googleClientIds=" + googleClientIds + ", keys=***]";
  }
}
