package app.perpetua.flow.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class US12FocusTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final String subject = "google-" + UUID.randomUUID();
  private Api api = service.signIn(subject).api();

  @Test
  void US12_focus() {
    String tax = task("File the tax return", 60);
    String plants = task("Water the plants", 5);

    // Focus for 20 minutes and correct the time to 15.
    start(tax);
    advance(Duration.ofMinutes(20));
    JsonNode running = api.get("/api/v1/focus/active").expect(200).data();
    assertEquals(tax, running.get("task_id").stringValue());
    JsonNode ended =
        api.post("/api/v1/focus/end", Map.of("task_id", tax, "duration_seconds", 900))
            .expect(200)
            .data();
    assertEquals(900, ended.get("duration_seconds").intValue());
    assertEquals(900, spent(tax));

    // Only one session can be active; completing the task ends it.
    start(plants);
    JsonNode refused =
        api.post("/api/v1/focus/start", about(tax)).expect(409, "CONFLICT").json().get("error");
    assertEquals(plants, refused.at("/session/task_id").stringValue());
    advance(Duration.ofMinutes(3));
    JsonNode watered =
        api.patch("/api/v1/tasks/" + plants, Map.of("completed", true)).expect(200).data();
    assertEquals(180, watered.get("focus_time_seconds").intValue());
    assertTrue(api.get("/api/v1/focus/active").expect(200).data().isNull());

    // A forgotten session is ended by a job after the task's estimate.
    start(tax);
    Instant since = service.clock().instant();
    advance(Duration.ofHours(3));
    assertTrue(api.get("/api/v1/focus/active").expect(200).data().isNull());
    assertEquals(900 + 3600, spent(tax));
    api.post("/api/v1/focus/end", about(tax)).expect(409, "CONFLICT");
    JsonNode entry =
        api.get("/api/v1/activity?entity_type=focus&action=focus_ended&source=system&limit=1")
            .expect(200)
            .json()
            .at("/data/0");
    assertEquals(3600, entry.at("/metadata/seconds").intValue());
    assertEquals(tax, entry.at("/metadata/task_id").stringValue());

    // The export contains all sessions.
    JsonNode sessions = api.get("/api/v1/users/me/export").expect(200).json().get("focus_sessions");
    assertEquals(3, sessions.size());
    assertEquals(
        Json.instant(since.plusSeconds(3600)), sessions.get(2).get("ended_at").stringValue());
    Invariants.check(database);
  }

  private String task(String title, int estimate) {
    return api.post("/api/v1/tasks", Map.of("title", title, "estimated_duration", estimate))
        .expect(201)
        .id();
  }

  private void start(String task) {
    api.post("/api/v1/focus/start", about(task)).expect(200);
  }

  private int spent(String task) {
    return api.get("/api/v1/tasks/" + task).data().get("focus_time_seconds").intValue();
  }

  private static Map<String, String> about(String task) {
    return Map.of("task_id", task);
  }

  /** Signs in again, as the access token expires. */
  private void advance(Duration time) {
    service.clock().advance(time);
    database.makeDays(service.clock().instant());
    api = service.signIn(subject).api();
    service.runDueJobs();
  }
}
