package app.perpetua.flow.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** US11: initial credits, purchases and the monthly limit. */
class US11CreditsTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  @Test
  void US11_credits() throws InterruptedException {
    service
        .checkout()
        .webhooksTo(URI.create("http://127.0.0.1:" + service.port() + "/api/v1/webhooks/checkout"));
    Api api = service.newUser().api();
    assertEquals(5, balance(api).get("total").intValue());
    JsonNode page = api.post("/api/v1/credits/purchase", Map.of("amount", 500)).expect(200).data();
    assertEquals(0, page.get("monthly_remaining").intValue());
    service.checkout().decline(page.get("session_id").stringValue());
    assertEquals(0, balance(api).get("purchased").intValue());
    service.checkout().pay(page.get("session_id").stringValue());
    assertEquals(500, balance(api).get("purchased").intValue());
    assertEquals(505, balance(api).get("total").intValue());
    api.post("/api/v1/credits/purchase", Map.of("amount", 1)).expect(409, "LIMIT_EXCEEDED");
    JsonNode newest = api.get("/api/v1/credits/history").expect(200).json().get("data").get(0);
    assertEquals("purchased", newest.get("credit_type").stringValue());
    assertEquals(505, newest.get("balance_after").intValue());
    Invariants.check(database);
  }

  private static JsonNode balance(Api api) {
    return api.get("/api/v1/credits/balance").expect(200).data();
  }
}
