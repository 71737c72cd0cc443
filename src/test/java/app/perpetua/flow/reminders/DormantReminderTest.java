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
import tools.jackson.databind.JsonNode;

/** FR-094: relative reminders of a task whose due date was cleared. */
class DormantReminderTest {
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
  void FR_094_clearing_the_due_date_keeps_relative_reminders_until_the_next_one() {
    String task = task(due);
    String before = add(task, relative("before", 30));
    String after = add(task, relative("after", 30));
    String own = add(task, absolute(due));
    setDue(task, null);
    for (String reminder : List.of(before, after)) {
      JsonNode dormant = get(reminder);
      assertTrue(dormant.get("scheduled_at").isNull());
      assertFalse(dormant.get("fired").booleanValue());
      assertEquals(30, dormant.get("offset_minutes").intValue());
    }
    assertEquals(due, scheduled(own));
    assertEquals(1, jobs());
    assertEquals(0, entries("reminder_deleted"));
    assertEquals(2, entries("reminder_updated"));
    assertEquals(List.of(own, before, after), idsOf(TASKS + task + "/reminders"));
    assertEquals(List.of(own, before, after), idsOf("/api/v1/reminders"));
    assertEquals(
        List.of(own, before, after),
        ids(api().get(TASKS + task).expect(200).data().get("reminders")));
    // Nothing fires at the former time.
    advance(Duration.ofHours(3));
    assertEquals(1, notifications());

    Instant next = service.clock().instant().plus(Duration.ofHours(1));
    setDue(task, next);
    assertEquals(next.minus(Duration.ofMinutes(30)), scheduled(before));
    assertEquals(next.plus(Duration.ofMinutes(30)), scheduled(after));
    assertEquals(2, jobs());
    advance(Duration.ofMinutes(30));
    assertEquals(2, notifications());
    advance(Duration.ofHours(1));
    assertEquals(3, notifications());
  }

  @Test
  void FR_094_a_due_date_that_comes_too_late_for_a_dormant_reminder_lets_it_lapse() {
    String task = task(due);
    String reminder = add(task, relative("before", 60));
    setDue(task, null);
    setDue(task, now.plus(Duration.ofMinutes(10)));
    assertTrue(get(reminder).get("fired").booleanValue());
    assertEquals(now.minus(Duration.ofMinutes(50)), scheduled(reminder));
    assertEquals("past", skipReason());
    service.runDueJobs();
    assertEquals(0, notifications());
  }

  @Test
  void FR_094_a_fired_reminder_keeps_its_time() {
    String task = task(due);
    String reminder = add(task, relative("before", 60));
    advance(Duration.ofMinutes(60));
    setDue(task, null);
    assertEquals(due.minus(Duration.ofMinutes(60)), scheduled(reminder));
    assertTrue(get(reminder).get("fired").booleanValue());
  }

  @Test
  void FR_094_a_dormant_reminder_can_be_changed_and_deleted() {
    String task = task(due);
    String target = REMINDERS + add(task, relative("before", 30));
    setDue(task, null);
    api().patch(target, Map.of("method", "push")).expect(200);
    api().patch(target, Map.of("offset_minutes", 30, "type", "before")).expect(200);
    JsonNode turned =
        api().patch(target, Map.of("type", "after", "offset_minutes", 10)).expect(200).data();
    assertTrue(turned.get("scheduled_at").isNull());
    assertEquals("after", turned.get("type").stringValue());
    assertEquals(0, jobs());
    // It has no time to keep.
    assertEquals(
        "scheduled_at",
        api()
            .patch(target, Map.of("type", "absolute"))
            .expect(400, "VALIDATION_ERROR")
            .json()
            .at("/error/details/0/field")
            .stringValue());
    JsonNode own =
        api()
            .patch(target, Map.of("type", "absolute", "scheduled_at", Json.instant(due)))
            .expect(200)
            .data();
    assertTrue(own.get("offset_minutes").isNull());
    assertEquals(1, jobs());
    // An absolute one cannot become relative without a due date.
    api()
        .patch(target, Map.of("type", "before", "offset_minutes", 5))
        .expect(400, "VALIDATION_ERROR");
    api().delete(target).expect(204);
    assertEquals(0, jobs());

    String other = task(due);
    String dormant = add(other, relative("before", 30));
    setDue(other, null);
    api().patch(TASKS + other, Map.of("archived", true)).expect(200);
    api().patch(REMINDERS + dormant, Map.of("offset_minutes", 5)).expect(409, "ARCHIVED");
    api().patch(TASKS + other, Map.of("archived", false)).expect(200);
    api().delete(REMINDERS + dormant).expect(204);
    assertEquals(List.of(), idsOf(TASKS + other + "/reminders"));
  }

  @Test
  void FR_094_dormant_reminders_count_among_the_five_and_no_new_one_is_accepted() {
    String task = task(due);
    for (int i = 0; i < 4; i++) {
      add(task, relative("before", i));
    }
    setDue(task, null);
    api().post(TASKS + task + "/reminders", relative("before", 5)).expect(400, "VALIDATION_ERROR");
    add(task, absolute(due));
    api().post(TASKS + task + "/reminders", absolute(due)).expect(409, "LIMIT_EXCEEDED");
  }

