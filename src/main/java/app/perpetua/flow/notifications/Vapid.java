package app.perpetua.flow.notifications;

import java.net.URI;
import java.net.URISyntaxException;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.util.Base64;

/**
 * The service's identity towards push services (RFC 8292). {@link #toString} omits the keys.
 *
 * @param publicKey browsers subscribe with it
 * @param privateKey signs the tokens for push services
 * @param subject contact for operators of push services: a mailto or https URI
 */
public record Vapid(ECPublicKey publicKey, ECPrivateKey privateKey, String subject) {
  /**
   * Parses a public key.
   *
   * @param text an uncompressed point on P-256 in base64url, as {@code web-push
   *     generate-vapid-keys} prints it
   * @throws IllegalArgumentException naming the expected format
   */
  public static ECPublicKey publicKey(String text) {
    try {
      return P256.publicKey(Base64.getUrlDecoder().decode(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("must be an uncompressed point on P-256 in base64url", e);
    }
  }

  /**
   * Parses a private key.
   *
   * @param text 32 bytes in base64url
   * @throws IllegalArgumentException naming the expected format, without the text
   */
  public static ECPrivateKey privateKey(String text) {
    try {
      return P256.privateKey(Base64.getUrlDecoder().decode(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("must be a private key on P-256, 32 bytes in base64url");
    }
  }

  /**
   * Validates a subject.
   *
   * @throws IllegalArgumentException naming the expected format
   */
  public static String subject(String text) {
    try {
      URI uri = new URI(text);
      boolean mail = "mailto".equals(uri.getScheme()) && text.indexOf('@') > 0;
      if (mail || ("https".equals(uri.getScheme()) && uri.getHost() != null)) {
        return text;
      }
    } catch (URISyntaxException e) {
      // Refused below.
    }
    throw new IllegalArgumentException("must be a mailto: or https: URL");
  }

  /** The public key as browsers expect it: an uncompressed point in base64url. */
  public String publicText() {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(P256.bytes(publicKey));
  }

  /** True if the private key belongs to the public key. */
  public boolean isPair() {
    byte[] probe = {1};
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(privateKey);
      signature.update(probe);
      byte[] signed = signature.sign();
      signature.initVerify(publicKey);
      signature.update(probe);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  @Override
  public String toString() {
    return "Vapid[subject=" + subject + ", keys=***]";
  }
}
