package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.fake.CheckoutEvent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WebhookSignatureTest {
  private static final byte[] BODY = "{\"id\":\"evt_1\"}".getBytes(StandardCharsets.UTF_8);

  private static WebhookSignature with(String... secrets) {
    return new WebhookSignature(
        List.of(secrets).stream().map(Secret::new).toList(), Optional.empty());
  }

  private static String signed(String secret) {
    return CheckoutEvent.signature(secret, BODY);
  }

  @Test
  void FR_048_the_signature_is_hmac_sha256_of_the_body_in_lower_case_hex() {
    // RFC 4231, test case 2.
    byte[] body = "what do ya want for nothing?".getBytes(StandardCharsets.UTF_8);
    assertTrue(
        with("Jefe")
            .verifies(
                body, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", null));
  }

  @Test
  void FR_048_any_other_signature_is_refused() {
    String good = signed("key");
    WebhookSignature signature = with("key");
    assertTrue(signature.verifies(BODY, good, null));
    for (String bad :
        List.of(
            "",
            " ",
            good.toUpperCase(Locale.ROOT),
            good.substring(1),
            good.substring(0, 63),
            good + "0",
            " " + good,
            "sha256=" + good,
            signed("other"),
            "0".repeat(64),
            "ü".repeat(64))) {
      assertFalse(signature.verifies(BODY, bad, null), bad);
    }
    assertFalse(signature.verifies(BODY, null, null));
    assertFalse(signature.verifies(new byte[0], good, null));
    assertFalse(
        signature.verifies("{ \"id\":\"evt_1\"}".getBytes(StandardCharsets.UTF_8), good, null));
  }

  @Test
  void FR_048_during_a_rotation_both_secrets_are_valid() {
    WebhookSignature signature = with("new", "old");
    assertTrue(signature.verifies(BODY, signed("new"), null));
    assertTrue(signature.verifies(BODY, signed("old"), null));
    assertFalse(signature.verifies(BODY, signed("older"), null));
  }

  @Test
  void promise_16_an_empty_secret_is_ignored() {
    String ofNothing = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    for (WebhookSignature signature : List.of(with(), with(""), with("  "), with("", ""))) {
      assertFalse(signature.verifies(new byte[0], ofNothing, null));
      assertFalse(signature.verifies(BODY, "", null));
      assertFalse(signature.verifies(BODY, null, null));
    }
  }

  @Test
  void a_configured_authorization_header_is_required() {
    WebhookSignature signature =
        new WebhookSignature(List.of(new Secret("key")), Optional.of(new Secret("secret")));
    assertTrue(signature.verifies(BODY, signed("key"), "secret"));
    for (String other : List.of("", "Secret", "secre", "secrett")) {
      assertFalse(signature.verifies(BODY, signed("key"), other), other);
    }
    assertFalse(signature.verifies(BODY, signed("key"), null));
    assertFalse(signature.verifies(BODY, signed("other"), "secret"));
    assertEquals("Optional[***]", Optional.of(new Secret("secret")).toString());
  }
}
