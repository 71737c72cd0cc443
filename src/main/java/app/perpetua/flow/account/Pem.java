package app.perpetua.flow.account;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.base.Sha256;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.KeySpec;
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
 * Reads RSA keys from environment variables: PEM (RFC 7468, RFC 8017 appendix A.1) with real line
 * breaks or {@code \n}, or the PEM in base64. Messages say what a refused text is, and never quote
 * a key.
 */
public final class Pem {
  private static final int MIN_BITS = 2048;

  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----(.*?)-----END \\1-----", Pattern.DOTALL);

  private static final Pattern BODY = Pattern.compile("[A-Za-z0-9+/=\\s]+");

  private static final String PRIVATE_KEY =
      "must be an unencrypted RSA private key of "
          + MIN_BITS
          + " bits or more in PEM: PKCS #8 (BEGIN PRIVATE KEY) or PKCS #1 (BEGIN RSA PRIVATE KEY)";

  private static final String PUBLIC_KEYS =
      "must be RSA public keys of "
          + MIN_BITS
          + " bits or more in PEM (BEGIN PUBLIC KEY or BEGIN RSA PUBLIC KEY)";

  /** The AlgorithmIdentifier of RSA keys, in DER: rsaEncryption with NULL (RFC 8017, A.1). */
  private static final byte[] RSA = HexFormat.of().parseHex("300d06092a864886f70d0101010500");

  private static final byte[] VERSION_0 = {2, 1, 0};
  private static final byte BIT_STRING = 0x03;
  private static final byte OCTET_STRING = 0x04;
  private static final byte SEQUENCE = 0x30;

  private record Block(String label, String body) {
    boolean isEncrypted() {
      // RFC 1421: "Proc-Type: 4,ENCRYPTED" before the body.
      return label.startsWith("ENCRYPTED ") || body.contains("ENCRYPTED");
    }

    byte[] der() {
      if (!BODY.matcher(body).matches()) {
        throw new IllegalArgumentException("not base64");
      }
      return Base64.getMimeDecoder().decode(body);
    }
  }

  private Pem() {}

  /**
   * Parses a private key. Blocks after the first are ignored.
   *
   * @throws IllegalArgumentException unless it is an RSA key of 2048 bits or more, not encrypted
   */
  public static RSAPrivateCrtKey privateKey(String text) {
    Block block = blocks(text, PRIVATE_KEY).getFirst();
    if (block.isEncrypted()) {
      throw refused("is an encrypted key", PRIVATE_KEY);
    }
    KeySpec spec =
        switch (block.label()) {
          case "PRIVATE KEY" -> new PKCS8EncodedKeySpec(der(block, PRIVATE_KEY));
          case "RSA PRIVATE KEY" -> new PKCS8EncodedKeySpec(pkcs8(der(block, PRIVATE_KEY)));
          default -> throw refused("is " + noun(block.label()), PRIVATE_KEY);
        };
    try {
      if (KeyFactory.getInstance("RSA").generatePrivate(spec) instanceof RSAPrivateCrtKey key
          && key.getPrimeP().multiply(key.getPrimeQ()).equals(key.getModulus())) {
        requireLength(key.getModulus(), PRIVATE_KEY);
        return key;
      }
    } catch (GeneralSecurityException e) {
      throw refused(otherKey(spec), PRIVATE_KEY);
    }
    throw refused("lacks the primes of the key, or is damaged", PRIVATE_KEY);
  }

  /**
   * Parses one or more concatenated public keys.
   *
   * @throws IllegalArgumentException unless each is an RSA key of 2048 bits or more
   */
  public static List<RSAPublicKey> publicKeys(String text) {
    List<RSAPublicKey> keys = new ArrayList<>();
    for (Block block : blocks(text, PUBLIC_KEYS)) {
      KeySpec spec =
          switch (block.label()) {
            case "PUBLIC KEY" -> new X509EncodedKeySpec(der(block, PUBLIC_KEYS));
            case "RSA PUBLIC KEY" -> new X509EncodedKeySpec(spki(der(block, PUBLIC_KEYS)));
            default -> throw refused("contains " + noun(block.label()), PUBLIC_KEYS);
          };
      try {
        RSAPublicKey key = (RSAPublicKey) KeyFactory.getInstance("RSA").generatePublic(spec);
        requireLength(key.getModulus(), PUBLIC_KEYS);
        keys.add(key);
      } catch (GeneralSecurityException e) {
        throw refused(otherKey(spec), PUBLIC_KEYS);
      }
    }
    return List.copyOf(keys);
  }

