package app.perpetua.flow.focus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class FocusApiTest {
  private static final String TASKS = "/api/v1/tasks/";
  private static final String START = "/api/v1/focus/start";
  private static final String END = "/api/v1/focus/end";
  private static final String ACTIVE = "/api/v1/focus/active";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final String subject = "google-" + UUID.randomUUID();
  private final UUID userId = service.signIn(subject).userId();
  private final Instant began = service.clock().instant();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void US12_a_focus_session_is_timed_by_the_service_and_added_to_the_task() {
    String task = task(25);
    assertTrue(api().get(ACTIVE).expect(200).data().isNull());
    JsonNode started = start(task);
    assertEquals(task, started.get("task_id").stringValue());
    assertEquals(Json.instant(began), started.get("started_at").stringValue());
    assertEquals(0, started.get("focus_time_seconds").intValue());
    pass(600);
    assertEquals(started, api().get(ACTIVE).expect(200).data());

    JsonNode ended = api().post(END, about(task)).expect(200).data();
    assertEquals(started.get("session_id"), ended.get("session_id"));
    assertEquals(600, ended.get("duration_seconds").intValue());
    assertEquals(600, ended.get("focus_time_seconds").intValue());
    assertEquals(Json.instant(began.plusSeconds(600)), ended.get("ended_at").stringValue());
    assertTrue(api().get(ACTIVE).expect(200).data().isNull());
    assertEquals(600, shown(task).get("focus_time_seconds").intValue());
    assertEquals(2, shown(task).get("version").intValue());

    // The next session shows that total.
    JsonNode second = start(task);
    assertEquals(600, second.get("focus_time_seconds").intValue());
    assertNotEquals(started.get("session_id"), second.get("session_id"));
    pass(60);
    assertEquals(660, api().post(END, about(task)).data().get("focus_time_seconds").intValue());
    assertEquals(2, entries("focus_started", "user"));
    assertEquals(2, entries("focus_ended", "user"));
    assertEquals(
        1,
        database.number(
            "select count(*) from activity.activity_logs where user_id = ? and entity_type = 'focus'"
                + " and metadata @> jsonb_build_object('task_id', ?::text, 'seconds', 600)",
            userId,
            task));
    assertEquals(0, jobs());
  }

  @Test
  void FR_045_the_clients_duration_can_only_shorten_a_focus_session() {
    String task = task(25);
    start(task);
    pass(100);
    assertEquals(40, end(task, 40).get("duration_seconds").intValue());
    start(task);
    pass(100);
    JsonNode longer = end(task, 86_400);
    assertEquals(100, longer.get("duration_seconds").intValue());
    assertEquals(140, longer.get("focus_time_seconds").intValue());
    start(task);
    pass(100);
    assertEquals(140, end(task, 0).get("focus_time_seconds").intValue());
    // No time was added, so the version is unchanged.
    assertEquals(3, shown(task).get("version").intValue());
  }

  @Test
  void US12_one_focus_session_at_a_time() {
    String task = task(null);
    String other = task(null);
    JsonNode started = start(task);
    pass(10);
    assertEquals(started, start(task));
    JsonNode error = api().post(START, about(other)).expect(409, "CONFLICT").json().get("error");
    assertEquals(started, error.get("session"));
    error = api().post(END, about(other)).expect(409, "CONFLICT").json().get("error");
    assertEquals(started, error.get("session"));
    api().post(END, about(task)).expect(200);
    error = api().post(END, about(task)).expect(409, "CONFLICT").json().get("error");
    assertFalse(error.has("session"));
    start(other);
    assertEquals(2, entries("focus_started", "user"));
  }

  @Test
  void US12_twenty_parallel_starts_on_one_task_return_one_session() throws Exception {
    String task = task(null);
    Api api = api();
    List<Callable<JsonNode>> starts = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      starts.add(() -> api.post(START, about(task)).expect(200).data());
    }
    Set<JsonNode> answers = new HashSet<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<JsonNode> answer : executor.invokeAll(starts)) {
        answers.add(answer.get());
      }
    }
    assertEquals(1, answers.size());
    assertEquals(1, entries("focus_started", "user"));
  }

  @Test
  void FR_059_the_same_key_starts_and_ends_a_session_once() {
    String task = task(null);
    Api keyed = api().withKey(UUID.randomUUID());
    JsonNode started = keyed.post(START, about(task)).expect(200).data();
    pass(10);
    Api.Answer again = keyed.post(START, about(task)).expect(200);
    assertEquals("true", again.header("X-Idempotent-Replayed").orElse(""));
    assertEquals(started, again.data());
    Api ending = api().withKey(UUID.randomUUID());
    JsonNode ended = ending.post(END, about(task)).expect(200).data();
    pass(10);
    assertEquals(ended, ending.post(END, about(task)).expect(200).data());
    assertEquals(10, shown(task).get("focus_time_seconds").intValue());
  }

  @Test
  void FR_005_another_users_archived_or_completed_tasks_accept_no_focus_session() {
    String foreign = task(null);
    Api stranger = service.newUser().api();
    for (String path : List.of(START, END)) {
      stranger.post(path, about(foreign)).expect(403, "FORBIDDEN");
      stranger.post(path, about(UUID.randomUUID().toString())).expect(404, "NOT_FOUND");
      Api careless = stranger.invalidOnPurpose();
      careless.post(path, Map.of()).expect(400, "VALIDATION_ERROR");
      careless.post(path, Map.of("task_id", "7")).expect(400, "VALIDATION_ERROR");
    }
    Map<String, Object> body = new HashMap<>(about(foreign));
    body.put("duration_seconds", -1);
    api().invalidOnPurpose().post(END, body).expect(400, "VALIDATION_ERROR");
    String archived = task(null);
    api().patch(TASKS + archived, Map.of("archived", true)).expect(200);
    api().post(START, about(archived)).expect(409, "ARCHIVED");
    api().post(END, about(archived)).expect(409, "ARCHIVED");
    String done = task(null);
    api().patch(TASKS + done, Map.of("completed", true)).expect(200);
    api().post(START, about(done)).expect(409, "CONFLICT");
    api().post(END, about(done)).expect(409, "CONFLICT");
  }

  @Test
  void FR_045_completing_a_task_ends_its_focus_session_and_counts_the_running_time() {
    String task = task(25);
    start(task);
    pass(90);
    JsonNode completed = api().patch(TASKS + task, Map.of("completed", true)).expect(200).data();
    assertEquals(90, completed.get("focus_time_seconds").intValue());
    assertEquals(2, completed.get("version").intValue());
    JsonNode stored = shown(task);
    assertEquals(90, stored.get("focus_time_seconds").intValue());
    assertEquals(2, stored.get("version").intValue());
    assertEnded(90);
    // The next session on the reopened task shows that total.
    api().patch(TASKS + task, Map.of("completed", false)).expect(200);
    assertEquals(90, start(task).get("focus_time_seconds").intValue());
  }

  @Test
  void deleting_a_task_ends_its_focus_session_and_keeps_the_running_time() {
    String task = task(25);
    start(task);
    pass(90);
    api().delete(TASKS + task).expect(200);
    assertEquals(
        90,
        database.number(
            "select (snapshot #>> '{task,focus_time_seconds}')::int from tasks.deletion_tombstones"
                + " where entity_id = ?::uuid",
            task));
    assertEnded(90);
    start(task(null));
  }

  @Test
  void archiving_a_task_ends_its_focus_session() {
    String task = task(25);
    start(task);
    pass(90);
    JsonNode archived = api().patch(TASKS + task, Map.of("archived", true)).expect(200).data();
    assertEquals(90, archived.get("focus_time_seconds").intValue());
    assertEnded(90);
    // A hidden task is not read-only.
    String hidden = task(25);
    start(hidden);
    api().patch(TASKS + hidden, Map.of("hidden", true)).expect(200);
    assertFalse(api().get(ACTIVE).data().isNull());
  }

  @Test
  void completing_and_archiving_a_task_at_once_counts_its_focus_time_once() {
    String task = task(25);
    start(task);
    pass(90);
    api().patch(TASKS + task, Map.of("completed", true, "archived", true)).expect(200);
    assertEquals(90, shown(task).get("focus_time_seconds").intValue());
    assertEnded(90);
  }

  @Test
  void US12_a_focus_session_ends_when_its_estimate_is_over() {
    String task = task(25);
    start(task);
    pass(25 * 60 - 1);
    assertEquals(0, ran());
    // The worker is late: the session ends as of its limit.
    pass(3600);
    assertEquals(1, ran());
    assertEquals(25 * 60, shown(task).get("focus_time_seconds").intValue());
    assertEquals(2, shown(task).get("version").intValue());
    assertEnded(25 * 60);
    assertEquals(
        1,
        database.number(
            "select count(*) from tasks.focus_sessions where user_id = ? and ended_at = ?",
            userId,
            began.plusSeconds(25 * 60)));
    api().post(END, about(task)).expect(409, "CONFLICT");
  }

  @Test
  void US12_a_focus_session_without_an_estimate_ends_after_four_hours() {
    String task = task(null);
    start(task);
    pass(4 * 3600 - 1);
    assertEquals(0, ran());
    pass(1);
    assertEquals(1, ran());
    assertEquals(4 * 3600, shown(task).get("focus_time_seconds").intValue());
    assertEnded(4 * 3600);
  }

  @Test
  void a_job_that_runs_twice_ends_a_session_once() {
    String task = task(1);
    start(task);
    Map<String, @Nullable Object> job =
        database.row(
            "select job_key, payload::text from ops.job_queue"
                + " where user_id = ? and kind = 'focus_end'",
            userId);
    pass(60);
    assertEquals(1, ran());
    start(task);
    database.enqueue(
        userId,
        "focus_end",
        String.valueOf(job.get("job_key")),
        String.valueOf(job.get("payload")));
    assertEquals(1, ran());
    assertFalse(api().get(ACTIVE).data().isNull());
    assertEquals(60, shown(task).get("focus_time_seconds").intValue());
  }

  @Test
  void FR_017_a_focus_session_that_cannot_be_ended_never_stops_the_completion() {
    String task = task(25);
    start(task);
    pass(90);
    database.run("alter table tasks.focus_sessions rename column duration_seconds to renamed");
    try {
      JsonNode completed = api().patch(TASKS + task, Map.of("completed", true)).expect(200).data();
      assertEquals(90, completed.get("focus_time_seconds").intValue());
    } finally {
      database.run("alter table tasks.focus_sessions rename column renamed to duration_seconds");
    }
    assertEquals(90, shown(task).get("focus_time_seconds").intValue());
    assertFalse(api().get(ACTIVE).data().isNull());
    pass(1);
    service.runDueJobs();
    assertEquals(90, shown(task).get("focus_time_seconds").intValue());
    assertEnded(90);
  }

  /** Asserts that the system has ended the last session with that many seconds. */
  private void assertEnded(int seconds) {
    assertTrue(api().get(ACTIVE).expect(200).data().isNull());
    assertEquals(0, jobs());
    assertEquals(1, entries("focus_ended", "system"));
    assertEquals(
        1,
        database.number(
            "select count(*) from activity.activity_logs where user_id = ? and action = 'focus_ended'"
                + " and (metadata ->> 'seconds')::int = ?",
            userId,
            seconds));
  }

  private JsonNode start(String task) {
    return api().post(START, about(task)).expect(200).data();
  }

  private JsonNode end(String task, int seconds) {
    Map<String, Object> body = new HashMap<>(about(task));
    body.put("duration_seconds", seconds);
    return api().post(END, body).expect(200).data();
  }

  private static Map<String, String> about(String task) {
    return Map.of("task_id", task);
  }

  /** Signs in again, as some sessions are longer than the lifetime of a token. */
  private Api api() {
    return service.signIn(subject).api();
  }

  private static void pass(int seconds) {
    service.clock().advance(Duration.ofSeconds(seconds));
    database.makeDays(service.clock().instant());
  }

  /** Runs all due jobs; returns the number of completed jobs of this user. */
  private long ran() {
    long before = jobs();
    service.runDueJobs();
    return before - jobs();
  }

  private String task(@Nullable Integer estimate) {
    Map<String, Object> task = new HashMap<>(Map.of("title", "a"));
    if (estimate != null) {
      task.put("estimated_duration", estimate);
    }
    return api().post("/api/v1/tasks", task).expect(201).id();
  }

  private JsonNode shown(String task) {
    return api().get(TASKS + task).expect(200).data();
  }

  private long jobs() {
    return database.number(
        "select count(*) from ops.job_queue"
            + " where user_id = ? and kind = 'focus_end' and state = 'queued'",
        userId);
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
