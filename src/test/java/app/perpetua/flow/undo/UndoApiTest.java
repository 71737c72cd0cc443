package app.perpetua.flow.undo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class UndoApiTest {
  private static final String TASKS = "/api/v1/tasks/";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("RATE_LIMIT_GENERAL", "1000000");

  private final String subject = "google-" + UUID.randomUUID();
  private TestService.Session user = service.signIn(subject);
  private Api api = user.api();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private Map<String, Set<String>> state() {
    return UserState.of(database, user.userId());
  }

  private void assertState(Map<String, Set<String>> expected) {
    assertEquals("", UserState.difference(expected, state()));
  }

  private void later(Duration duration) {
    service.clock().advance(duration);
    user = service.signIn(subject);
    api = user.api();
    service.runDueJobs();
  }

  private JsonNode newest(String action) {
    return api.get("/api/v1/activity?action=" + action).expect(200).data().get(0);
  }

  private String entry(String action) {
    return newest(action).get("id").stringValue();
  }

  private Api.Answer undo(String entry) {
    return api.post("/api/v1/activity/" + entry + "/undo");
  }

  private int version(String task) {
    return api.get(TASKS + task).expect(200).data().get("version").intValue();
  }

  private void patch(String task, String member, Object value) {
    api.patch(TASKS + task, Map.of("version", version(task), member, value)).expect(200);
  }

  private void complete(String task) {
    patch(task, "completed", true);
  }

  private JsonNode stats() {
    return api.get("/api/v1/achievements/me").expect(200).data().get("stats");
  }

  private String in(Duration duration) {
    return Json.instant(service.clock().instant().plus(duration));
  }

  @Test
  void FR_150_an_undo_is_an_entry_that_can_be_undone() {
    String task = api.createTask("Before");
    patch(task, "title", "After");
    JsonNode updated = newest("task_updated");
    assertTrue(updated.get("undoable").booleanValue());

    JsonNode undone = undo(updated.get("id").stringValue()).expect(200).data();
    assertEquals(updated.get("id"), undone.get("undone_id"));
    assertEquals("task_updated", undone.get("action").stringValue());
    assertEquals("task", undone.get("entity_type").stringValue());
    assertEquals(task, undone.get("entity_id").stringValue());
    JsonNode read = api.get(TASKS + task).expect(200).data();
    assertEquals("Before", read.get("title").stringValue());
    assertEquals(3, read.get("version").intValue());

    JsonNode entry = newest("task_undone");
    assertEquals(undone.get("id"), entry.get("id"));
    assertEquals(task, entry.get("entity_id").stringValue());
    assertEquals("user", entry.get("source").stringValue());
    assertEquals(updated.get("id"), entry.at("/metadata/undone_id"));
    assertTrue(entry.get("undoable").booleanValue());
    undo(entry.get("id").stringValue()).expect(200);
    assertEquals("After", api.get(TASKS + task).data().get("title").stringValue());
  }

  @Test
  void FR_150_every_entry_of_a_change_undoes_all_of_it() {
    String task = api.createTask("Task");
    String subtask = api.createSubtask(task, "Only step");
    Map<String, Set<String>> before = state();
    api.patch("/api/v1/subtasks/" + subtask, Map.of("completed", true)).expect(200);
    JsonNode ofSubtask = newest("subtask_completed");
    JsonNode ofTask = newest("task_completed");
    assertEquals(ofTask.get("change_id"), ofSubtask.get("change_id"));
    undo(ofSubtask.get("id").stringValue()).expect(200);
    assertState(before);
    undo(ofTask.get("id").stringValue()).expect(409, "CONFLICT");
  }

  @Test
  void FR_150_the_commands_of_an_atomic_batch_are_changes_of_their_own() {
    String task = api.createTask("First");
    List<Map<String, Object>> commands = new ArrayList<>();
    for (String title : List.of("Second", "Third")) {
      commands.add(
          Map.of(
              "uuid",
              UUID.randomUUID().toString(),
              "type",
              "task.update",
              "args",
              Map.of("id", task, "version", commands.size() + 1, "title", title)));
    }
    api.post("/api/v1/sync", Map.of("commands", commands, "atomic", true)).expect(200);
    undo(entry("task_updated")).expect(200);
    assertEquals("Second", api.get(TASKS + task).data().get("title").stringValue());
  }

  @Test
  void FR_150_a_confirmed_suggestion_is_undone_and_open_again() {
    String note = api.createNote("Buy milk");
    service
        .openAi()
        .script(
            OpenAiStep.form(
                "{\"title\": \"A task\", \"description\": \"\", \"priority\": \"low\","
                    + " \"due_date\": null}"));
    String suggestion =
        api.post("/api/v1/notes/" + note + "/convert")
            .expect(200)
            .data()
            .get("suggestion_id")
            .asString();
    Map<String, Set<String>> before = state();
    Map<String, String> confirmation = Map.of("suggestion_id", suggestion);
    api.post("/api/v1/ai/confirm-action", confirmation).expect(200);
    assertEquals(1, stats().get("notes_converted").intValue());

    undo(entry("ai_suggestion_confirmed")).expect(200);
    assertState(before);
    api.post("/api/v1/ai/confirm-action", confirmation).expect(200);
    assertEquals(1, stats().get("notes_converted").intValue());
  }

  @Test
  void FR_151_a_completion_takes_count_streak_perk_and_next_instance_with_it() {
    for (int i = 0; i < 4; i++) {
      complete(api.createTask("Task " + i));
    }
    api.post("/api/v1/templates", Map.of("title", "Daily", "rrule", "FREQ=DAILY")).expect(201);
    String instance = newest("task_created").get("entity_id").stringValue();
    api.createSubtask(instance, "Step");
    later(Duration.ofHours(30));
    Map<String, Set<String>> before = state();
    complete(instance);
    service.runDueJobs();
    assertEquals(5, stats().get("lifetime_tasks_completed").intValue());
    assertEquals(1, api.get("/api/v1/achievements/me").data().get("unlocked").size());
    assertEquals(65, maxTasks());

    undo(entry("task_completed")).expect(200);
    service.runDueJobs();
    assertState(before);
    assertEquals(50, maxTasks());
    complete(instance);
    assertEquals(65, maxTasks());
    assertEquals(
        1,
        database.number(
            "select count(*) from activity.notifications where user_id = ?", user.userId()));
  }

  private int maxTasks() {
    return api.get("/api/v1/achievements/me").data().at("/effective_limits/max_tasks").intValue();
  }

  @Test
  void FR_151_a_day_counts_as_long_as_one_of_its_completions_does() {
    complete(api.createTask("Yesterday"));
    later(Duration.ofHours(24));
    String first = api.createTask("First");
    String second = api.createTask("Second");
    complete(first);
    String ofFirst = entry("task_completed");
    complete(second);
    String ofSecond = entry("task_completed");
    undo(ofFirst).expect(200);
    assertEquals(2, stats().get("current_streak").intValue());
    undo(ofSecond).expect(200);
    assertEquals(1, stats().get("current_streak").intValue());
    assertEquals(1, stats().get("longest_streak").intValue());
    assertEquals(1, stats().get("lifetime_tasks_completed").intValue());
  }

  @Test
  void FR_151_a_reopened_task_keeps_its_count_when_the_reopening_is_undone() {
    String task = api.createTask("Task");
    complete(task);
    Map<String, Set<String>> before = state();
    patch(task, "completed", false);
    undo(entry("task_reopened")).expect(200);
    assertState(before);
    assertEquals(1, stats().get("lifetime_tasks_completed").intValue());
  }

  @Test
  void FR_151_a_completion_whose_next_instance_has_changed_is_not_undone() {
    api.post("/api/v1/templates", Map.of("title", "Daily", "rrule", "FREQ=DAILY")).expect(201);
    String instance = newest("task_created").get("entity_id").stringValue();
    complete(instance);
    String completion = entry("task_completed");
    service.runDueJobs();
    String next = newest("task_created").get("entity_id").stringValue();
    api.post(TASKS + next + "/reminders", Map.of("type", "before", "offset_minutes", 5))
        .expect(201);
    refused(completion);
    undo(entry("reminder_created")).expect(200);
    undo(completion).expect(200);
    api.get(TASKS + next).expect(404);
  }

  @Test
  void FR_151_a_completion_is_not_undone_if_both_instances_have_changed_since() {
    api.post("/api/v1/templates", Map.of("title", "Daily", "rrule", "FREQ=DAILY")).expect(201);
    String instance = newest("task_created").get("entity_id").stringValue();
    complete(instance);
    String completion = entry("task_completed");
    patch(instance, "title", "Changed before the job");
    service.runDueJobs();
    String next = newest("task_created").get("entity_id").stringValue();
    patch(next, "title", "Changed, too");
    undo(entry("task_updated")).expect(200);
    refused(completion);
    patch(instance, "title", "Daily");
    undo(completion).expect(200);
  }

  @Test
  void FR_152_deletions_are_restored_beyond_the_tombstones() {
    List<String> notes = Stream.of("1", "2", "3", "4", "5").map(api::createNote).toList();
    Map<String, Set<String>> before = state();
    List<String> deletions = new ArrayList<>();
    for (String note : notes) {
      api.delete("/api/v1/notes/" + note).expect(200);
      deletions.add(entry("note_deleted"));
    }
    assertEquals(3, api.get("/api/v1/recovery/tombstones").data().size());
    undo(deletions.getFirst()).expect(200);
    api.get("/api/v1/notes/" + notes.getFirst()).expect(200);
    undo(entry("note_undone")).expect(200);
    for (String deletion : deletions.reversed()) {
      undo(deletion).expect(200);
    }
    assertState(before);
  }

  @Test
  void FR_152_a_task_comes_back_with_everything_it_had() {
    String task = api.createTask("Task");
    patch(task, "due_date", in(Duration.ofDays(2)));
    String subtask = api.createSubtask(task, "Step");
    api.createSubtask(task, "Other step");
    api.post(TASKS + task + "/reminders", Map.of("type", "before", "offset_minutes", 5))
        .expect(201);
    api.post("/api/v1/focus/start", Map.of("task_id", task)).expect(200);
    Map<String, Set<String>> before = state();
    api.delete("/api/v1/subtasks/" + subtask).expect(204);
    undo(entry("subtask_deleted")).expect(200);
    assertState(before);
    api.delete(TASKS + task).expect(200);
    undo(entry("task_deleted")).expect(200);
    assertState(before);
  }

  @Test
  void FR_152_a_template_comes_back_with_its_instances() {
    String template =
        api.post("/api/v1/templates", Map.of("title", "Daily", "rrule", "FREQ=DAILY"))
            .expect(201)
            .id();
    String instance = newest("task_created").get("entity_id").stringValue();
    api.delete("/api/v1/templates/" + template).expect(204);
    String deletion = entry("template_deleted");
    patch(instance, "title", "Changed since");
    undo(deletion).expect(200);
    JsonNode read = api.get(TASKS + instance).expect(200).data();
    assertEquals(template, read.get("template_id").stringValue());
    assertEquals("Changed since", read.get("title").stringValue());
  }

  @Test
  void FR_152_a_reminder_whose_time_has_passed_comes_back_as_fired() {
    String task = api.createTask("Task");
    String reminder =
        api.post(
                TASKS + task + "/reminders",
                Map.of("type", "absolute", "scheduled_at", in(Duration.ofHours(1))))
            .expect(201)
            .id();
    api.delete("/api/v1/reminders/" + reminder).expect(204);
    later(Duration.ofHours(2));
    undo(entry("reminder_deleted")).expect(200);
    service.runDueJobs();
    assertTrue(api.get("/api/v1/reminders/" + reminder).data().get("fired").booleanValue());
    assertEquals(0, api.get("/api/v1/notifications").data().size());
  }

  private void refused(String entry) {
    Map<String, Set<String>> before = state();
    undo(entry).expect(409, "CONFLICT");
    assertState(before);
  }

  @Test
  void FR_153_a_change_of_an_entity_that_has_changed_since_is_not_undone() {
    String task = api.createTask("1");
    String creation = entry("task_created");
    patch(task, "title", "2");
    String change = entry("task_updated");
    patch(task, "priority", "high");
    refused(change);
    refused(creation);
    undo(entry("task_updated")).expect(200);
    undo(change).expect(200);
    assertEquals("1", api.get(TASKS + task).data().get("title").stringValue());
    api.delete(TASKS + task).expect(200);
    refused(creation);
    undo(entry("task_deleted")).expect(200);
    undo(creation).expect(200);
    api.get(TASKS + task).expect(404);
  }

  @Test
  void FR_153_settings_and_focus_that_have_changed_since_are_not_undone() {
    api.patch("/api/v1/users/me", Map.of("name", "Ada")).expect(200);
    String naming = entry("user_updated");
    database.run("update auth.users set tier = 'pro' where id = ?", user.userId());
    undo(naming).expect(200);
    undo(entry("user_undone")).expect(200);
    api.patch("/api/v1/users/me", Map.of("name", "Grace")).expect(200);
    refused(naming);

    String task = api.createTask("Task");
    api.post("/api/v1/focus/start", Map.of("task_id", task)).expect(200);
    String start = entry("focus_started");
    service.clock().advance(Duration.ofMinutes(5));
    api.post("/api/v1/focus/end", Map.of("task_id", task)).expect(200);
    refused(start);
    String end = entry("focus_ended");
    String other = api.createTask("Other");
    api.post("/api/v1/focus/start", Map.of("task_id", other)).expect(200);
    refused(end);
    api.post("/api/v1/focus/end", Map.of("task_id", other)).expect(200);
    undo(end).expect(200);
    assertEquals(
        task, api.get("/api/v1/focus/active").expect(200).data().get("task_id").stringValue());
  }

  @Test
  void FR_153_what_the_service_did_and_what_is_not_content_cannot_be_undone() {
    refused(entry("user_logged_in"));
    refused(entry("user_registered"));
    String task = api.createTask("Task");
    patch(task, "due_date", in(Duration.ofHours(3)));
    api.post(TASKS + task + "/reminders", Map.of("type", "before", "offset_minutes", 60))
        .expect(201);
    patch(task, "due_date", in(Duration.ofHours(4)));
    JsonNode moved = newest("reminder_updated");
    assertEquals("system", moved.get("source").stringValue());
    assertFalse(moved.get("undoable").booleanValue());
    refused(moved.get("id").stringValue());
  }

  @Test
  void FR_153_a_reminder_that_has_fired_since_stays_fired() {
    String task = api.createTask("Task");
    patch(task, "due_date", in(Duration.ofHours(3)));
    String reminder =
        api.post(TASKS + task + "/reminders", Map.of("type", "before", "offset_minutes", 60))
            .expect(201)
            .id();
    patch(task, "due_date", in(Duration.ofHours(4)));
    String move = entry("task_updated");
    later(Duration.ofMinutes(190));
    assertTrue(api.get("/api/v1/reminders/" + reminder).data().get("fired").booleanValue());
    undo(move).expect(200);
    assertTrue(api.get("/api/v1/reminders/" + reminder).data().get("fired").booleanValue());
  }

  @Test
  void FR_153_a_change_older_than_30_days_cannot_be_undone() {
    patch(api.createTask("Task"), "title", "Other");
    String change = entry("task_updated");
    service.clock().advance(Duration.ofDays(30).plusMinutes(1));
    user = service.signIn(subject);
    api = user.api();
    refused(change);
  }

  @Test
  void FR_153_changes_of_an_earlier_release_cannot_be_undone() {
    String task = api.createTask("Task");
    String creation = entry("task_created");
    database.run(
        "update activity.activity_logs set change = null where id = ?", UUID.fromString(creation));
    assertFalse(newest("task_created").get("undoable").booleanValue());
    refused(creation);
    patch(task, "title", "Other");
    String change = entry("task_updated");
    // As a release writes that does not record changes.
    database.run(
        "update tasks.task_instances set title = 'Third', version = version + 1 where id = ?",
        UUID.fromString(task));
    refused(change);
  }

  @Test
  void FR_153_of_undos_of_one_change_that_meet_one_succeeds() throws Exception {
    String task = api.createTask("Task");
    complete(task);
    String completion = entry("task_completed");
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Api.Answer>> answers =
          Stream.generate(() -> clients.submit(() -> undo(completion))).limit(6).toList();
      int undone = 0;
      for (Future<Api.Answer> answer : answers) {
        int status = answer.get().status();
        assertTrue(status == 200 || status == 409, answer.get()::toString);
        undone += status == 200 ? 1 : 0;
      }
      assertEquals(1, undone);
    }
    assertEquals(0, stats().get("lifetime_tasks_completed").intValue());
  }

  /** A column that a later migration adds must be recorded, restored and listed here or there. */
  @ParameterizedTest
  @CsvSource({
    "tasks.task_instances, record_task, set_former_task_values",
    "tasks.subtasks, , set_former_subtask_values",
    "tasks.reminders, , set_former_reminder_values",
    "tasks.task_templates, , set_former_template_values",
    "tasks.focus_sessions, , set_former_session_values",
    "notes.notes, record_note, set_former_note_values",
    "tasks.lists, , set_former_list_values",
    "tasks.labels, , set_former_label_values",
    "tasks.filters, , set_former_filter_values"
  })
  void FR_150_every_column_that_can_change_is_recorded_and_restored(
      String table, @Nullable String trigger, String update) throws IOException {
    Set<String> constant =
        Set.of(
            "id",
            "user_id",
            "task_id",
            "started_at",
            "source",
            "created_at",
            "updated_at",
            "version");
    String statements = sql(update);
    String function =
        trigger == null
            ? ""
            : String.valueOf(
                database
                    .row(
                        "select pg_get_functiondef(('activity.' || ?)::regproc) as source", trigger)
                    .get("source"));
    for (Map<String, ?> row :
        database.rows(
            """
            select column_name::text as name
            from information_schema.columns
            where table_schema || '.' || table_name = ? and is_generated = 'NEVER'
            """,
            table)) {
      String column = String.valueOf(row.get("name"));
      if (!constant.contains(column)) {
        // What refers to lists and labels is restored as far as these exist.
        String value =
            switch (column) {
              case "list_id" ->
                  "(select l.id from tasks.lists l where l.user_id = :user_id and l.id = ";
              case "label_ids" -> "array(\n      select l.id\n      from unnest(";
              default -> "";
            };
        assertTrue(statements.contains(column + " = " + value + "r." + column), column);
        assertTrue(
            trigger == null
                || function.contains("jsonb_build_object('" + column + "', old." + column + ")"),
            column);
      }
    }
  }

  /** The text of a statement, whatever feature has it. */
  private static String sql(String name) throws IOException {
    StringBuilder all = new StringBuilder();
    for (String feature :
        List.of("tasks", "reminders", "recurrence", "focus", "notes", "lists", "savedfilters")) {
      all.append(Files.readString(Path.of("src/main/resources/sql/" + feature + ".sql")));
    }
    int start = all.indexOf("-- name: " + name + "\n");
    return all.substring(start, all.indexOf("-- name: ", start + 1));
  }
}
