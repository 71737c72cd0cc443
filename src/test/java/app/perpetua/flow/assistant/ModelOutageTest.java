package app.perpetua.flow.assistant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Failures of the model. They open the circuit breaker, so this class has a service of its own. */
class ModelOutageTest {
  private static final String CHAT = "/api/v1/ai/chat";
  private static final Map<String, String> MESSAGE = Map.of("message", "Anybody there?");

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private record Failing(int status, String code) {}

  @Test
  void promise_17_any_failure_of_the_model_refunds_the_credit_and_frees_the_key() {
    for (Failing failing :
        List.of(
            new Failing(429, "rate_limit_exceeded"),
            new Failing(500, "server_error"),
            new Failing(503, "overloaded"),
            new Failing(400, "invalid_request_error"))) {
      Api api = service.newUser().api();
      service.openAi().script(OpenAiStep.error(failing.status(), failing.code()).times(4));
      Api keyed = api.withKey(UUID.randomUUID());
      Api.Answer refused = keyed.post(CHAT, MESSAGE).expect(503, "AI_SERVICE_UNAVAILABLE");
      assertTrue(refused.header("Retry-After").isPresent());
      assertEquals(5, credits(api), failing::toString);
      service.openAi().script();
      keyed.post(CHAT, MESSAGE).expect(200);
      assertEquals(4, credits(api), failing::toString);
    }
    Api api = service.newUser().api();
    service.openAi().script(OpenAiStep.error(429, "insufficient_quota").times(1));
    api.post(CHAT, MESSAGE).expect(503, "AI_SERVICE_UNAVAILABLE");
    int requests = service.openAi().requests().size();
    Api.Answer atOnce = api.post(CHAT, MESSAGE).expect(503, "AI_SERVICE_UNAVAILABLE");
    assertEquals(requests, service.openAi().requests().size(), "the model was called");
    assertTrue(Integer.parseInt(atOnce.header("Retry-After").orElseThrow()) > 1);
    assertEquals(5, credits(api));
    Invariants.check(database);
  }

  private static int credits(Api api) {
    return api.get("/api/v1/credits/balance").data().get("total").intValue();
  }
}
