package app.perpetua.flow.notifications;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.jobs.Backoff;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.jobs.JobMetrics;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.jobs.Lateness;
import app.perpetua.flow.jobs.Worker;
import app.perpetua.flow.notifications.PushService.Outcome;
import app.perpetua.flow.notifications.PushService.Push;
import app.perpetua.flow.notifications.PushService.Urgency;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class PushSendJobTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final MutableClock clock = new MutableClock();
  private final Ids ids = new Ids();
  private final Json json = new Json();
  private final Jobs jobs = new Jobs(ids, json);
  private final Notifications notifications =
      new Notifications(
          ids, jobs, new Pages("/dashboard/tasks/{task_id}", "/achievements", "/subscription"));
  private final PushSubscriptions subscriptions = new PushSubscriptions(ids);
  private final List<Push> pushed = new ArrayList<>();
  private final List<PushSendJob.Result> counted = new ArrayList<>();
  private final Db db =
      new Db(database.pool(6), SqlCatalog.load(), clock, Duration.ofMinutes(1), _ -> false);
  private final UUID user = database.newUser().save();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Timer lateness = Lateness.register(registry, "push.lateness", "");
  private Outcome outcome = new Outcome.Sent();

  @BeforeEach
  void noJobs() {
    database.run("delete from ops.job_queue");
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private List<Worker.Outcome> run(Optional<PushService> service) {
    PushSendJob handler = new PushSendJob(service, json, counted::add, lateness);
    Worker worker =
        new Worker(
            db,
            ids,
            Map.of(Notifications.PUSH_SEND, handler),
            new DailyJobs(jobs, Map.of()),
            new Backoff(new Random(1)),
            new JobMetrics(new SimpleMeterRegistry()),
            _ -> {},
            4);
    return worker.runDue().stream().map(Worker.Run::outcome).toList();
  }

  private List<Worker.Outcome> run() {
    return run(
        Optional.of(
            push -> {
              pushed.add(push);
              return outcome;
            }));
  }

  private void subscribe(String endpoint) {
    write(endpoint, null, null);
  }

  private void tell(Notification.Type type, String title, String body, @Nullable String url) {
    write(
        tx -> {
          notifications.add(tx, type, title, body, url, null, "k" + UUID.randomUUID(), true);
          return "";
        });
  }

  private void write(String endpoint, byte @Nullable [] p256dh, byte @Nullable [] auth) {
    write(
        tx ->
            subscriptions.save(
                tx,
                endpoint,
                p256dh == null ? new byte[65] : p256dh,
                auth == null ? new byte[16] : auth));
  }

  private <T> T write(java.util.function.Function<app.perpetua.flow.sql.Tx, T> work) {
    return db.write(
        Actor.user(user, "test"),
        tx -> {
          tx.lockOwner();
          return work.apply(tx);
        });
  }

  private long subscribed() {
    return database.number(
        "select count(*) from activity.push_subscriptions where user_id = ?", user);
  }

  private JsonNode payload(int index) {
    return json.parse(new String(pushed.get(index).payload(), StandardCharsets.UTF_8));
  }

  @Test
  void FR_056_each_browser_gets_title_body_and_address() {
    subscribe("https://push.example.com/1");
    subscribe("https://push.example.com/2");
    tell(Notification.Type.REMINDER, "Water", "the plants", "/tasks/1");
    clock.advance(Duration.ofMinutes(10));
    assertEquals(List.of(Worker.Outcome.DONE, Worker.Outcome.DONE), run());
    assertEquals(
        List.of("https://push.example.com/1", "https://push.example.com/2"),
        pushed.stream().map(Push::endpoint).sorted().toList());
    JsonNode payload = payload(0);
    assertEquals("Water", payload.get("title").stringValue());
    assertEquals("the plants", payload.get("body").stringValue());
    assertEquals("/tasks/1", payload.get("action_url").stringValue());
    assertEquals("reminder", payload.get("type").stringValue());
    UUID id =
        (UUID)
            database.row("select id from activity.notifications where user_id = ?", user).get("id");
    assertEquals(String.valueOf(id), payload.get("notification_id").stringValue());
    Push push = pushed.getFirst();
    assertEquals(Urgency.HIGH, push.urgency());
    assertEquals(Duration.ofDays(1).minusMinutes(10), push.timeToLive());
    assertTrue(push.topic().matches("[A-Za-z0-9_-]{22}"), push.topic());
    assertEquals(pushed.get(0).topic(), pushed.get(1).topic());
    assertEquals(List.of(PushSendJob.Result.SENT, PushSendJob.Result.SENT), counted);
  }

  @Test
  void SC_012_the_lateness_of_accepted_pushes_is_measured_from_the_notification_on() {
    subscribe("https://push.example.com/1");
    tell(Notification.Type.SYSTEM, "t", "", null);
    clock.advance(Duration.ofMinutes(1));
    outcome = new Outcome.Unavailable(Duration.ofSeconds(10), "503");
    run();
    assertEquals(0, lateness.count());
    clock.advance(Duration.ofMinutes(1));
    outcome = new Outcome.Sent();
    run();
    assertEquals(1, lateness.count());
    assertEquals(120, lateness.totalTime(TimeUnit.SECONDS));
  }

  @Test
  void only_reminders_have_high_urgency() {
    subscribe("https://push.example.com/1");
    tell(Notification.Type.ACHIEVEMENT, "t", "", null);
    run();
    assertEquals(Urgency.NORMAL, pushed.getFirst().urgency());
    assertTrue(payload(0).get("action_url").isNull());
  }

  @Test
  void the_longest_notification_fits_without_its_action_url() {
    subscribe("https://push.example.com/1");
    String hostile = "\u0001".repeat(500);
    tell(Notification.Type.SYSTEM, hostile, hostile, "/" + "x".repeat(4_000));
    run();
    assertTrue(pushed.getFirst().payload().length <= PushSendJob.MAX_PAYLOAD);
    assertTrue(payload(0).get("action_url").isNull());
    assertEquals(hostile, payload(0).get("body").stringValue());
  }

  @Test
  void FR_028b_only_the_expired_subscription_is_deleted() {
    subscribe("https://push.example.com/1");
    tell(Notification.Type.SYSTEM, "t", "", null);
    subscribe("https://push.example.com/2");
    outcome = new Outcome.Gone();
    assertEquals(List.of(Worker.Outcome.DONE), run());
    assertEquals(
        "https://push.example.com/2",
        database
            .row("select endpoint from activity.push_subscriptions where user_id = ?", user)
            .get("endpoint"));
    assertEquals(List.of(PushSendJob.Result.GONE), counted);
    assertEquals(
        1, database.number("select count(*) from activity.notifications where user_id = ?", user));
  }

  @Test
  void a_rejected_push_is_not_retried_and_keeps_the_subscription() {
    subscribe("https://push.example.com/1");
    tell(Notification.Type.SYSTEM, "t", "", null);
    outcome = new Outcome.Rejected("the push service says 413");
    assertEquals(List.of(Worker.Outcome.DONE), run());
    clock.advance(Duration.ofHours(3));
    assertEquals(List.of(), run());
    assertEquals(1, subscribed());
    assertEquals(List.of(PushSendJob.Result.REJECTED), counted);
  }

  @Test
  void a_push_is_dropped_after_five_attempts() {
    subscribe("https://push.example.com/1");
    tell(Notification.Type.SYSTEM, "t", "", null);
    outcome = new Outcome.Unavailable(Duration.ZERO, "the push service says 503");
    for (int attempt = 1; attempt <= 4; attempt++) {
      assertEquals(List.of(Worker.Outcome.FAILED), run());
      clock.advance(Duration.ofHours(1));
    }
    assertEquals(List.of(Worker.Outcome.DONE), run());
    clock.advance(Duration.ofHours(3));
    assertEquals(List.of(), run());
    assertEquals(5, pushed.size());
    assertEquals(
        List.of(
            PushSendJob.Result.RETRIED,
            PushSendJob.Result.RETRIED,
            PushSendJob.Result.RETRIED,
            PushSendJob.Result.RETRIED,
            PushSendJob.Result.DROPPED),
        counted);
    assertEquals(1, subscribed());
  }

  @Test
  void retry_after_is_respected() {
    subscribe("https://push.example.com/1");
    tell(Notification.Type.SYSTEM, "t", "", null);
    outcome = new Outcome.Unavailable(Duration.ofMinutes(40), "the push service says 429");
    assertEquals(List.of(Worker.Outcome.FAILED), run());
    clock.advance(Duration.ofMinutes(39));
    assertEquals(List.of(), run());
    clock.advance(Duration.ofMinutes(2));
    outcome = new Outcome.Sent();
    assertEquals(List.of(Worker.Outcome.DONE), run());
  }

  @ParameterizedTest
  @ValueSource(strings = {"activity.notifications", "activity.push_subscriptions"})
  void nothing_is_pushed_after_a_deletion(String table) {
    subscribe("https://push.example.com/1");
    tell(Notification.Type.SYSTEM, "t", "", null);
    database.run("delete from " + table + " where user_id = ?", user);
    assertEquals(List.of(Worker.Outcome.DONE), run());
    assertEquals(List.of(), pushed);
  }

  @Test
  void a_notification_older_than_a_day_is_not_pushed() {
    subscribe("https://push.example.com/1");
    tell(Notification.Type.SYSTEM, "t", "", null);
    clock.advance(Duration.ofDays(1));
    assertEquals(List.of(Worker.Outcome.DONE), run());
    assertEquals(List.of(), pushed);
  }

  @Test
  void without_keys_enqueued_jobs_end_without_effect() {
    subscribe("https://push.example.com/1");
    tell(Notification.Type.SYSTEM, "t", "", null);
    assertEquals(List.of(Worker.Outcome.DONE), run(Optional.empty()));
    assertEquals(1, subscribed());
  }

  @Test
  void promise_27_failures_are_logged_without_endpoint_or_text() {
    List<String> lines = new CopyOnWriteArrayList<>();
    Handler capture =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            lines.add(line.getMessage() + Arrays.toString(line.getParameters()));
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger("app.perpetua.flow");
    logger.addHandler(capture);
    try {
      subscribe("https://push.example.com/secret-endpoint");
      tell(Notification.Type.SYSTEM, "secret-title", "secret-body", null);
      outcome = new Outcome.Rejected("the push service says 413");
      run();
    } finally {
      logger.removeHandler(capture);
    }
    assertTrue(lines.toString().contains("the push service says 413"), lines::toString);
    assertFalse(lines.toString().contains("secret"), lines::toString);
  }

  @Test
  void promise_27_the_queue_contains_no_text() {
    subscribe("https://push.example.com/1");
    tell(Notification.Type.SYSTEM, "t", "", null);
    outcome = new Outcome.Unavailable(Duration.ZERO, "the push service says 503");
    run();
    Map<String, @Nullable Object> job =
        database.row("select payload, last_error from ops.job_queue where user_id = ?", user);
    assertEquals("the push service says 503", job.get("last_error"));
    assertEquals(2, json.parse(String.valueOf(job.get("payload"))).size());
    assertNull(json.parse(String.valueOf(job.get("payload"))).get("endpoint"));
  }
}
