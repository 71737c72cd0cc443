package app.perpetua.flow.reminders;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.jobs.Worker;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** A listener that fails in the running service. */
class ReminderReactionApiTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  private static final List<String> sent = new CopyOnWriteArrayList<>();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).observedBy(ReminderReactionApiTest::record);

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();
  private final Instant due = service.clock().instant().plus(Duration.ofHours(2));
  private final Instant later = due.plus(Duration.ofHours(1));

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_017_a_listener_that_fails_at_once_never_stops_the_change() {
    String task = task();
    String reminder = reminder(task);
    UUID key = UUID.randomUUID();
    database.run("alter table tasks.reminders rename column method to method_gone");
    try {
      assertMoved(task, key);
    } finally {
      database.run("alter table tasks.reminders rename column method_gone to method");
    }
    assertRetried(task, reminder, key);
  }

  @Test
  void FR_017_a_listener_whose_statement_fails_at_the_commit_never_stops_the_change() {
    String task = task();
    String reminder = reminder(task);
    UUID key = UUID.randomUUID();
    database.run(
        """
        create or replace function refuse() returns trigger language plpgsql as $$
        begin
          raise exception 'no' using errcode = '23514', constraint = 'made_up';
        end $$
        """);
    database.run(
        "create trigger refuse before update on tasks.reminders for each row execute function refuse()");
    try {
      assertMoved(task, key);
    } finally {
      database.run("drop trigger refuse on tasks.reminders");
    }
    assertRetried(task, reminder, key);
  }

  @Test
  void a_retried_listener_uses_the_current_due_date() {
    String task = task();
    String reminder = reminder(task);
    database.run("alter table tasks.reminders rename column method to method_gone");
    try {
      assertMoved(task, UUID.randomUUID());
    } finally {
      database.run("alter table tasks.reminders rename column method_gone to method");
    }
    Instant latest = later.plus(Duration.ofHours(1));
    api.patch("/api/v1/tasks/" + task, Map.of("version", 2, "due_date", Json.instant(latest)))
        .expect(200);
    service.runDueJobs();
    assertEquals(latest.minusSeconds(600), scheduled(reminder));
    assertEquals(1, entries("reminder_updated"));
  }

  @Test
  void a_retried_cancellation_spares_the_jobs_of_a_restored_task() {
    String task = task();
    String reminder = reminder(task);
    database.run(
        """
        create or replace function refuse() returns trigger language plpgsql as $$
        begin
          raise exception 'no' using errcode = '23514', constraint = 'made_up';
        end $$
        """);
    database.run(
        "create trigger refuse before delete on ops.job_queue for each row execute function refuse()");
    String tombstone;
    try {
      tombstone =
          api.delete("/api/v1/tasks/" + task).expect(200).data().get("tombstone_id").stringValue();
    } finally {
      database.run("drop trigger refuse on ops.job_queue");
    }
    api.post("/api/v1/tasks/recover/" + tombstone).expect(200);
    List<Worker.Run> ran = service.runDueJobs();
    assertEquals(1, ran.stream().filter(job -> job.kind().equals("handler_retry")).count());
    assertEquals(
        1,
        database.number(
            "select count(*) from ops.job_queue where job_key = ? and state = 'queued'", reminder));
  }

  @Test
  void a_change_without_a_new_due_date_reads_no_reminders() {
    String task = task();
    reminder(task);
    sent.clear();
    api.patch("/api/v1/tasks/" + task, Map.of("version", 1, "title", "b")).expect(200);
    api.patch("/api/v1/tasks/" + task, Map.of("completed", true)).expect(200);
    assertFalse(sent.toString().contains("reminders."), "reminders were read");
    api.patch("/api/v1/tasks/" + task, Map.of("version", 3, "due_date", Json.instant(later)))
        .expect(200);
    assertTrue(sent.toString().contains("reminders.list_relative"), "no query for reminders");
  }

  private void assertMoved(String task, UUID key) {
    Map<String, Object> patch = Map.of("version", 1, "due_date", Json.instant(later));
    JsonNode answer = api.withKey(key).patch("/api/v1/tasks/" + task, patch).expect(200).data();
    assertEquals(Json.instant(later), answer.get("due_date").stringValue());
    assertEquals(2, answer.get("version").intValue());
    Api.Answer again = api.withKey(key).patch("/api/v1/tasks/" + task, patch).expect(200);
    assertEquals("true", again.header("X-Idempotent-Replayed").orElse(""));
    assertEquals(answer, again.data());
    assertEquals(1, entries("task_updated"));
    assertTrue(metric() > 0);
  }

  private void assertRetried(String task, String reminder, UUID key) {
    assertEquals(due.minusSeconds(600), scheduled(reminder));
    List<Worker.Run> ran = service.runDueJobs();
    assertEquals(1, ran.stream().filter(job -> job.kind().equals("handler_retry")).count());
    assertEquals(later.minusSeconds(600), scheduled(reminder));
    assertEquals(0, service.runDueJobs().size());
    assertEquals(1, entries("reminder_updated"));
    assertEquals(1, entries("task_updated"));
    api.get("/api/v1/tasks/" + task).expect(200);
    assertEquals(
        1,
        database.number(
            "select count(*) from ops.idempotency_keys where user_id = ? and key = ?",
            user.userId(),
            key));
  }

  private String task() {
    return api.post("/api/v1/tasks", Map.of("title", "a", "due_date", Json.instant(due)))
        .expect(201)
        .id();
  }

  private String reminder(String task) {
    return api.post(
            "/api/v1/tasks/" + task + "/reminders", Map.of("type", "before", "offset_minutes", 10))
        .expect(201)
        .id();
  }

  private Instant scheduled(String reminder) {
    return Instant.parse(
        api.get("/api/v1/reminders/" + reminder).data().get("scheduled_at").stringValue());
  }

  private double metric() {
    return service
        .api()
        .get("/metrics")
        .text()
        .lines()
        .filter(line -> line.startsWith("reaction_failures_total{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private long entries(String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        user.userId(),
        action);
  }

  private static boolean record(int connection, Tap.Direction direction, byte[] message) {
    if (direction == Tap.Direction.TO_SERVER) {
      sent.add(new String(message, StandardCharsets.ISO_8859_1));
    }
    return true;
  }
}
