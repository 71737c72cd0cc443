package app.perpetua.flow.account;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.base.Sha256;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads RSA keys from environment variables: PEM (RFC 7468) with real line breaks or {@code \n}, or
 * the PEM in base64. Messages never quote the key.
 */
public final class Pem {
  private static final int MIN_BITS = 2048;
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

  private Pem() {}

  /**
   * Parses a private key.
   *
   * @throws IllegalArgumentException unless it is an RSA key of 2048 bits or more in PKCS #8
   */
  public static RSAPrivateCrtKey privateKey(String text) {
    String message = "must be an RSA private key in PKCS #8 PEM, 2048 bits or more";
    Matcher block = BLOCK.matcher(unwrap(text));
    if (!block.find() || !block.group(1).equals("PRIVATE KEY")) {
      throw new IllegalArgumentException(message);
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(block.group(2));
      if (rsa().generatePrivate(new PKCS8EncodedKeySpec(der)) instanceof RSAPrivateCrtKey key
          && isLongEnough(key.getModulus())) {
        return key;
      }
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IllegalArgumentException(message, e);
    }
    throw new IllegalArgumentException(message);
  }

  /**
   * Parses one or more concatenated public keys.
   *
   * @throws IllegalArgumentException unless each is an RSA key of 2048 bits or more
   */
  public static List<RSAPublicKey> publicKeys(String text) {
    String message = "must be RSA public keys in PEM, 2048 bits or more";
    List<RSAPublicKey> keys = new ArrayList<>();
    Matcher block = BLOCK.matcher(unwrap(text));
    while (block.find()) {
      try {
        byte[] der = Base64.getMimeDecoder().decode(block.group(2));
        if (rsa().generatePublic(new X509EncodedKeySpec(der)) instanceof RSAPublicKey key
            && isLongEnough(key.getModulus())) {
          keys.add(key);
          continue;
        }
      } catch (GeneralSecurityException | IllegalArgumentException e) {
        throw new IllegalArgumentException(message, e);
      }
      throw new IllegalArgumentException(message);
    }
    if (keys.isEmpty()) {
      throw new IllegalArgumentException(message);
    }
    return List.copyOf(keys);
  }

  public static RSAPublicKey publicHalf(RSAPrivateCrtKey key) {
    try {
      return (RSAPublicKey)
          rsa().generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the public key cannot be derived", e);
    }
  }

  /** Derives a secret from the private key. */
  public static Secret derivedSecret(RSAPrivateCrtKey key) {
    byte[] exponent = key.getPrivateExponent().toByteArray();
    byte[] purpose = "perpetua-flow refresh tokens".getBytes(StandardCharsets.UTF_8);
    return new Secret(HexFormat.of().formatHex(Sha256.hmac(exponent, purpose)));
  }

  private static String unwrap(String text) {
    String stripped = text.strip();
    if (!stripped.startsWith("-----")) {
      try {
        stripped = new String(Base64.getMimeDecoder().decode(stripped), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        return "";
      }
    }
    return stripped.replace("\\r", "").replace("\\n", "\n");
  }

  private static boolean isLongEnough(BigInteger modulus) {
    return modulus.bitLength() >= MIN_BITS;
  }

  private static KeyFactory rsa() throws GeneralSecurityException {
    return KeyFactory.getInstance("RSA");
  }
}
