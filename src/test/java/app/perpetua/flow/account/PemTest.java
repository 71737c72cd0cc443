package app.perpetua.flow.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.SigningKey;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** FR-073: the forms in which a key is accepted, and what a refusal says. */
class PemTest {
  private static final RSAPrivateCrtKey KEY = (RSAPrivateCrtKey) SigningKey.PAIR.getPrivate();
  private static final RSAPublicKey PUBLIC = (RSAPublicKey) SigningKey.PAIR.getPublic();

  private static final KeyPair OTHER = pair("RSA", 2304);

  /** How environments carry a PEM. */
  enum Form {
    AS_IT_IS,
    WINDOWS_LINES,
    ESCAPED_LINES,
    ESCAPED_WINDOWS_LINES,
    TWICE_ESCAPED_LINES,
    SPACES_FOR_LINES,
    QUOTED,
    WITH_TEXT_BEFORE,
    BASE64,
    BASE64_IN_LINES,
    BASE64_URL,
    BASE64_OF_ESCAPED_LINES;

    String wrap(String pem) {
      byte[] bytes = pem.getBytes(StandardCharsets.UTF_8);
      return switch (this) {
        case AS_IT_IS -> pem;
        case WINDOWS_LINES -> pem.replace("\n", "\r\n");
        case ESCAPED_LINES -> pem.replace("\n", "\\n");
        case ESCAPED_WINDOWS_LINES -> pem.replace("\n", "\\r\\n");
        case TWICE_ESCAPED_LINES -> pem.replace("\n", "\\\\n");
        case SPACES_FOR_LINES -> pem.replace("\n", " ");
        case QUOTED -> '"' + pem.replace("\n", "\\n") + '"';
        case WITH_TEXT_BEFORE -> "Bag Attributes\n    localKeyID: 01\n" + pem;
        case BASE64 -> base64(pem);
        case BASE64_IN_LINES -> Base64.getMimeEncoder().encodeToString(bytes);
        case BASE64_URL -> Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        case BASE64_OF_ESCAPED_LINES -> base64(pem.replace("\n", "\\n"));
      };
    }
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String pem(String label, byte[] der) {
    return "-----BEGIN "
        + label
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END "
        + label
        + "-----\n";
  }

  /** The RSAPrivateKey inside a PrivateKeyInfo of a key of 256 to 65,535 bytes. */
  private static byte[] pkcs1(RSAPrivateCrtKey key) {
    byte[] info = key.getEncoded();
    // SEQUENCE, version, algorithm and the OCTET STRING's header.
    return Arrays.copyOfRange(info, 4 + 3 + 15 + 4, info.length);
  }

  /** The RSAPublicKey inside a SubjectPublicKeyInfo. */
  private static byte[] pkcs1(RSAPublicKey key) {
    byte[] info = key.getEncoded();
    // SEQUENCE, algorithm and the BIT STRING's header.
    return Arrays.copyOfRange(info, 4 + 15 + 5, info.length);
  }

  @ParameterizedTest
  @EnumSource
  void a_private_key_is_read_from_PKCS_8_and_PKCS_1(Form form) {
    assertEquals(KEY, Pem.privateKey(form.wrap(pem("PRIVATE KEY", KEY.getEncoded()))));
    assertEquals(KEY, Pem.privateKey(form.wrap(pem("RSA PRIVATE KEY", pkcs1(KEY)))));
  }

  @ParameterizedTest
  @EnumSource
  void public_keys_are_read_from_both_forms_in_one_text(Form form) {
    RSAPublicKey other = (RSAPublicKey) OTHER.getPublic();
    String both = pem("RSA PUBLIC KEY", pkcs1(PUBLIC)) + pem("PUBLIC KEY", other.getEncoded());
    assertEquals(List.of(PUBLIC, other), Pem.publicKeys(form.wrap(both)));
  }

  @Test
  void a_key_of_another_size_is_read_from_PKCS_1() {
    RSAPrivateCrtKey key = (RSAPrivateCrtKey) OTHER.getPrivate();
    assertEquals(key, Pem.privateKey(pem("RSA PRIVATE KEY", pkcs1(key))));
    RSAPublicKey half = (RSAPublicKey) OTHER.getPublic();
    assertEquals(List.of(half), Pem.publicKeys(pem("RSA PUBLIC KEY", pkcs1(half))));
  }

