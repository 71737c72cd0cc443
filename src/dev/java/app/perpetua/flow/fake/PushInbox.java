package app.perpetua.flow.fake;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The browser's side of a subscription: generates its keys and decrypts messages (RFC 8188, RFC
 * 8291), using only the JDK. Immutable.
 */
public final class PushInbox {
  private static final int COORDINATE = 32;
  private static final int POINT = 1 + 2 * COORDINATE;
  private static final int SALT = 16;
  private static final int HEAD = SALT + Integer.BYTES + 1;

  private final KeyPair keys;
  private final byte[] auth = new byte[16];

  public PushInbox() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      keys = generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
    new SecureRandom().nextBytes(auth);
  }

  /** {@code keys.p256dh} of its subscription. */
  public String p256dh() {
    return base64(publicKey());
  }

  /** {@code keys.auth} of its subscription. */
  public String auth() {
    return base64(auth);
  }

  /** The private key, for decryption by another implementation. */
  public String privateKey() {
    return base64(fixed(((ECPrivateKey) keys.getPrivate()).getS()));
  }

  /**
   * Decrypts a message.
   *
   * @throws GeneralSecurityException if it is not correctly encrypted for this browser
   */
  String decrypt(byte[] body) throws GeneralSecurityException {
    if (body.length < HEAD + POINT || body[HEAD - 1] != POINT) {
      throw new GeneralSecurityException("no aes128gcm head with a key on P-256");
    }
    byte[] salt = Arrays.copyOf(body, SALT);
    int recordSize = ByteBuffer.wrap(body, SALT, Integer.BYTES).getInt();
    byte[] sender = Arrays.copyOfRange(body, HEAD, HEAD + POINT);
    byte[] sealed = Arrays.copyOfRange(body, HEAD + POINT, body.length);
    if (sealed.length > recordSize) {
      throw new GeneralSecurityException("more than one record");
    }
    KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
    agreement.init(keys.getPrivate());
    agreement.doPhase(key(sender), true);
    byte[] info =
        ByteBuffer.allocate(14 + 2 * POINT)
            .put("WebPush: info\0".getBytes(StandardCharsets.US_ASCII))
            .put(publicKey())
            .put(sender)
            .array();
    byte[] input = derive(agreement.generateSecret(), auth, info, 32);
    byte[] key = derive(input, salt, info("Content-Encoding: aes128gcm\0"), 16);
    byte[] nonce = derive(input, salt, info("Content-Encoding: nonce\0"), 12);
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, nonce));
    byte[] padded = cipher.doFinal(sealed);
    int end = padded.length;
    while (end > 0 && padded[end - 1] == 0) {
      end--;
    }
    if (end == 0 || padded[end - 1] != 2) {
      throw new GeneralSecurityException("the last record lacks its delimiter");
    }
    return new String(padded, 0, end - 1, StandardCharsets.UTF_8);
  }

  private static byte[] derive(byte[] material, byte[] salt, byte[] info, int length)
      throws GeneralSecurityException {
    return KDF.getInstance("HKDF-SHA256")
        .deriveData(
            HKDFParameterSpec.ofExtract().addIKM(material).addSalt(salt).thenExpand(info, length));
  }

  private static byte[] info(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private ECPublicKey key(byte[] point) throws GeneralSecurityException {
    BigInteger x = new BigInteger(1, Arrays.copyOfRange(point, 1, 1 + COORDINATE));
    BigInteger y = new BigInteger(1, Arrays.copyOfRange(point, 1 + COORDINATE, POINT));
    return (ECPublicKey)
        KeyFactory.getInstance("EC")
            .generatePublic(
                new ECPublicKeySpec(
                    new ECPoint(x, y), ((ECPublicKey) keys.getPublic()).getParams()));
  }

  private byte[] publicKey() {
    return point((ECPublicKey) keys.getPublic());
  }

  /** The key as an uncompressed point. */
  static byte[] point(ECPublicKey key) {
    return ByteBuffer.allocate(POINT)
        .put((byte) 4)
        .put(fixed(key.getW().getAffineX()))
        .put(fixed(key.getW().getAffineY()))
        .array();
  }

  /** The number as 32 bytes. */
  static byte[] fixed(BigInteger number) {
    byte[] bytes = number.toByteArray();
    byte[] fixed = new byte[COORDINATE];
    int length = Math.min(bytes.length, COORDINATE);
    System.arraycopy(bytes, bytes.length - length, fixed, COORDINATE - length, length);
    return fixed;
  }

  /** In base64url. */
  static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