  @Test
  void FR_094_a_recovered_task_has_its_dormant_reminders() {
    String task = task(due);
    String reminder = add(task, relative("before", 30));
    setDue(task, null);
    String tombstone =
        api().delete(TASKS + task).expect(200).data().get("tombstone_id").stringValue();
    JsonNode restored =
        api().post("/api/v1/recovery/tombstones/" + tombstone + "/recover").expect(200).data();
    assertTrue(restored.at("/reminders/0/scheduled_at").isNull());
    assertFalse(get(reminder).get("fired").booleanValue());
    assertEquals(0, jobs());
    setDue(task, due);
    assertEquals(due.minus(Duration.ofMinutes(30)), scheduled(reminder));
    assertEquals(1, jobs());
  }

  @Test
  void FR_094_dormant_reminders_are_exported() {
    String task = task(due);
    add(task, relative("before", 30));
    setDue(task, null);
    JsonNode export = api().get("/api/v1/users/me/export").expect(200).json();
    assertTrue(export.at("/reminders/0/scheduled_at").isNull());
    assertTrue(export.at("/tasks/0/reminders/0/scheduled_at").isNull());
  }

  @Test
  void FR_094_a_job_that_was_claimed_before_the_due_date_was_cleared_does_nothing() {
    String task = task(due);
    String reminder = add(task, relative("before", 30));
    // A running job is not withdrawn.
    database.run(
        """
        update ops.job_queue
        set state = 'running', attempts = 1, lease = gen_random_uuid(),
            heartbeat_at = clock_timestamp(), lease_until = clock_timestamp()
        where job_key = ?
        """,
        reminder);
    setDue(task, null);
    advance(Duration.ofHours(2));
    assertEquals(0, notifications());
    assertFalse(get(reminder).get("fired").booleanValue());
  }

  @Test
  void FR_094_clearing_the_due_date_races_with_the_firing() throws Exception {
    for (int round = 0; round < 10; round++) {
      Instant start = service.clock().instant();
      String task = task(start.plus(Duration.ofMinutes(2)));
      String reminder = add(task, relative("before", 1));
      Map<String, @Nullable Object> clear = new HashMap<>(Map.of("version", 1));
      clear.put("due_date", null);
      Api api = api();
      long before = notifications();
      service.clock().advance(Duration.ofMinutes(1));
      try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
        Future<?> firing = executor.submit(() -> service.runDueJobs());
        Future<?> clearing = executor.submit(() -> api.patch(TASKS + task, clear).expect(200));
        firing.get();
        clearing.get();
      }
      service.runDueJobs();
      boolean fired = get(reminder).get("fired").booleanValue();
      assertEquals(fired ? 1 : 0, notifications() - before);
      assertEquals(!fired, get(reminder).get("scheduled_at").isNull());
      Invariants.check(database);
    }
  }

  private Api api() {
    return service.signIn(subject).api();
  }

  private static void advance(Duration time) {
    service.clock().advance(time);
    service.runDueJobs();
  }

  private String task(Instant dueDate) {
    return api()
        .post("/api/v1/tasks", Map.of("title", "a", "due_date", Json.instant(dueDate)))
        .expect(201)
        .id();
  }

  private void setDue(String task, @Nullable Instant dueDate) {
    Map<String, @Nullable Object> patch = new HashMap<>();
    patch.put("version", api().get(TASKS + task).expect(200).data().get("version").intValue());
    patch.put("due_date", dueDate == null ? null : Json.instant(dueDate));
    api().patch(TASKS + task, patch).expect(200);
  }

  private String add(String task, Map<String, Object> reminder) {
    return api().post(TASKS + task + "/reminders", reminder).expect(201).id();
  }

  private static Map<String, Object> relative(String type, int minutes) {
    return Map.of("type", type, "offset_minutes", minutes);
  }

  private static Map<String, Object> absolute(Instant at) {
    return Map.of("type", "absolute", "scheduled_at", Json.instant(at));
  }

  private JsonNode get(String reminder) {
    return api().get(REMINDERS + reminder).expect(200).data();
  }

  private Instant scheduled(String reminder) {
    return Instant.parse(get(reminder).get("scheduled_at").stringValue());
  }

  private List<String> idsOf(String list) {
    return ids(api().get(list).expect(200).data());
  }

  private static List<String> ids(JsonNode reminders) {
    return reminders.values().stream().map(item -> item.get("id").stringValue()).toList();
  }

  private String skipReason() {
    return String.valueOf(
        database
            .row(
                "select metadata ->> 'reason' as reason from activity.activity_logs"
                    + " where user_id = ? and action = 'reminder_skipped'",
                userId)
            .get("reason"));
  }

  private long notifications() {
    return database.number("select count(*) from activity.notifications where user_id = ?", userId);
  }

  private long jobs() {
    return database.number(
        "select count(*) from ops.job_queue where user_id = ? and state = 'queued'", userId);
  }

  private long entries(String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        userId,
        action);
  }
}