  private static Stream<Arguments> notPrivateKeys() {
    RSAPrivateCrtKey small = (RSAPrivateCrtKey) pair("RSA", 1024).getPrivate();
    byte[] other = pkcs1(KEY);
    // A byte of the modulus.
    byte[] damaged = other.clone();
    damaged[200] ^= 1;
    String body = "MIIBAAAA";
    return Stream.of(
        Arguments.of("is an RSA key of 1024 bits", pem("PRIVATE KEY", small.getEncoded())),
        Arguments.of("is an RSA key of 1024 bits", pem("RSA PRIVATE KEY", pkcs1(small))),
        Arguments.of("is an encrypted key", pem("ENCRYPTED PRIVATE KEY", other)),
        Arguments.of(
            "is an encrypted key",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0A0B\n\n"
                + body
                + "\n-----END RSA PRIVATE KEY-----"),
        Arguments.of(
            "is a key with the algorithm EC",
            pem("PRIVATE KEY", pair("EC", 256).getPrivate().getEncoded())),
        Arguments.of(
            "is a key with the algorithm EdDSA",
            pem("PRIVATE KEY", pair("Ed25519", 255).getPrivate().getEncoded())),
        Arguments.of(
            "is a key with the algorithm RSASSA-PSS",
            pem("PRIVATE KEY", pair("RSASSA-PSS", 1024).getPrivate().getEncoded())),
        Arguments.of("is a key with the algorithm EC", pem("EC PRIVATE KEY", other)),
        Arguments.of(
            "is a key with the algorithm EC",
            pem("EC PARAMETERS", new byte[] {6, 0}) + pem("EC PRIVATE KEY", other)),
        Arguments.of("is a key with the algorithm DSA", pem("DSA PRIVATE KEY", other)),
        Arguments.of("is a key in the format of OpenSSH", pem("OPENSSH PRIVATE KEY", other)),
        Arguments.of("is a public key", pem("PUBLIC KEY", PUBLIC.getEncoded())),
        Arguments.of("is a public key", pem("RSA PUBLIC KEY", pkcs1(PUBLIC))),
        Arguments.of("is a certificate", pem("CERTIFICATE", other)),
        Arguments.of("is a certificate request", pem("CERTIFICATE REQUEST", other)),
        Arguments.of("is a PEM block of the type PKCS7", pem("PKCS7", other)),
        Arguments.of("is damaged, or no RSA key", pem("PRIVATE KEY", other)),
        Arguments.of("is damaged, or no RSA key", pem("RSA PRIVATE KEY", KEY.getEncoded())),
        Arguments.of("is damaged", pem("RSA PRIVATE KEY", Arrays.copyOf(other, 600))),
        Arguments.of("lacks the primes", pem("RSA PRIVATE KEY", damaged)),
        Arguments.of(
            "is not valid base64", "-----BEGIN PRIVATE KEY-----\n%%\n-----END PRIVATE KEY-----"),
        Arguments.of("has no matching END line", "-----BEGIN RSA PRIVATE KEY-----"),
        Arguments.of(
            "has no matching END line",
            pem("RSA PRIVATE KEY", other).replace("END RSA PRIVATE", "END PRIVATE")),
        Arguments.of("is not PEM", "secret"),
        Arguments.of("is not PEM", "====="),
        Arguments.of("is not PEM", base64("secret")));
  }

  @ParameterizedTest
  @MethodSource("notPrivateKeys")
  void what_is_no_RSA_private_key_is_refused_by_its_name(String what, String text) {
    for (Form form : List.of(Form.AS_IT_IS, Form.BASE64, Form.ESCAPED_LINES)) {
      String message =
          Objects.requireNonNull(
              assertThrows(IllegalArgumentException.class, () -> Pem.privateKey(form.wrap(text)))
                  .getMessage());
      assertTrue(message.startsWith(what), message);
      assertTrue(message.contains("; it must be an unencrypted RSA private key of 2048"), message);
      assertFalse(message.contains("MII"), message);
    }
  }

  private static Stream<Arguments> notPublicKeys() {
    String good = pem("PUBLIC KEY", PUBLIC.getEncoded());
    return Stream.of(
        Arguments.of("contains a private key", pem("RSA PRIVATE KEY", pkcs1(KEY))),
        Arguments.of("contains a private key", good + pem("PRIVATE KEY", KEY.getEncoded())),
        Arguments.of("contains a certificate", good + pem("CERTIFICATE", new byte[] {1})),
        Arguments.of(
            "is a key with the algorithm EC",
            pem("PUBLIC KEY", pair("EC", 256).getPublic().getEncoded())),
        Arguments.of(
            "is an RSA key of 1024 bits",
            good + pem("PUBLIC KEY", pair("RSA", 1024).getPublic().getEncoded())),
        Arguments.of("is damaged", pem("RSA PUBLIC KEY", PUBLIC.getEncoded())),
        Arguments.of("is damaged", pem("PUBLIC KEY", pkcs1(PUBLIC))),
        Arguments.of("is not PEM", "x"));
  }

  @ParameterizedTest
  @MethodSource("notPublicKeys")
  void what_is_no_RSA_public_key_is_refused_by_its_name(String what, String text) {
    String message =
        Objects.requireNonNull(
            assertThrows(IllegalArgumentException.class, () -> Pem.publicKeys(text)).getMessage());
    assertTrue(message.startsWith(what), message);
    assertTrue(message.contains("; it must be RSA public keys of 2048 bits or more"), message);
  }

  private static KeyPair pair(String algorithm, int bits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      generator.initialize(bits);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
