package app.perpetua.flow.base;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 2104). */
public final class Sha256 {
  /** Only cloned: looking up the algorithm takes as long as hashing a token. */
  private static final MessageDigest UNUSED = unused();

  private Sha256() {}

  private static MessageDigest unused() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /** A digest for bytes that arrive one after the other. */
  public static MessageDigest digest() {
    try {
      return (MessageDigest) UNUSED.clone();
    } catch (CloneNotSupportedException e) {
      throw new AssertionError("the JDK's digests can be cloned", e);
    }
  }

  /** Hashes a text in UTF-8. */
  public static byte[] hash(String text) {
    return hash(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Hashes the concatenation of the parts. */
  public static byte[] hash(byte[]... parts) {
    MessageDigest digest = digest();
    for (byte[] part : parts) {
      digest.update(part);
    }
    return digest.digest();
  }

  /**
   * Authenticates a message.
   *
   * @param key not empty
   */
  public static byte[] hmac(byte[] key, byte[] message) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(message);
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has HmacSHA256", e);
    }
  }
}
