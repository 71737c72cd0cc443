package app.perpetua.flow.reminders;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ReminderFireJobTest {
  private static final String TASKS = "/api/v1/tasks/";
  private static final String REMINDERS = "/api/v1/reminders/";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final String subject = "google-" + UUID.randomUUID();
  private final UUID userId = service.signIn(subject).userId();
  private final Instant now = service.clock().instant();
  private final Instant due = now.plus(Duration.ofHours(2));

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_055_a_reminder_fires_at_its_time_with_one_notification() {
    database.run("update auth.users set timezone = 'Europe/Berlin' where id = ?", userId);
    String task = task("Water the plants " + "x".repeat(100), due);
    JsonNode made = add(task, Map.of("type", "before", "offset_minutes", 30));
    advance(Duration.ofMinutes(89));
    assertEquals(List.of(), notifications());
    advance(Duration.ofMinutes(1));
    Map<String, @Nullable Object> added = notifications().getFirst();
    assertEquals(1, notifications().size());
    assertEquals("reminder", added.get("type"));
    assertEquals(100, String.valueOf(added.get("title")).length());
    String body = String.valueOf(added.get("body"));
    assertTrue(body.matches("Due [A-Z][a-z]+day, [0-9]{1,2} March 2026, [0-9:]{5}"), body);
    assertEquals("/dashboard/tasks/" + task, added.get("action_url"));
    assertEquals(UUID.fromString(task), added.get("task_id"));
    assertEquals("reminder:" + id(made), added.get("dedup_key"));
    JsonNode fired = api().get(REMINDERS + id(made)).data();
    assertTrue(fired.get("fired").booleanValue());
    assertEquals(Json.instant(service.clock().instant()), fired.get("fired_at").stringValue());
    assertEquals(1, entries("reminder_fired"));

    // A fired reminder neither fires nor changes again.
    String target = REMINDERS + id(made);
    api().patch(target, Map.of("offset_minutes", 1)).expect(409, "CONFLICT");
    api().patch(target, Map.of("method", "push")).expect(409, "CONFLICT");
    api().patch(target, Map.of("offset_minutes", 30)).expect(200);
    api().delete(target).expect(204);
  }

  @Test
  void SC_012_the_lateness_of_a_reminder_is_measured() {
    add(task("a", due), Map.of("type", "before", "offset_minutes", 30));
    double before = lateness();
    advance(Duration.ofMinutes(93));
    assertEquals(180, lateness() - before);
  }

  private static double lateness() {
    String metric = "perpetua_reminder_lateness_seconds_sum ";
    return service
        .api()
        .get("/metrics")
        .text()
        .lines()
        .filter(line -> line.startsWith(metric))
        .mapToDouble(line -> Double.parseDouble(line.substring(metric.length())))
        .sum();
  }

  @Test
  void the_body_contains_the_due_date_or_that_there_is_none() {
    add(task("late", due), Map.of("type", "after", "offset_minutes", 1));
    add(task("timeless", null), at(due));
    advance(Duration.ofMinutes(121));
    List<String> bodies =
        notifications().stream().map(added -> String.valueOf(added.get("body"))).sorted().toList();
    assertEquals("No due date", bodies.getFirst());
    assertTrue(bodies.getLast().startsWith("Was due "), bodies.toString());
  }

  @Test
  void a_job_that_runs_twice_notifies_once() {
    JsonNode made = add(task("a", due), Map.of("type", "before", "offset_minutes", 110));
    advance(Duration.ofMinutes(11));
    runAgain(made);
    // Even if the reminder is not marked as fired.
    database.run(
        "update tasks.reminders set fired = false, fired_at = null where id = ?::uuid", id(made));
    runAgain(made);
    assertEquals(1, notifications().size());
    database.run(
        "delete from activity.activity_logs where user_id = ? and action = 'reminder_fired'",
        userId);
  }

  @ParameterizedTest
  @ValueSource(strings = {"completed", "hidden", "archived"})
  void a_reminder_of_a_task_that_is_not_open_lapses(String state) {
    String task = task("a", due);
    JsonNode made = add(task, Map.of("type", "before", "offset_minutes", 110));
    api().patch(TASKS + task, Map.of(state, true)).expect(200);
    advance(Duration.ofMinutes(11));
    assertEquals(List.of(), notifications());
    assertTrue(api().get(REMINDERS + id(made)).data().get("fired").booleanValue());
    assertEquals(0, entries("reminder_fired"));
    assertEquals(0, entries("reminder_updated"));
    assertEquals(List.of(state), skipReasons());
    // Reopening the task triggers no late notification.
    api().patch(TASKS + task, Map.of(state, false)).expect(200);
    advance(Duration.ofMinutes(1));
    assertEquals(List.of(), notifications());
  }

  @Test
  void a_task_that_is_reopened_in_time_is_reminded_of() {
    String task = task("a", due);
    add(task, Map.of("type", "before", "offset_minutes", 110));
    api().patch(TASKS + task, Map.of("completed", true)).expect(200);
    api().patch(TASKS + task, Map.of("completed", false)).expect(200);
    advance(Duration.ofMinutes(11));
    assertEquals(1, notifications().size());
  }

  @Test
  void a_deleted_task_is_not_reminded_of_even_if_the_job_remains() {
    String task = task("a", due);
    JsonNode made = add(task, Map.of("type", "before", "offset_minutes", 110));
    // As if a worker had claimed it when the task was deleted.
    database.run("update ops.job_queue set payload = '{}' where job_key = ?", id(made));
    api().delete(TASKS + task).expect(200);
    advance(Duration.ofMinutes(11));
    assertEquals(List.of(), notifications());
  }

  @Test
  void FR_026_moving_the_due_date_moves_reminders_that_have_not_fired() {
    String task = task("a", due);
    JsonNode fired = add(task, Map.of("type", "before", "offset_minutes", 110));
    advance(Duration.ofMinutes(10));
    JsonNode near = add(task, Map.of("type", "before", "offset_minutes", 60));
    JsonNode far = add(task, Map.of("type", "before", "offset_minutes", 5));
    JsonNode after = add(task, Map.of("type", "after", "offset_minutes", 5));
    JsonNode own = add(task, at(due));
    Instant sooner = now.plus(Duration.ofMinutes(60));
    patchDue(task, 1, sooner);
    assertEquals(sooner.minusSeconds(300), scheduled(far));
    assertEquals(sooner.plusSeconds(300), scheduled(after));
    assertEquals(due, scheduled(own));
    assertEquals(due.minus(Duration.ofMinutes(110)), scheduled(fired));
    // The new time is past: marked as fired, without a notification.
    assertEquals(now, scheduled(near));
    assertTrue(api().get(REMINDERS + id(near)).data().get("fired").booleanValue());
    assertEquals(1, notifications().size());
    assertEquals(3, entries("reminder_updated", "system"));
    assertEquals(
        1,
        database.number(
            "select count(distinct request_id) from activity.activity_logs"
                + " where user_id = ? and action in ('task_updated', 'reminder_updated')",
            userId));

    // An unchanged due date moves no reminder.
    api().patch(TASKS + task, Map.of("version", 2, "title", "b")).expect(200);
    assertEquals(3, entries("reminder_updated", "system"));

    // The one whose new time is past has an entry that says so.
    assertEquals(List.of("past"), skipReasons());
    assertEquals(1, entries("reminder_skipped", "system"));
  }

  @Test
  void FR_026_moving_the_due_date_races_with_the_firing() throws Exception {
    for (int round = 0; round < 15; round++) {
      Instant start = service.clock().instant();
      String task = task("r" + round, start.plus(Duration.ofMinutes(2)));
      JsonNode made = add(task, Map.of("type", "before", "offset_minutes", 1));
      Instant later = start.plus(Duration.ofDays(1));
      Api api = api();
      service.clock().advance(Duration.ofMinutes(1));
      long before = notifications().size();
      try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
        Future<?> firing = executor.submit(() -> service.runDueJobs());
        Future<?> other = executor.submit(() -> service.runDueJobs());
        Future<?> moving =
            executor.submit(
                () ->
                    api.patch(TASKS + task, Map.of("version", 1, "due_date", Json.instant(later)))
                        .expect(200));
        firing.get();
        other.get();
        moving.get();
      }
      JsonNode reminder = api.get(REMINDERS + id(made)).data();
      boolean fired = reminder.get("fired").booleanValue();
      assertEquals(fired ? 1 : 0, notifications().size() - before);
      assertEquals(
          fired ? start.plus(Duration.ofMinutes(1)) : later.minusSeconds(60), scheduled(made));
      Invariants.check(database);
    }
  }

  @Test
  void a_job_whose_reminder_has_moved_snoozes_until_the_new_time() {
    JsonNode made = add(task("a", due), Map.of("type", "before", "offset_minutes", 60));
    // As if it had been claimed just before the reminder was moved.
    database.run("update ops.job_queue set run_at = created_at where job_key = ?", id(made));
    advance(Duration.ZERO);
    assertEquals(List.of(), notifications());
    assertFalse(api().get(REMINDERS + id(made)).data().get("fired").booleanValue());
    advance(Duration.ofMinutes(60));
    assertEquals(1, notifications().size());
  }

  private Api api() {
    return service.signIn(subject).api();
  }

  private static void advance(Duration time) {
    service.clock().advance(time);
    service.runDueJobs();
  }

  private void runAgain(JsonNode reminder) {
    database.enqueue(userId, "reminder_fire", id(reminder), "{}");
    service.runDueJobs();
  }

  private String task(String title, @Nullable Instant dueDate) {
    Map<String, Object> task = new HashMap<>(Map.of("title", title));
    if (dueDate != null) {
      task.put("due_date", Json.instant(dueDate));
    }
    return api().post("/api/v1/tasks", task).expect(201).id();
  }

  private void patchDue(String task, int version, @Nullable Instant dueDate) {
    Map<String, @Nullable Object> patch = new HashMap<>();
    patch.put("version", version);
    patch.put("due_date", dueDate == null ? null : Json.instant(dueDate));
    api().patch(TASKS + task, patch).expect(200);
  }

  private JsonNode add(String task, Map<String, Object> reminder) {
    return api().post(TASKS + task + "/reminders", reminder).expect(201).data();
  }

  private static Map<String, Object> at(Instant time) {
    return Map.of("type", "absolute", "scheduled_at", Json.instant(time));
  }

  private Instant scheduled(JsonNode reminder) {
    return Instant.parse(
        api().get(REMINDERS + id(reminder)).data().get("scheduled_at").stringValue());
  }

  private static String id(JsonNode item) {
    return item.get("id").stringValue();
  }

  private List<Map<String, @Nullable Object>> notifications() {
    return database.rows("select * from activity.notifications where user_id = ?", userId);
  }

  private List<String> skipReasons() {
    return database
        .rows(
            "select metadata ->> 'reason' as reason from activity.activity_logs"
                + " where user_id = ? and action = 'reminder_skipped' order by id",
            userId)
        .stream()
        .map(row -> String.valueOf(row.get("reason")))
        .toList();
  }

  private long entries(String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        userId,
        action);
  }

  private long entries(String action, String source) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?"
            + " and source = ?",
        userId,
        action,
        source);
  }
}
