package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** The paths under which the published frontend orders Pro and credits. */
class BillingAliasTest {
  private static final String CHECKOUT = "/api/v1/subscription/checkout";
  private static final String UPGRADE = "/api/v1/subscription/upgrade";
  private static final String PURCHASE = "/api/v1/credits/purchase";
  private static final String PURCHASE_ALIAS = "/api/v1/subscription/purchase-credits";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final Payer payer = Payer.join(service, database);
  private final Api api = payer.api();

  @AfterEach
  void invariants() {
    service.checkout().respondWith(FakeCheckout.Mode.WORKING);
    Invariants.check(database);
  }

  @Test
  void FR_132_an_upgrade_is_a_checkout() {
    JsonNode page = api.post(UPGRADE).expect(200).data();
    String session = page.get("session_id").stringValue();
    assertTrue(page.get("checkout_url").stringValue().endsWith("/checkout/pay/" + session));
    payer.send(payer.event("payment_captured", order(page), 999)).expect(200);
    assertEquals("pro", payer.tier());
    api.post(UPGRADE).expect(409, "CONFLICT");
    assertEquals(
        "VALIDATION_ERROR",
        api.invalidOnPurpose().post(UPGRADE, Map.of("plan", "pro")).expect(400).errorCode());
  }

  @Test
  void FR_132_credits_ordered_on_either_path_count_towards_the_same_limit() {
    JsonNode page = api.post(PURCHASE_ALIAS, Map.of("amount", 300)).expect(200).data();
    assertEquals(300, page.get("amount").intValue());
    assertEquals(200, page.get("monthly_remaining").intValue());
    assertEquals(
        300,
        api.post(PURCHASE, Map.of("amount", 201))
            .expect(409)
            .json()
            .at("/error/current")
            .intValue());
    api.post(PURCHASE_ALIAS, Map.of("amount", 201)).expect(409, "LIMIT_EXCEEDED");
    payer.send(payer.event("payment_captured", order(page), 1500)).expect(200);
    assertEquals(300, payer.credits("purchased"));
    Api careless = api.invalidOnPurpose();
    careless.post(PURCHASE_ALIAS, Map.of("amount", 0)).expect(400, "VALIDATION_ERROR");
    careless.post(PURCHASE_ALIAS, Map.of("amount", 501)).expect(400, "VALIDATION_ERROR");
    careless.post(PURCHASE_ALIAS, Map.of()).expect(400, "VALIDATION_ERROR");
  }

  @ParameterizedTest
  @CsvSource({UPGRADE + ", " + CHECKOUT, PURCHASE_ALIAS + ", " + PURCHASE})
  void FR_132_a_key_belongs_to_the_path_that_it_was_sent_to(String alias, String path) {
    Object body = alias.equals(UPGRADE) ? Map.of() : Map.of("amount", 5);
    api.withoutKey().invalidOnPurpose().post(alias, body).expect(400, "VALIDATION_ERROR");
    UUID key = UUID.randomUUID();
    Api keyed = api.withKey(key);
    service.checkout().respondWith(FakeCheckout.Mode.DOWN);
    keyed.post(alias, body).expect(503, "PAYMENT_SERVICE_UNAVAILABLE");
    service.checkout().respondWith(FakeCheckout.Mode.WORKING);
    Api.Answer first = keyed.post(alias, body).expect(200);
    Api.Answer again = keyed.post(alias, body).expect(200);
    assertEquals(first.text(), again.text());
    assertEquals("true", again.header("X-Idempotent-Replayed").orElse(""));
    keyed.post(path, body).expect(422, "IDEMPOTENCY_KEY_REUSED");
    assertEquals(1, openOrders());
  }

  private static UUID order(JsonNode page) {
    return service.checkout().page(page.get("session_id").stringValue()).orElseThrow().reference();
  }

  private long openOrders() {
    return database.number(
        "select count(*) from billing.purchases where user_id = ? and status <> 'voided'",
        payer.userId());
  }
}
