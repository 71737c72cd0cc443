package app.perpetua.flow.harness;

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * The RSA key with which services under test sign access tokens. One per JVM, because generating it
 * takes up to a second.
 */
public final class SigningKey {
  /** The key of every service. */
  public static final KeyPair PAIR = make();

  private SigningKey() {}

  /** The private key in the form of {@code JWT_PRIVATE_KEY}. */
  public static String pem() {
    return "-----BEGIN PRIVATE KEY-----\n"
        + Base64.getMimeEncoder().encodeToString(PAIR.getPrivate().getEncoded())
        + "\n-----END PRIVATE KEY-----\n";
  }

  /** Another key of the same kind that no service uses. */
  public static KeyPair make() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      return generator.generateKeyPair();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
