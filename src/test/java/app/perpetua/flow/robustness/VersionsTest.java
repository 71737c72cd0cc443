package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
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

/** The versions of notes, templates, reminders and subtasks. */
class VersionsTest {
  private static final String TASKS = "/api/v1/tasks/";
  private static final String SUBTASKS = "/api/v1/subtasks/";
  private static final String NOTES = "/api/v1/notes/";
  private static final String TEMPLATES = "/api/v1/templates/";
  private static final String REMINDERS = "/api/v1/reminders/";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).with("RATE_LIMIT_GENERAL", "1000");

  private final String subject = "google-" + UUID.randomUUID();
  private Api api = service.signIn(subject).api();
  private final Instant due = service.clock().instant().plus(Duration.ofHours(2));

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_140_each_change_of_a_note_increments_its_version() {
    String note = NOTES + api.createNote("a");
    assertEquals(1, version(note));
    assertEquals(2, patched(note, Map.of("content", "b", "archived", true)));
    assertEquals(2, patched(note, Map.of("content", "b")));
    assertEquals(2, patched(note, Map.of()));
    assertEquals(3, patched(note, Map.of("archived", false)));
    assertEquals(3, version(note));
    assertEquals(3, api.get("/api/v1/notes").data().get(0).get("version").intValue());
    assertEquals(3, api.get("/api/v1/notes?q=b").data().get(0).get("version").intValue());
  }

  @Test
  void FR_140_the_conversion_of_a_note_increments_its_version_once() {
    String note = api.createNote("a");
    api.post(
            "/api/v1/ai/confirm-action",
            Map.of(
                "action_type",
                "convert_note",
                "action_data",
                Map.of("note_id", note, "title", "a")))
        .expect(200);
    assertEquals(2, version(NOTES + note));
  }

  @Test
  void FR_140_a_recovered_note_has_the_next_version() {
    String note = NOTES + api.createNote("a");
    patched(note, Map.of("content", "b"));
    assertEquals(3, recovered(note).get("version").intValue());
    assertEquals(3, version(note));
  }

  @Test
  void FR_140_a_note_deleted_by_an_earlier_release_is_recovered_as_of_version_1() {
    String note = NOTES + api.createNote("a");
    String tombstone = deleted(note);
    database.run(
        "update tasks.deletion_tombstones set snapshot = snapshot #- '{note,version}'"
            + " where id = ?::uuid",
        tombstone);
    assertEquals(2, recover(tombstone).get("version").intValue());
    assertEquals(2, version(note));
  }

  @Test
  void FR_140_each_change_of_a_subtask_increments_its_version() {
    String task = api.createTask("a");
    String subtask = SUBTASKS + api.createSubtask(task, "b");
    api.createSubtask(task, "c");
    assertVersions(task, 1, 1);
    assertEquals(2, patched(subtask, Map.of("title", "d", "completed", true)));
    assertEquals(2, patched(subtask, Map.of("title", "d", "completed", true, "order_index", 0)));
    assertEquals(2, patched(subtask, Map.of()));
    assertEquals(3, api.put(subtask, Map.of("completed", false)).data().get("version").intValue());
    assertVersions(task, 3, 1);
  }

  @Test
  void FR_140_moving_a_subtask_increments_the_versions_of_those_that_move() {
    String task = api.createTask("a");
    List<String> ids = new ArrayList<>();
    for (String title : List.of("b", "c", "d", "e")) {
      ids.add(api.createSubtask(task, title));
    }
    // The answer of the change has the version that is stored.
    assertEquals(2, patched(SUBTASKS + ids.get(2), Map.of("title", "f", "order_index", 1)));
    assertVersions(task, 1, 2, 2, 1);
    api.delete(SUBTASKS + ids.get(2)).expect(204);
    assertVersions(task, 1, 3, 2);
    api.post(TASKS + task + "/subtasks", Map.of("title", "g", "order_index", 2)).expect(201);
    assertVersions(task, 1, 3, 1, 3);

    List<String> order =
        new ArrayList<>(subtasks(task).stream().map(node -> node.get("id").stringValue()).toList());
    order.add(2, order.removeFirst());
    Api.Answer reordered =
        api.put(TASKS + task + "/subtasks/reorder", Map.of("subtask_ids", order)).expect(200);
    assertEquals(List.of(4, 2, 2, 3), versions(reordered.data()));
    assertVersions(task, 4, 2, 2, 3);
    api.put(TASKS + task + "/subtasks/reorder", Map.of("subtask_ids", order)).expect(200);
    assertVersions(task, 4, 2, 2, 3);
  }

  @Test
  void FR_140_completing_a_task_by_force_increments_the_versions_of_its_open_subtasks() {
    String task = api.createTask("a");
    String closed = api.createSubtask(task, "b");
    api.createSubtask(task, "c");
    patched(SUBTASKS + closed, Map.of("completed", true));
    api.post(TASKS + task + "/force-complete", Map.of("version", version(TASKS + task)))
        .expect(200);
    assertVersions(task, 2, 2);
  }

  @Test
  void FR_140_each_change_of_a_reminder_increments_its_version() {
    String reminder = REMINDERS + reminder(dueTask(), 30);
    assertEquals(2, patched(reminder, Map.of("offset_minutes", 20, "method", "push")));
    assertEquals(2, patched(reminder, Map.of("offset_minutes", 20)));
    assertEquals(2, patched(reminder, Map.of()));
    assertEquals(2, version(reminder));
    assertEquals(2, api.get("/api/v1/reminders").data().get(0).get("version").intValue());
  }

  @Test
  void FR_140_a_reminder_that_moves_or_fires_has_the_next_version() {
    String task = dueTask();
    String early = REMINDERS + reminder(task, 90);
    String late = REMINDERS + reminder(task, 10);
    String own =
        REMINDERS
            + api.post(
                    TASKS + task + "/reminders",
                    Map.of("type", "absolute", "scheduled_at", Json.instant(due)))
                .expect(201)
                .id();
    // The new time of the early one is past, so it lapses; this is one change.
    setDue(task, due.minus(Duration.ofHours(1)));
    assertEquals(List.of(2, 2, 1), List.of(version(early), version(late), version(own)));
    assertEquals(
        List.of(2, 2, 1), versions(api.get(TASKS + task + "/reminders").expect(200).data()));
    until(due);
    service.runDueJobs();
    assertEquals(List.of(2, 3, 2), List.of(version(early), version(late), version(own)));
    service.runDueJobs();
    assertEquals(3, version(late));
  }

  @Test
  void FR_140_a_recovered_task_has_the_versions_of_its_parts() {
    String task = dueTask();
    patched(SUBTASKS + api.createSubtask(task, "b"), Map.of("title", "c"));
    String lapsed = REMINDERS + reminder(task, 90);
    patched(REMINDERS + reminder(task, 20), Map.of("offset_minutes", 10));
    String tombstone = deleted(TASKS + task);
    until(due.minus(Duration.ofMinutes(30)));
    JsonNode answer = recover(tombstone);
    assertEquals(api.get(TASKS + task).expect(200).data(), answer);
    assertVersions(task, 2);
    // One more for the reminder whose time has passed.
    assertEquals(2, version(lapsed));
    assertEquals(List.of(2, 2), versions(answer.get("reminders")));
  }

  @Test
  void FR_140_a_task_deleted_by_an_earlier_release_is_recovered_with_versions_1() {
    String task = dueTask();
    patched(SUBTASKS + api.createSubtask(task, "b"), Map.of("title", "c"));
    patched(REMINDERS + reminder(task, 20), Map.of("offset_minutes", 10));
    String tombstone = deleted(TASKS + task);
    database.run(
        "update tasks.deletion_tombstones"
            + " set snapshot = snapshot #- '{subtasks,0,version}' #- '{reminders,0,version}'"
            + " where id = ?::uuid",
        tombstone);
    JsonNode answer = recover(tombstone);
    assertEquals(List.of(1), versions(answer.get("subtasks")));
    assertEquals(List.of(1), versions(answer.get("reminders")));
    assertEquals(api.get(TASKS + task).expect(200).data(), answer);
  }

  @Test
  void FR_140_each_change_of_a_template_increments_its_version() {
    String template = TEMPLATES + template(due);
    assertEquals(1, version(template));
    assertEquals(2, patched(template, Map.of("title", "b", "rrule", "FREQ=DAILY;INTERVAL=2")));
    assertEquals(2, patched(template, Map.of("title", "b")));
    assertEquals(2, patched(template, Map.of("title", "b", "apply_to", "future")));
    assertEquals(2, patched(template, Map.of()));
    assertEquals(3, patched(template, Map.of("active", false)));
    assertEquals(3, version(template));
    assertEquals(3, api.get("/api/v1/templates").data().get(0).get("version").intValue());
  }

  @Test
  void FR_140_a_template_whose_next_occurrence_moves_has_the_next_version() {
    String template = template(due);
    JsonNode before = api.get(TEMPLATES + template).expect(200).data();
    completeInstance(template);
    service.runDueJobs();
    JsonNode after = api.get(TEMPLATES + template).expect(200).data();
    assertTrue(!after.get("next_due").equals(before.get("next_due")), after.toString());
    assertEquals(2, after.get("version").intValue());
    // A job that finds the instance changes nothing.
    service.runDueJobs();
    assertEquals(2, version(TEMPLATES + template));
  }

  @Test
  void FR_140_a_template_that_waits_for_its_next_occurrence_keeps_its_version() {
    String template =
        api.post(
                "/api/v1/templates",
                Map.of(
                    "title",
                    "a",
                    "rrule",
                    "FREQ=MONTHLY;INTERVAL=3",
                    "starts_at",
                    Json.instant(due)))
            .expect(201)
            .id();
    completeInstance(template);
    assertTrue(!service.runDueJobs().isEmpty());
    assertEquals(1, version(TEMPLATES + template));
  }

  @Test
  void FR_140_the_export_has_the_versions() {
    String task = dueTask();
    patched(SUBTASKS + api.createSubtask(task, "b"), Map.of("title", "c"));
    patched(REMINDERS + reminder(task, 20), Map.of("offset_minutes", 10));
    patched(NOTES + api.createNote("a"), Map.of("content", "b"));
    patched(TEMPLATES + template(due), Map.of("title", "b"));
    JsonNode export = api.get("/api/v1/users/me/export").expect(200).json();
    assertEquals(List.of(2), versions(export.get("tasks").get(0).get("subtasks")));
    assertEquals(List.of(2), versions(export.get("tasks").get(0).get("reminders")));
    assertEquals(List.of(2), versions(export.get("reminders")));
    assertEquals(List.of(2), versions(export.get("notes")));
    assertEquals(List.of(2), versions(export.get("templates")));
  }

  @Test
  void FR_140_a_stale_version_is_refused_and_changes_nothing() {
    String task = dueTask();
    assertRefusesStale(
        NOTES + api.createNote("a"), Map.of("content", "b"), Map.of("archived", true));
    assertRefusesStale(
        SUBTASKS + api.createSubtask(task, "b"), Map.of("title", "c"), Map.of("completed", true));
    assertRefusesStale(
        REMINDERS + reminder(task, 20), Map.of("offset_minutes", 10), Map.of("method", "push"));
    assertRefusesStale(TEMPLATES + template(due), Map.of("title", "b"), Map.of("active", false));
  }

  private void assertRefusesStale(String target, Map<String, ?> first, Map<String, ?> second) {
    assertEquals(2, patched(target, with(first, "version", 1)));
    String before = api.get(target).expect(200).text();
    for (int version : new int[] {1, 3, 0, Integer.MIN_VALUE}) {
      JsonNode error =
          api.patch(target, with(second, "version", version))
              .expect(409, "CONFLICT")
              .json()
              .get("error");
      assertEquals(2, error.get("current_version").intValue());
    }
    // Also if nothing would change.
    api.patch(target, with(first, "version", 1)).expect(409, "CONFLICT");
    Map<String, @Nullable Object> unknown = new HashMap<>(second);
    unknown.put("version", null);
    assertEquals(
        "version",
        api.invalidOnPurpose()
            .patch(target, unknown)
            .expect(400, "VALIDATION_ERROR")
            .json()
            .at("/error/details/0/field")
            .stringValue());
    assertEquals(before, api.get(target).expect(200).text());
    // Without a version, the last of several changes wins.
    assertEquals(3, patched(target, second));
  }

  @Test
  void FR_140_a_stale_version_of_a_subtask_is_refused_by_put() {
    String subtask = SUBTASKS + api.createSubtask(api.createTask("a"), "b");
    patched(subtask, Map.of("title", "c"));
    api.put(subtask, Map.of("title", "d", "version", 1)).expect(409, "CONFLICT");
    assertEquals(3, api.put(subtask, Map.of("title", "d")).data().get("version").intValue());
  }

  @Test
  void FR_140_of_a_hundred_patches_with_one_version_one_succeeds() throws Exception {
    assertOneWins(NOTES + api.createNote("a"), 100, "content");
    String task = dueTask();
    assertOneWins(SUBTASKS + api.createSubtask(task, "b"), 10, "title");
    assertOneWins(TEMPLATES + template(due), 10, "title");
    // A value of its own for each change.
    assertOneWins(REMINDERS + reminder(task, 90), 10, "offset_minutes");
  }

  /** Below the limit of 20 concurrent requests of a user. */
  private void assertOneWins(String target, int patches, String field) throws Exception {
    List<Integer> statuses = new ArrayList<>();
    try (ExecutorService clients = Executors.newFixedThreadPool(10)) {
      List<Future<Integer>> answers = new ArrayList<>();
      for (int i = 0; i < patches; i++) {
        Object value = field.equals("offset_minutes") ? i : "x" + i;
        answers.add(
            clients.submit(() -> api.patch(target, Map.of("version", 1, field, value)).status()));
      }
      for (Future<Integer> answer : answers) {
        statuses.add(answer.get());
      }
    }
    assertEquals(1, Collections.frequency(statuses, 200), statuses.toString());
    assertEquals(patches - 1, Collections.frequency(statuses, 409), statuses.toString());
    assertEquals(2, version(target));
  }

  private static Map<String, Object> with(Map<String, ?> body, String field, Object value) {
    Map<String, Object> more = new HashMap<>(body);
    more.put(field, value);
    return more;
  }

  private String dueTask() {
    return api.post("/api/v1/tasks", Map.of("title", "a", "due_date", Json.instant(due)))
        .expect(201)
        .id();
  }

  private String reminder(String task, int minutesBefore) {
    return api.post(
            TASKS + task + "/reminders", Map.of("type", "before", "offset_minutes", minutesBefore))
        .expect(201)
        .id();
  }

  private String template(Instant start) {
    return api.post(
            "/api/v1/templates",
            Map.of("title", "a", "rrule", "FREQ=DAILY", "starts_at", Json.instant(start)))
        .expect(201)
        .id();
  }

  private void completeInstance(String template) {
    String instance =
        api.get("/api/v1/tasks?template_id=" + template).data().get(0).get("id").stringValue();
    api.patch(TASKS + instance, Map.of("completed", true)).expect(200);
  }

  private void setDue(String task, Instant newDue) {
    api.patch(
            TASKS + task,
            Map.of("version", version(TASKS + task), "due_date", Json.instant(newDue)))
        .expect(200);
  }

  private void until(Instant instant) {
    service.clock().set(instant);
    api = service.signIn(subject).api();
  }

  private int version(String target) {
    return api.get(target).expect(200).data().get("version").intValue();
  }

  private int patched(String target, Map<String, ?> body) {
    return api.patch(target, body).expect(200).data().get("version").intValue();
  }

  private List<JsonNode> subtasks(String task) {
    return List.copyOf(api.get(TASKS + task + "/subtasks").expect(200).data().values());
  }

  private void assertVersions(String task, Integer... expected) {
    assertEquals(
        Arrays.asList(expected),
        subtasks(task).stream().map(node -> node.get("version").intValue()).toList());
  }

  private static List<Integer> versions(JsonNode items) {
    return items.values().stream().map(node -> node.get("version").intValue()).toList();
  }

  private String deleted(String target) {
    return api.delete(target).expect(200).data().get("tombstone_id").stringValue();
  }

  private JsonNode recover(String tombstone) {
    return api.post("/api/v1/recovery/tombstones/" + tombstone + "/recover").expect(200).data();
  }

  private JsonNode recovered(String target) {
    return recover(deleted(target));
  }
}