  public static RSAPublicKey publicHalf(RSAPrivateCrtKey key) {
    try {
      return (RSAPublicKey)
          KeyFactory.getInstance("RSA")
              .generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent()));
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

  /** At least one. */
  private static List<Block> blocks(String text, String required) {
    String pem = unwrap(text);
    List<Block> blocks = new ArrayList<>();
    Matcher block = BLOCK.matcher(pem);
    while (block.find()) {
      blocks.add(new Block(block.group(1), block.group(2)));
    }
    if (blocks.isEmpty()) {
      throw refused(
          pem.contains("-----BEGIN ") ? "has no matching END line" : "is not PEM", required);
    }
    return blocks;
  }

  /** Text around the blocks is allowed (RFC 7468, section 2), such as quotes of an env file. */
  private static String unwrap(String text) {
    String unescaped = text.replaceAll("\\\\+r", "").replaceAll("\\\\+n", "\n");
    if (unescaped.contains("-----BEGIN ")) {
      return unescaped;
    }
    try {
      String base64 = unescaped.replace('-', '+').replace('_', '/');
      String decoded = new String(Base64.getMimeDecoder().decode(base64), StandardCharsets.UTF_8);
      return decoded.replaceAll("\\\\+r", "").replaceAll("\\\\+n", "\n");
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  private static byte[] der(Block block, String required) {
    try {
      return block.der();
    } catch (IllegalArgumentException e) {
      throw refused("is not valid base64 between its BEGIN and END lines", required);
    }
  }

  private static String noun(String label) {
    return switch (label) {
      case "PUBLIC KEY", "RSA PUBLIC KEY" -> "a public key";
      case "PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY" -> "a private key";
      case "EC PRIVATE KEY", "EC PARAMETERS" -> "a key with the algorithm EC";
      case "DSA PRIVATE KEY" -> "a key with the algorithm DSA";
      case "OPENSSH PRIVATE KEY" -> "a key in the format of OpenSSH";
      case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE" -> "a certificate";
      case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST" -> "a certificate request";
      default -> "a PEM block of the type " + label;
    };
  }

  /** Names the algorithm of a key that is not for RSA. */
  private static String otherKey(KeySpec spec) {
    for (String algorithm : List.of("EC", "EdDSA", "RSASSA-PSS", "DSA", "XDH")) {
      try {
        KeyFactory factory = KeyFactory.getInstance(algorithm);
        if (spec instanceof PKCS8EncodedKeySpec) {
          factory.generatePrivate(spec);
        } else {
          factory.generatePublic(spec);
        }
        return "is a key with the algorithm " + algorithm;
      } catch (InvalidKeySpecException e) {
        // Not a key of this algorithm.
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("a provider of the JDK is missing", e);
      }
    }
    return "is damaged, or no RSA key";
  }

  private static void requireLength(BigInteger modulus, String required) {
    if (modulus.bitLength() < MIN_BITS) {
      throw refused("is an RSA key of " + modulus.bitLength() + " bits", required);
    }
  }

  private static IllegalArgumentException refused(String what, String required) {
    return new IllegalArgumentException(what + "; it " + required);
  }

  /** Wraps an RSAPrivateKey of PKCS #1 into a PrivateKeyInfo (RFC 5958). */
  private static byte[] pkcs8(byte[] pkcs1) {
    return tagged(SEQUENCE, VERSION_0, RSA, tagged(OCTET_STRING, pkcs1));
  }

  /** Wraps an RSAPublicKey of PKCS #1 into a SubjectPublicKeyInfo (RFC 5280, section 4.1). */
  private static byte[] spki(byte[] pkcs1) {
    byte[] noUnusedBits = {0};
    return tagged(SEQUENCE, RSA, tagged(BIT_STRING, noUnusedBits, pkcs1));
  }

  /** A DER value (X.690, section 8.1) whose content is these parts. */
  private static byte[] tagged(byte tag, byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    value.write(tag);
    if (length < 0x80) {
      value.write(length);
    } else {
      int bytes = (Integer.SIZE - Integer.numberOfLeadingZeros(length) + 7) / 8;
      value.write(0x80 | bytes);
      for (int i = bytes - 1; i >= 0; i--) {
        value.write(length >>> (8 * i));
      }
    }
    for (byte[] part : parts) {
      value.writeBytes(part);
    }
    return value.toByteArray();
  }
}
