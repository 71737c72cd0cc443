package app.perpetua.flow.recovery;

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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class RecoveryApiTest {
  private static final String TASKS = "/api/v1/tasks/";
  private static final String NOTES = "/api/v1/notes/";
  private static final String TOMBSTONES = "/api/v1/recovery/tombstones";

  /** Below the limit of 20 concurrent requests per user. */
  private static final int AT_ONCE = 16;

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("FREE_MAX_TASKS", "4").with("FREE_MAX_NOTES", "4");

  private final String subject = "google-" + UUID.randomUUID();
  private final UUID user;
  private Api api;

  RecoveryApiTest() {
    TestService.Session session = service.signIn(subject);
    user = session.userId();
    api = session.api();
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_063_a_recovered_task_equals_the_deleted_one_except_for_its_version() {
    Instant now = service.clock().instant();
    String task =
        api.post(
                "/api/v1/tasks",
                Map.of(
                    "title",
                    "Täsk 👩‍🚀 \\u0041 \u2028",
                    "description",
                    " \u0001\t1.0e2 {\"a\": null}\n",
                    "priority",
                    "high",
                    "due_date",
                    Json.instant(now.plus(Duration.ofDays(2))),
                    "estimated_duration",
                    25))
            .expect(201)
            .id();
    List<String> steps = new ArrayList<>();
    for (String title : List.of("a", "b", "c")) {
      steps.add(api.post(TASKS + task + "/subtasks", Map.of("title", title)).id());
    }
    api.patch("/api/v1/subtasks/" + steps.get(1), Map.of("completed", true)).expect(200);
    api.put(TASKS + task + "/subtasks/reorder", Map.of("subtask_ids", steps.reversed()))
        .expect(200);
    remind(task, Map.of("type", "before", "offset_minutes", 60, "method", "push"));
    remind(task, Map.of("type", "after", "offset_minutes", 5));
    remind(task, absolute(now.plusSeconds(1)));
    advance(Duration.ofSeconds(2));
    service.runDueJobs();
    // Columns that other features write.
    api.patch(TASKS + task, Map.of("completed", true)).expect(200);
    api.patch(TASKS + task, Map.of("completed", false)).expect(200);
    database.run(
        "update tasks.task_instances set focus_time_seconds = 77, occurrence_at = ? where id = ?",
        now.minusSeconds(8),
        UUID.fromString(task));
    Api.Answer before = api.get(TASKS + task).expect(200);
    List<Map<String, @Nullable Object>> rows = rows(task);
    int version = before.data().get("version").intValue();

    advance(Duration.ofHours(1));
    String tombstone = delete(TASKS + task);
    api.get(TASKS + task).expect(404, "NOT_FOUND");
    assertEquals(0, queued());
    advance(Duration.ofHours(1));
    JsonNode answer = recover(tombstone).data();

    Api.Answer after = api.get(TASKS + task).expect(200);
    assertEquals(
        before.text().replace("\"version\":" + version, "\"version\":" + (version + 1)),
        after.text());
    assertEquals(after.data(), answer);
    assertEquals(rows, rows(task));
    assertEquals(2, queued());
    assertEquals(1, entries("task_recovered"));
    assertEquals(0, api.get(TOMBSTONES).expect(200).data().size());
  }

  @Test
  void FR_063_a_recovered_note_equals_the_deleted_one_except_for_its_version() {
    onPro();
    String note =
        api.post(
                "/api/v1/notes",
                Map.of(
                    "content",
                    " \u0001 Täsk 👩‍🚀\n",
                    "voice_url",
                    "https://recordings.example.com/4f1c.webm",
                    "voice_duration_seconds",
                    42))
            .expect(201)
            .id();
    advance(Duration.ofSeconds(1));
    api.patch(NOTES + note, Map.of("archived", true)).expect(200);
    database.run(
        "update notes.notes set converted_at = ? where id = ?",
        service.clock().instant().minusSeconds(1),
        UUID.fromString(note));
    String before = api.get(NOTES + note).expect(200).text();
    List<Map<String, @Nullable Object>> row = noteRow(note);
    advance(Duration.ofHours(1));
    String tombstone = delete(NOTES + note);
    advance(Duration.ofHours(1));
    Api.Answer answer = recover(tombstone);
    String expected = before.replace("\"version\":2", "\"version\":3");
    assertEquals(expected, answer.text());
    assertEquals(expected, api.get(NOTES + note).text());
    assertEquals(row, noteRow(note));
    assertEquals(1, entries("note_recovered"));
    assertEquals(0, database.number("select notes from auth.users where id = ?", user));
    api.patch(NOTES + note, Map.of("archived", false)).expect(200);
    recover(delete(NOTES + note));
    assertEquals(1, database.number("select notes from auth.users where id = ?", user));
  }

  @Test
  void FR_027_reminders_whose_time_has_passed_are_restored_as_fired_without_a_notification() {
    String task = api.createTask("a");
    Instant now = service.clock().instant();
    String missed = remind(task, absolute(now.plusSeconds(3_600)));
    String sharp = remind(task, absolute(now.plusSeconds(7_200)));
    String ahead = remind(task, absolute(now.plusSeconds(9_000)));
    String tombstone = delete(TASKS + task);
    advance(Duration.ofHours(2));
    service.runDueJobs();
    JsonNode reminders = recover(tombstone).data().get("reminders");
    assertEquals(
        List.of(missed, sharp, ahead),
        reminders.values().stream().map(RecoveryApiTest::id).toList());
    assertTrue(reminders.get(0).get("fired").booleanValue());
    assertEquals(Json.instant(service.clock().instant()), text(reminders.get(0), "fired_at"));
    assertEquals(Json.instant(now), text(reminders.get(0), "updated_at"));
    assertFalse(reminders.get(1).get("fired").booleanValue());
    assertFalse(reminders.get(2).get("fired").booleanValue());
    assertEquals(reminders, api.get(TASKS + task).data().get("reminders"));
    assertEquals(
        "1",
        database
            .row(
                "select metadata ->> 'reminders_lapsed' as lapsed from activity.activity_logs"
                    + " where user_id = ? and action = 'task_recovered'",
                user)
            .get("lapsed"));
    assertEquals(2, queued());
    assertEquals(0, notifications());
    // The others fire at their time, once each.
    service.runDueJobs();
    assertEquals(1, notifications());
    advance(Duration.ofHours(1));
    service.runDueJobs();
    assertEquals(2, notifications());
    recover(delete(TASKS + task));
    service.runDueJobs();
    assertEquals(2, notifications());
  }

  @Test
  void FR_064_recovery_changes_no_streak_completes_nothing_and_unlocks_nothing() {
    String task = api.createTask("done");
    api.patch(TASKS + task, Map.of("completed", true)).expect(200);
    String tombstone = delete(TASKS + task);
    String before = achievements();
    long completed = entries("task_completed");
    Api.Answer answer = recover(tombstone);
    assertFalse(answer.json().has("unlocked_achievements"));
    assertTrue(answer.data().get("completed").booleanValue());
    assertEquals(before, achievements());
    assertEquals(completed, entries("task_completed"));
    assertEquals(0, database.number("select open_tasks from auth.users where id = ?", user));
  }

  @Test
  void FR_062_the_three_newest_deletions_of_tasks_and_notes_can_be_undone() {
    String oldest = delete(TASKS + api.createTask("oldest"));
    advance(Duration.ofSeconds(1));
    String note = delete(NOTES + api.createNote("A note\nof two lines"));
    advance(Duration.ofSeconds(1));
    String task = delete(TASKS + api.createTask("A task"));
    advance(Duration.ofSeconds(1));
    String last = delete(NOTES + api.createNote("last"));
    List<JsonNode> list = List.copyOf(api.get(TOMBSTONES).expect(200).data().values());
    assertEquals(List.of(last, task, note), list.stream().map(RecoveryApiTest::id).toList());
    assertEquals("A note", list.get(2).at("/preview/title").stringValue());
    assertEquals("note", text(list.get(2), "entity_type"));
    assertEquals("task", text(list.get(1), "entity_type"));
    assertEquals(Json.instant(service.clock().instant()), text(list.getFirst(), "deleted_at"));
    assertEquals(
        Json.instant(service.clock().instant().plus(Duration.ofDays(7))),
        text(list.getFirst(), "recoverable_until"));
    api.post(TOMBSTONES + "/" + oldest + "/recover").expect(404, "NOT_FOUND");
    recover(task);
    recover(note);
    recover(last);
    assertEquals(0, api.get(TOMBSTONES).data().size());
  }

  /** {@code ./chaos --seed 15}: clock-skew, and the deletions after it. */
  @Test
  void FR_062_the_newest_deletions_are_the_last_ones_even_if_the_clock_was_set_back() {
    for (String name : List.of("one", "two", "three")) {
      delete(TASKS + api.createTask(name));
      advance(Duration.ofSeconds(30));
    }
    advance(Duration.ofMinutes(-3));
    String task = delete(TASKS + api.createTask("A task"));
    String note = delete(NOTES + api.createNote("A note"));
    String last = delete(NOTES + api.createNote("last"));
    List<JsonNode> list = List.copyOf(api.get(TOMBSTONES).expect(200).data().values());
    assertEquals(List.of(last, note, task), list.stream().map(RecoveryApiTest::id).toList());
    recover(last);
    String again = delete(TASKS + api.createTask("again"));
    recover(task);
    recover(note);
    recover(again);
  }

  @Test
  void FR_062_a_tombstone_expires_after_seven_days() {
    String tombstone = delete(TASKS + api.createTask("a"));
    advance(Duration.ofDays(7).minusMillis(1));
    assertEquals(1, api.get(TOMBSTONES).data().size());
    advance(Duration.ofMillis(1));
    assertEquals(0, api.get(TOMBSTONES).data().size());
    api.post(TOMBSTONES + "/" + tombstone + "/recover").expect(404, "NOT_FOUND");
    api.post(TASKS + "recover/" + tombstone).expect(404, "NOT_FOUND");
  }

  @Test
  void recovering_is_not_subject_to_limits() {
    List<String> gone =
        List.of(delete(TASKS + api.createTask("a")), delete(NOTES + api.createNote("n")));
    for (int i = 0; i < 4; i++) {
      api.createTask("t" + i);
      api.createNote("n" + i);
    }
    gone.forEach(this::recover);
    assertEquals(5, database.number("select open_tasks from auth.users where id = ?", user));
    assertEquals(5, database.number("select notes from auth.users where id = ?", user));
    JsonNode error =
        api.post("/api/v1/tasks", Map.of("title", "x"))
            .expect(409, "LIMIT_EXCEEDED")
            .json()
            .get("error");
    assertEquals(5, error.get("current").intValue());
  }

  @Test
  void hidden_and_archived_tasks_are_restored_hidden_and_archived() {
    String task = api.createTask("a");
    api.patch(TASKS + task, Map.of("hidden", true)).expect(200);
    api.patch(TASKS + task, Map.of("archived", true)).expect(200);
    JsonNode back = recover(delete(TASKS + task)).data();
    assertTrue(back.get("hidden").booleanValue());
    assertTrue(back.get("archived").booleanValue());
    assertEquals(4, back.get("version").intValue());
    assertEquals(0, database.number("select open_tasks from auth.users where id = ?", user));
    // It can be deleted and restored again.
    assertEquals(5, recover(delete(TASKS + task)).data().get("version").intValue());
  }

  @Test
  void FR_063_an_instance_returns_to_its_template_if_that_exists_and_the_occurrence_is_free() {
    JsonNode made =
        api.post("/api/v1/templates", Map.of("title", "daily", "rrule", "FREQ=DAILY"))
            .expect(201)
            .json();
    String template = id(made.get("data"));
    String task = id(made.get("task"));
    Object occurrence = occurrence(task);
    String tombstone = delete(TASKS + task);
    service.runDueJobs();
    assertEquals(template, text(recover(tombstone).data(), "template_id"));
    assertEquals(occurrence, occurrence(task));

    // Another task has that occurrence now.
    String again = delete(TASKS + task);
    database.run(
        "update tasks.task_instances set occurrence_at = ? where user_id = ? and not completed",
        occurrence,
        user);
    assertTrue(recover(again).data().get("template_id").isNull());
    assertEquals(null, occurrence(task));

    String other = id(api.get("/api/v1/tasks?template_id=" + template).expect(200).data().get(0));
    String orphaned = delete(TASKS + other);
    api.delete("/api/v1/templates/" + template).expect(204);
    assertTrue(recover(orphaned).data().get("template_id").isNull());
    assertEquals(null, occurrence(other));
  }

  @Test
  void invalid_recoveries_are_refused() {
    String tombstone = delete(TASKS + api.createTask("a"));
    String ofNote = delete(NOTES + api.createNote("n"));
    Api careless = api.invalidOnPurpose();
    careless.post(TOMBSTONES + "/x/recover").expect(400, "VALIDATION_ERROR");
    careless.post(TASKS + "recover/x").expect(400, "VALIDATION_ERROR");
    careless
        .post(TASKS + "recover/" + tombstone, Map.of("force", true))
        .expect(400, "VALIDATION_ERROR");
    String nowhere = UUID.randomUUID().toString();
    api.post(TOMBSTONES + "/" + nowhere + "/recover").expect(404, "NOT_FOUND");
    api.post(TASKS + "recover/" + nowhere).expect(404, "NOT_FOUND");
    api.post(TASKS + "recover/" + ofNote).expect(404, "NOT_FOUND");
    Api other = service.newUser().api();
    other.post(TOMBSTONES + "/" + tombstone + "/recover").expect(403, "FORBIDDEN");
    other.post(TASKS + "recover/" + tombstone, Map.of()).expect(403, "FORBIDDEN");
    assertEquals(0, other.get(TOMBSTONES).data().size());

    UUID key = UUID.randomUUID();
    Api once = api.withKey(key);
    Api.Answer done = once.post(TASKS + "recover/" + tombstone).expect(200);
    assertEquals(done.text(), once.post(TASKS + "recover/" + tombstone).expect(200).text());
    api.post(TASKS + "recover/" + tombstone).expect(404, "NOT_FOUND");
    recover(ofNote);
  }

  @Test
  void an_id_that_is_in_use_again_is_a_conflict() {
    String task = api.createTask("a");
    String note = api.createNote("n");
    List<String> gone = List.of(delete(TASKS + task), delete(NOTES + note));
    Api other = service.newUser().api();
    String theirTask = other.createTask("a");
    String theirNote = other.createNote("a");
    database.run(
        "update tasks.task_instances set id = ?::uuid where id = ?::uuid", task, theirTask);
    database.run("update notes.notes set id = ?::uuid where id = ?::uuid", note, theirNote);
    for (String tombstone : gone) {
      api.post(TOMBSTONES + "/" + tombstone + "/recover").expect(409, "CONFLICT");
    }
    assertEquals(2, api.get(TOMBSTONES).data().size());
  }

  @Test
  void promise_8_twenty_parallel_recoveries_of_one_tombstone_restore_one_task() throws Exception {
    String task = api.createTask("a");
    api.post(TASKS + task + "/subtasks", Map.of("title", "step")).expect(201);
    remind(task, absolute(service.clock().instant().plusSeconds(60)));
    String path = TOMBSTONES + "/" + delete(TASKS + task) + "/recover";
    List<Integer> statuses = together(20, _ -> api.post(path).status());
    assertEquals(1, statuses.stream().filter(status -> status == 200).count());
    assertEquals(19, statuses.stream().filter(status -> status == 404).count());
    JsonNode back = api.get(TASKS + task).expect(200).data();
    assertEquals(1, back.get("subtasks").size());
    assertEquals(1, back.get("reminders").size());
    assertEquals(3, back.get("version").intValue());
    assertEquals(1, entries("task_recovered"));
    assertEquals(1, queued());
  }

  @Test
  void promise_8_fifty_parallel_deletions_leave_exactly_the_three_newest() throws Exception {
    onPro();
    List<String> targets = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      targets.add(TASKS + api.createTask("t" + i));
      targets.add(NOTES + api.createNote("n" + i));
    }
    Collections.rotate(targets, 7);
    List<String> tombstones = together(50, i -> delete(targets.get(i)));
    // At the same instant, the greater id is the newer.
    assertEquals(
        tombstones.stream().sorted(Collections.reverseOrder()).limit(3).toList(),
        api.get(TOMBSTONES).data().values().stream().map(RecoveryApiTest::id).toList());
    assertEquals(
        3,
        database.number("select count(*) from tasks.deletion_tombstones where user_id = ?", user));
    assertEquals(25, entries("task_deleted"));
    assertEquals(25, entries("note_deleted"));
  }

  @Test
  void tombstones_of_a_deleted_account_are_unauthorized() {
    String tombstone = delete(TASKS + api.createTask("a"));
    String email = text(api.get("/api/v1/users/me").data(), "email");
    api.delete("/api/v1/users/me", Map.of("confirm", email)).expect(204);
    api.get(TOMBSTONES).expect(401, "UNAUTHORIZED");
    api.post(TOMBSTONES + "/" + tombstone + "/recover").expect(401, "UNAUTHORIZED");
  }

  private String remind(String task, Map<String, Object> reminder) {
    return api.post(TASKS + task + "/reminders", reminder).expect(201).id();
  }

  private static Map<String, Object> absolute(Instant at) {
    return Map.of("type", "absolute", "scheduled_at", Json.instant(at));
  }

  /** Returns the tombstone's id. */
  private String delete(String target) {
    return text(api.delete(target).expect(200).data(), "tombstone_id");
  }

  private Api.Answer recover(String tombstone) {
    return api.post(TOMBSTONES + "/" + tombstone + "/recover").expect(200);
  }

  /** Signs in again, as the access token expires. */
  private void advance(Duration duration) {
    service.clock().advance(duration);
    database.makeDays(service.clock().instant());
    api = service.signIn(subject).api();
  }

  private void onPro() {
    database.run("update auth.users set tier = 'pro' where id = ?", user);
  }

  /** All columns of the rows of a task except its version. */
  private static List<Map<String, @Nullable Object>> rows(String task) {
    return database.rows(
        """
        select (to_jsonb(t) - 'version')::text as row from tasks.task_instances t where id = ?::uuid
        union all
        select to_jsonb(s)::text from tasks.subtasks s where task_id = ?::uuid
        union all
        select to_jsonb(r)::text from tasks.reminders r where task_id = ?::uuid
        order by 1
        """,
        task,
        task,
        task);
  }

  private static List<Map<String, @Nullable Object>> noteRow(String note) {
    return database.rows(
        "select (to_jsonb(n) - 'version')::text as row from notes.notes n where id = ?::uuid",
        note);
  }

  private static @Nullable Object occurrence(String task) {
    return database
        .row("select occurrence_at from tasks.task_instances where id = ?::uuid", task)
        .get("occurrence_at");
  }

  /** The input of achievements. */
  private String achievements() {
    return database
        .rows(
            "select to_jsonb(s)::text as row from achievements.user_achievement_states s where user_id = ?",
            user)
        .toString();
  }

  private long queued() {
    return database.number(
        "select count(*) from ops.job_queue where user_id = ? and kind = 'reminder_fire'"
            + " and state = 'queued'",
        user);
  }

  private long notifications() {
    return database.number("select count(*) from activity.notifications where user_id = ?", user);
  }

  private long entries(String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?"
            + " and source = 'user' and request_id is not null",
        user,
        action);
  }

  private static String id(JsonNode item) {
    return text(item, "id");
  }

  private static String text(JsonNode node, String field) {
    return Objects.requireNonNull(node.get(field)).stringValue();
  }

  @FunctionalInterface
  private interface Caller<T> {
    T call(int number);
  }

  private static <T> List<T> together(int callers, Caller<T> caller) throws Exception {
    List<Callable<T>> calls =
        IntStream.range(0, callers).<Callable<T>>mapToObj(i -> () -> caller.call(i)).toList();
    List<T> answers = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(AT_ONCE)) {
      for (var answer : executor.invokeAll(calls)) {
        answers.add(answer.get());
      }
    }
    return answers;
  }
}
