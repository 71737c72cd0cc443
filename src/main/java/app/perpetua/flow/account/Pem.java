package app.perpetua.flow.account;

import app.perpetua.flow.base.Secret;
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
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * RSA keys as they come in environment variables: PEM (RFC 7468) with real line breaks, with {@code
 * \n} in their place, or all of that once more in base64. No message quotes the key.
 */
public final class Pem {
  private static final int MIN_BITS = 2048;
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

  private Pem() {}

  /**
   * The private key.
   *
   * @throws IllegalArgumentException if it is no RSA key of 2048 bits or more in PKCS #8
   */
  public static RSAPrivateCrtKey privateKey(String text) {
    String problem = "must be an RSA private key in PKCS #8 PEM, 2048 bits or more";
    Matcher block = BLOCK.matcher(plain(text));
    if (!block.find() || !block.group(1).equals("PRIVATE KEY")) {
      throw new IllegalArgumentException(problem);
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(block.group(2));
      if (rsa().generatePrivate(new PKCS8EncodedKeySpec(der)) instanceof RSAPrivateCrtKey key
          && longEnough(key.getModulus())) {
        return key;
      }
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IllegalArgumentException(problem, e);
    }
    throw new IllegalArgumentException(problem);
  }

  /**
   * One or several public keys, one behind the other.
   *
   * @throws IllegalArgumentException if any is no RSA key of 2048 bits or more
   */
  public static List<RSAPublicKey> publicKeys(String text) {
    String problem = "must hold RSA public keys in PEM, 2048 bits or more";
    List<RSAPublicKey> keys = new ArrayList<>();
    Matcher block = BLOCK.matcher(plain(text));
    while (block.find()) {
      try {
        byte[] der = Base64.getMimeDecoder().decode(block.group(2));
        if (rsa().generatePublic(new X509EncodedKeySpec(der)) instanceof RSAPublicKey key
            && longEnough(key.getModulus())) {
          keys.add(key);
          continue;
        }
      } catch (GeneralSecurityException | IllegalArgumentException e) {
        throw new IllegalArgumentException(problem, e);
      }
      throw new IllegalArgumentException(problem);
    }
    if (keys.isEmpty()) {
      throw new IllegalArgumentException(problem);
    }
    return List.copyOf(keys);
  }

  /** The public half of a private key. */
  public static RSAPublicKey publicHalf(RSAPrivateCrtKey key) {
    try {
      return (RSAPublicKey)
          rsa().generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("an RSA key without a public half", e);
    }
  }

  /** A secret that whoever holds the private key can make again, and nobody else. */
  public static Secret derivedSecret(RSAPrivateCrtKey key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.getPrivateExponent().toByteArray(), "HmacSHA256"));
      byte[] secret = mac.doFinal("perpetua-flow refresh tokens".getBytes(StandardCharsets.UTF_8));
      return new Secret(HexFormat.of().formatHex(secret));
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has HmacSHA256", e);
    }
  }

  private static String plain(String text) {
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

  private static boolean longEnough(BigInteger modulus) {
    return modulus.bitLength() >= MIN_BITS;
  }

  private static KeyFactory rsa() throws GeneralSecurityException {
    return KeyFactory.getInstance("RSA");
  }
}
