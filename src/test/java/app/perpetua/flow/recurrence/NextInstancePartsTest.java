package app.perpetua.flow.recurrence;

import static app.perpetua.flow.recurrence.TemplateFixture.TASKS;
import static app.perpetua.flow.recurrence.TemplateFixture.due;
import static app.perpetua.flow.recurrence.TemplateFixture.id;
import static app.perpetua.flow.recurrence.TemplateFixture.instant;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What the next instance of a template copies from the newest one. */
class NextInstancePartsTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static final Duration DAY = Duration.ofDays(1);

  private final TemplateFixture user = new TemplateFixture(database, service);
  private final Instant tomorrow = user.now().plus(DAY);
  private final String template = user.daily(tomorrow);
  private final String first = id(user.onlyOpen(template));

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_093_subtasks_are_copied_in_order_with_their_source_and_open() {
    String last = subtask(first, "third");
    subtask(first, "first", 0);
    String middle = subtask(first, "second", 1);
    database.run("update tasks.subtasks set source = 'ai' where id = ?::uuid", middle);
    user.api().patch("/api/v1/subtasks/" + last, Map.of("completed", true)).expect(200);
    JsonNode next = next();
    assertEquals(List.of("first user 0", "second ai 1", "third user 2"), subtasks(next));
    assertEquals(3, next.get("subtask_count").intValue());
    assertEquals(0, next.get("subtask_completed_count").intValue());
    assertEquals(1, next.get("version").intValue());
    for (JsonNode subtask : next.get("subtasks").values()) {
      assertTrue(subtask.get("completed_at").isNull());
      assertEquals(id(next), subtask.get("task_id").stringValue());
    }
    assertEquals(3, user.entries("subtask_created", "system"));

    // The copies are ordinary subtasks: the last open one completes the task, and are copied again.
    for (JsonNode subtask : next.get("subtasks").values()) {
      user.api().patch("/api/v1/subtasks/" + id(subtask), Map.of("completed", true)).expect(200);
    }
    user.runDue();
    JsonNode third = detail(id(user.onlyOpen(template)));
    assertNotEquals(id(next), id(third));
    assertEquals(subtasks(next), subtasks(third));
    // The completed instance keeps its own.
    assertEquals(3, detail(first).get("subtasks").size());
  }

  @Test
  void FR_093_relative_reminders_are_copied_for_the_new_due_date_and_not_fired() {
    remind(first, Map.of("type", "before", "offset_minutes", 30, "method", "push"));
    remind(first, Map.of("type", "after", "offset_minutes", 60));
    remind(first, Map.of("type", "absolute", "scheduled_at", Json.instant(tomorrow)));
    // The first one fires before the task is completed.
    user.until(tomorrow);
    user.runDue();
    JsonNode next = next();
    Instant due = due(next);
    assertEquals(
        List.of(
            "before 30 push " + Json.instant(due.minus(Duration.ofMinutes(30))) + " false",
            "after 60 in_app " + Json.instant(due.plus(Duration.ofMinutes(60))) + " false"),
        reminders(next));
    assertEquals(2, user.entries("reminder_created", "system"));
    long before = notifications();
    user.until(due.minus(Duration.ofMinutes(30)));
    user.runDue();
    assertEquals(before + 1, notifications());
  }

  @Test
  void FR_093_a_copied_reminder_whose_time_is_past_lapses_and_is_copied_again() {
    remind(first, Map.of("type", "before", "offset_minutes", 600));
    user.until(tomorrow.plus(Duration.ofHours(20)));
    user.runDue();
    long before = notifications();
    JsonNode next = next();
    assertEquals(
        List.of(
            "before 600 in_app " + Json.instant(due(next).minus(Duration.ofHours(10))) + " true"),
        reminders(next));
    user.runDue();
    assertEquals(before, notifications());
    assertEquals(1, user.entries("reminder_skipped", "system"));
    user.complete(next);
    user.runDue();
    JsonNode third = detail(id(user.onlyOpen(template)));
    assertTrue(reminders(third).getFirst().endsWith(" false"), reminders(third)::toString);
  }

  /** Deleted while open, or completed and deleted before the job has run. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void FR_093_the_instance_after_a_deletion_copies_what_the_deleted_one_had(boolean completed) {
    subtask(first, "step");
    remind(first, Map.of("type", "before", "offset_minutes", 5));
    if (completed) {
      user.complete(detail(first));
    }
    user.api().delete(TASKS + "/" + first).expect(200);
    // Three further deletions, so that its tombstone is gone.
    for (int i = 0; i < 3; i++) {
      user.api().delete(TASKS + "/" + user.api().createTask("other")).expect(200);
    }
    user.runDue();
    JsonNode next = detail(id(user.onlyOpen(template)));
    assertEquals(List.of("step user 0"), subtasks(next));
    assertEquals(1, reminders(next).size());
    assertEquals(0, kept());
  }

  @Test
  void FR_093_deleting_an_older_instance_changes_nothing() {
    subtask(first, "old");
    JsonNode second = next();
    user.api().delete("/api/v1/subtasks/" + id(second.get("subtasks").get(0))).expect(204);
    subtask(id(second), "new");
    user.api().delete(TASKS + "/" + first).expect(200);
    assertEquals(0, kept());
    user.delete(second);
    assertEquals(1, kept());
    user.runDue();
    assertEquals(List.of("new user 0"), subtasks(detail(id(user.onlyOpen(template)))));
  }

  @Test
  void FR_093_a_recovered_instance_is_copied_as_it_is_now() {
    subtask(first, "before");
    String tombstone =
        user.api().delete(TASKS + "/" + first).expect(200).data().get("tombstone_id").stringValue();
    user.api().post("/api/v1/recovery/tombstones/" + tombstone + "/recover").expect(200);
    subtask(first, "after");
    assertEquals(List.of("before user 0", "after user 1"), subtasks(next()));
  }

  @Test
  void FR_093_a_job_that_runs_twice_copies_once() {
    subtask(first, "step");
    remind(first, Map.of("type", "after", "offset_minutes", 5));
    JsonNode next = next();
    database.enqueue(user.user(), NextInstanceJob.KIND, template, "{}");
    user.runDue();
    assertEquals(2, user.instances(template));
    assertEquals(1, detail(id(next)).get("subtasks").size());
    assertEquals(1, reminders(detail(id(next))).size());
  }

  @Test
  void FR_093_a_user_who_is_no_longer_pro_keeps_the_subtasks() {
    database.run("update auth.users set tier = 'pro' where id = ?", user.user());
    for (int i = 0; i < 8; i++) {
      subtask(first, "step " + i);
    }
    database.run("update auth.users set tier = 'free' where id = ?", user.user());
    JsonNode next = next();
    assertEquals(8, next.get("subtasks").size());
    user.api()
        .post(TASKS + "/" + id(next) + "/subtasks", Map.of("title", "more"))
        .expect(409, "LIMIT_EXCEEDED");
  }

  @Test
  void FR_093_dormant_reminders_are_copied_and_live_again() {
    remind(first, Map.of("type", "before", "offset_minutes", 10));
    Map<String, @Nullable Object> cleared = new HashMap<>();
    cleared.put("due_date", null);
    cleared.put("version", 1);
    user.api().patch(TASKS + "/" + first, cleared).expect(200);
    JsonNode next = next();
    assertEquals(
        due(next).minus(Duration.ofMinutes(10)),
        instant(next.get("reminders").get(0), "scheduled_at"));
  }

  @Test
  void FR_093_five_reminders_are_copied_and_a_sixth_is_refused() {
    for (int i = 1; i <= 5; i++) {
      remind(first, Map.of("type", "before", "offset_minutes", i));
    }
    JsonNode next = next();
    assertEquals(5, reminders(next).size());
    user.api()
        .post(TASKS + "/" + id(next) + "/reminders", Map.of("type", "before", "offset_minutes", 9))
        .expect(409, "LIMIT_EXCEEDED");
  }

  /** Completes the open instance and runs the job. */
  private JsonNode next() {
    user.complete(user.onlyOpen(template));
    user.runDue();
    return detail(id(user.onlyOpen(template)));
  }

  private JsonNode detail(String task) {
    return user.api().get(TASKS + "/" + task).expect(200).data();
  }

  private String subtask(String task, String title) {
    return user.api()
        .post(TASKS + "/" + task + "/subtasks", Map.of("title", title))
        .expect(201)
        .id();
  }

  private String subtask(String task, String title, int index) {
    return user.api()
        .post(TASKS + "/" + task + "/subtasks", Map.of("title", title, "order_index", index))
        .expect(201)
        .id();
  }

  private void remind(String task, Map<String, Object> reminder) {
    user.api().post(TASKS + "/" + task + "/reminders", reminder).expect(201);
  }

  private static List<String> subtasks(JsonNode task) {
    return task.get("subtasks").values().stream()
        .map(
            subtask ->
                "%s %s %d"
                    .formatted(
                        subtask.get("title").stringValue(),
                        subtask.get("source").stringValue(),
                        subtask.get("order_index").intValue()))
        .toList();
  }

  private static List<String> reminders(JsonNode task) {
    return task.get("reminders").values().stream()
        .map(
            reminder ->
                "%s %d %s %s %s"
                    .formatted(
                        reminder.get("type").stringValue(),
                        reminder.get("offset_minutes").intValue(),
                        reminder.get("method").stringValue(),
                        reminder.get("scheduled_at").stringValue(),
                        reminder.get("fired").booleanValue()))
        .toList();
  }

  private long notifications() {
    return database.number(
        "select count(*) from activity.notifications where user_id = ?", user.user());
  }

  private long kept() {
    return database.number(
        "select count(*) from tasks.task_templates where id = ? and deleted_parts is not null",
        UUID.fromString(template));
  }
}
