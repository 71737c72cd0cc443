package app.perpetua.flow.notifications;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.VapidKeys;
import java.math.BigInteger;
import java.security.spec.ECFieldFp;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class P256Test {
  private final VapidKeys keys = VapidKeys.make();
  private final byte[] point = Base64.getUrlDecoder().decode(keys.publicKey());

  @RepeatedTest(20)
  void a_point_on_the_curve_is_accepted_and_encoded_again() {
    assertTrue(P256.isPoint(point));
    assertArrayEquals(point, P256.bytes(P256.publicKey(point)));
  }

  @Test
  void FR_028a_a_point_off_the_curve_is_refused() {
    for (int i = 1; i < point.length; i++) {
      byte[] other = point.clone();
      other[i] ^= 1;
      assertFalse(P256.isPoint(other), "byte " + i);
    }
    assertThrows(IllegalArgumentException.class, () -> P256.publicKey(new byte[65]));
  }

  @Test
  void another_length_or_format_is_refused() {
    assertFalse(P256.isPoint(new byte[0]));
    assertFalse(P256.isPoint(Arrays.copyOf(point, 64)));
    assertFalse(P256.isPoint(Arrays.copyOf(point, 66)));
    byte[] compressed = Arrays.copyOf(point, 33);
    compressed[0] = 2;
    assertFalse(P256.isPoint(compressed));
    byte[] beyond = new byte[65];
    Arrays.fill(beyond, (byte) 0xff);
    beyond[0] = 4;
    assertFalse(P256.isPoint(beyond));
    byte[] origin = new byte[65];
    origin[0] = 4;
    assertFalse(P256.isPoint(origin));
  }

  /** The curve has a point with x = 5, so only the range check refuses x = 5 + p. */
  @Test
  void a_coordinate_that_is_not_below_the_prime_is_refused() {
    BigInteger p = ((ECFieldFp) P256.publicKey(point).getParams().getCurve().getField()).getP();
    BigInteger y =
        new BigInteger("459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc", 16);
    assertTrue(P256.isPoint(encoded(BigInteger.valueOf(5), y)));
    assertFalse(P256.isPoint(encoded(BigInteger.valueOf(5).add(p), y)));
  }

  private static byte[] encoded(BigInteger x, BigInteger y) {
    return HexFormat.of().parseHex("04%064x%064x".formatted(x, y));
  }

  @Test
  void FR_056_a_pair_of_keys_is_recognized() {
    Vapid vapid =
        new Vapid(
            Vapid.publicKey(keys.publicKey()), Vapid.privateKey(keys.privateKey()), "mailto:a@b.c");
    assertTrue(vapid.isPair());
    assertEquals(keys.publicKey(), vapid.publicText());
    Vapid mixed =
        new Vapid(
            Vapid.publicKey(VapidKeys.make().publicKey()), vapid.privateKey(), "mailto:a@b.c");
    assertFalse(mixed.isPair());
    assertFalse(vapid.toString().contains(keys.privateKey()), vapid.toString());
    assertEquals("Vapid[subject=mailto:a@b.c, keys=***]", vapid.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\u0000", "a+/b"})
  void an_invalid_key_is_not_quoted_in_the_error(String text) {
    IllegalArgumentException fault =
        assertThrows(IllegalArgumentException.class, () -> Vapid.privateKey(text));
    assertEquals("must be a private key on P-256, 32 bytes in base64url", fault.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Vapid.publicKey(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a@b.c", "mailto:", "mailto:nobody", "http://x.example", "https:", "a b"})
  void an_invalid_subject_is_refused(String text) {
    assertThrows(IllegalArgumentException.class, () -> Vapid.subject(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"mailto:a@b.c", "https://x.example/contact"})
  void a_valid_subject_is_accepted(String text) {
    assertEquals(text, Vapid.subject(text));
  }
}
