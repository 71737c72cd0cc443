package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A write that names a time is repeated after that time: its answer was lost, and the client
 * retries when it is back. {@code ./chaos --seed 1 --only api-kill} found it.
 */
class LateRetryTest {
  private static final String V1 = "/api/v1";
  private static final Duration SOON = Duration.ofMinutes(1);
  private static final Duration LATER = Duration.ofMinutes(5);

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final TestService.Session user = service.newUser();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void promise_1_a_task_that_is_overdue_meanwhile_is_answered_again() {
    repeatLate("/tasks", Map.of("title", "soon", "due_date", soon()), 201);
  }

  @Test
  void promise_1_a_reminder_that_has_fired_meanwhile_is_answered_again() {
    String task = user.api().createTask("remembered");
    Map<String, Object> reminder = Map.of("type", "absolute", "scheduled_at", soon());
    repeatLate("/tasks/" + task + "/reminders", reminder, 201);
    repeatLate(
        "/reminders", Map.of("task_id", task, "type", "absolute", "scheduled_at", soon()), 201);
  }

  @Test
  void promise_1_a_confirmed_action_that_is_overdue_meanwhile_is_answered_again() {
    Map<String, Object> action =
        Map.of(
            "action_type",
            "create_task",
            "action_data",
            Map.of("title", "proposed", "due_date", soon()));
    repeatLate("/ai/confirm-action", action, 200);
  }

  /** Five years ahead by a clock that was corrected before the retry. */
  @Test
  void promise_1_a_series_that_begins_too_late_for_a_corrected_clock_is_answered_again() {
    Instant before = service.clock().instant();
    String start = Json.instant(before.plus(Duration.ofDays(5 * 365 + 2)));
    Map<String, Object> template =
        Map.of("title", "far", "rrule", "FREQ=DAILY", "starts_at", start);
    UUID key = UUID.randomUUID();
    Api.Answer first = user.api().withKey(key).post(V1 + "/templates", template).expect(201);
    service.clock().set(before.minus(Duration.ofSeconds(2)));
    assertRepeated(first, user.api().withKey(key).post(V1 + "/templates", template));
    service.clock().set(before);
  }

  private static String soon() {
    return Json.instant(service.clock().instant().plus(SOON));
  }

  private void repeatLate(String path, Map<String, Object> body, int status) {
    UUID key = UUID.randomUUID();
    Api.Answer first = user.api().withKey(key).post(V1 + path, body).expect(status);
    service.clock().advance(LATER);
    assertRepeated(first, user.api().withKey(key).post(V1 + path, body));
    user.api().post(V1 + path, body).expect(400, "VALIDATION_ERROR");
    assertEquals(
        1,
        database.number(
            "select count(*) from ops.idempotency_keys where user_id = ? and key = ?",
            user.userId(),
            key));
  }

  private static void assertRepeated(Api.Answer first, Api.Answer again) {
    assertEquals(first.status(), again.status(), again::toString);
    assertEquals(first.text(), again.text());
    assertEquals("true", again.header("X-Idempotent-Replayed").orElse(""));
  }
}
