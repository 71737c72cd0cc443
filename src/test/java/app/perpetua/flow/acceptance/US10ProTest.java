package app.perpetua.flow.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.FakeCheckout.Step;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** US10: purchase, renewal, failed payments, grace period and downgrade of Pro. */
class US10ProTest {
  private static final String SUBJECT = "google-" + UUID.randomUUID();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static Api api() {
    return service.signIn(SUBJECT).api();
  }

  private static JsonNode subscription() {
    return api().get("/api/v1/subscription").expect(200).data();
  }

  private static void on(Instant time) {
    service.clock().set(time);
    database.makeDays(time);
    service.runDueJobs();
  }

  @Test
  void US10_pro() throws InterruptedException {
    service
        .checkout()
        .webhooksTo(URI.create("http://127.0.0.1:" + service.port() + "/api/v1/webhooks/checkout"));
    Api api = api();
    String task = "/api/v1/tasks/" + api.createTask("Move house");
    for (int i = 0; i < 4; i++) {
      api.post(task + "/subtasks", Map.of("title", "step " + i)).expect(201);
    }
    api.post(task + "/subtasks", Map.of("title", "one more")).expect(409, "LIMIT_EXCEEDED");
    JsonNode page = api.post("/api/v1/subscription/checkout").expect(200).data();
    service.checkout().pay(page.get("session_id").stringValue());
    // Pro applies at once, although the access token has the free tier.
    api.post(task + "/subtasks", Map.of("title", "one more")).expect(201);
    JsonNode subscription = api.get("/api/v1/subscription").expect(200).data();
    assertEquals("active", subscription.get("status").stringValue());
    assertEquals(
        115, api.get("/api/v1/credits/balance").expect(200).data().get("total").intValue());

    Instant due = Instant.parse(subscription.get("current_period_end").stringValue());
    on(due);
    assertEquals("active", subscription().get("status").stringValue());
    Instant renewed = Instant.parse(subscription().get("current_period_end").stringValue());
    assertTrue(renewed.isAfter(due));

    service.checkout().script(List.of(new Step.Decline(), new Step.Decline(), new Step.Decline()));
    Set<String> seen = new TreeSet<>();
    for (int day = 0; day < 8; day++) {
      on(renewed.plus(Duration.ofDays(day)));
      seen.add(subscription().get("status").stringValue());
    }
    assertEquals(Set.of("expired", "grace", "past_due"), seen);
    assertEquals("free", subscription().get("tier").stringValue());
    // Existing subtasks remain; only new ones are refused.
    assertEquals(5, api().get(task + "/subtasks").expect(200).data().size());
    api().post(task + "/subtasks", Map.of("title", "x")).expect(409, "LIMIT_EXCEEDED");
    String notifications =
        api().get("/api/v1/notifications?limit=100").expect(200).json().get("data").toString();
    for (String title : List.of("Welcome to Pro", "Pro was renewed", "Pro has ended")) {
      assertTrue(notifications.contains(title), title);
    }
    Invariants.check(database);
  }
}
