package app.perpetua.flow.bench;

import app.perpetua.flow.account.AccessTokens;
import app.perpetua.flow.account.AccountConfig;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.sql.LockedUser;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPrivateCrtKey;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** A new key pair, and access tokens that it signs. Thread-safe. */
final class AccessTokenKey {
  private final KeyPair pair;
  private final AccessTokens issuer;
  private final Map<Integer, String> tokens = new ConcurrentHashMap<>();

  AccessTokenKey(Duration tokenLifetime) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    pair = generator.generateKeyPair();
    issuer =
        new AccessTokens(
            new AccountConfig(
                (RSAPrivateCrtKey) pair.getPrivate(),
                List.of(),
                tokenLifetime,
                tokenLifetime,
                new Secret("unused"),
                List.of(new Secret("unused")),
                Set.of("bench"),
                URI.create("http://127.0.0.1/unused"),
                0),
            new Ids(),
            Clock.systemUTC());
  }

  /** The access token of a user of the free tier, counted from 0. */
  String token(int user) {
    return tokens.computeIfAbsent(user, _ -> issue(user, LockedUser.Tier.FREE));
  }

  /** Same for the Pro tier. */
  String proToken(int user) {
    return issue(user, LockedUser.Tier.PRO);
  }

  private String issue(int user, LockedUser.Tier tier) {
    return issuer.issue(
        UUID.fromString(Database.user(user)),
        null,
        Database.user(user),
        "user" + (user + 1) + "@example.com",
        tier);
  }

  String privatePem() {
    return pem("PRIVATE KEY", pair.getPrivate());
  }

  String publicPem() {
    return pem("PUBLIC KEY", pair.getPublic());
  }

  private static String pem(String type, Key key) {
    return "-----BEGIN "
        + type
        + "-----\n"
        + Base64.getMimeEncoder().encodeToString(key.getEncoded())
        + "\n-----END "
        + type
        + "-----\n";
  }
}
