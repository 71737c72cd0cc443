package app.perpetua.flow.fake;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Map;

/** A VAPID key pair, like the output of {@code web-push generate-vapid-keys}. */
public record VapidKeys(String publicKey, String privateKey) {
  /** Generates a pair. */
  public static VapidKeys make() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair pair = generator.generateKeyPair();
      return new VapidKeys(
          PushInbox.base64(PushInbox.point((ECPublicKey) pair.getPublic())),
          PushInbox.base64(PushInbox.fixed(((ECPrivateKey) pair.getPrivate()).getS())));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** The service's environment variables. */
  public Map<String, String> environment() {
    return Map.of(
        "VAPID_PUBLIC_KEY", publicKey,
        "VAPID_PRIVATE_KEY", privateKey,
        "VAPID_SUBJECT", "mailto:push@example.com");
  }
}
