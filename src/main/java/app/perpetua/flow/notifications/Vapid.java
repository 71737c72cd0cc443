package app.perpetua.flow.notifications;

import java.net.URI;
import java.net.URISyntaxException;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.util.Base64;

/**
 * Who we are to push services (RFC 8292). Prints nothing of its keys. Immutable.
 *
 * @param publicKey what browsers are told to expect of us
 * @param privateKey signs what we say to push services
 * @param subject where their operators reach us: a mailto or https URI
 */
public record Vapid(ECPublicKey publicKey, ECPrivateKey privateKey, String subject) {
  /**
   * Reads a public key.
   *
   * @param text an uncompressed point on P-256 in base64url, as {@code web-push
   *     generate-vapid-keys} prints it
   * @throws IllegalArgumentException telling what it must be
   */
  public static ECPublicKey publicKey(String text) {
    try {
      return P256.publicKey(Base64.getUrlDecoder().decode(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("must be an uncompressed point on P-256 in base64url", e);
    }
  }

  /**
   * Reads a private key.
   *
   * @param text 32 bytes in base64url
   * @throws IllegalArgumentException telling what it must be, without the text
   */
  public static ECPrivateKey privateKey(String text) {
    try {
      return P256.privateKey(Base64.getUrlDecoder().decode(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("must be a private key on P-256, 32 bytes in base64url");
    }
  }

  /**
   * Reads a subject.
   *
   * @throws IllegalArgumentException telling what it must be
   */
  public static String subject(String text) {
    try {
      URI uri = new URI(text);
      boolean mail = "mailto".equals(uri.getScheme()) && text.indexOf('@') > 0;
      if (mail || ("https".equals(uri.getScheme()) && uri.getHost() != null)) {
        return text;
      }
    } catch (URISyntaxException e) {
      // Told below.
    }
    throw new IllegalArgumentException("must be a mailto: or https: URL");
  }

  /** The public key as browsers take it: an uncompressed point in base64url. */
  public String publicText() {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(P256.bytes(publicKey));
  }

  /** True if the two keys are halves of one. */
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
