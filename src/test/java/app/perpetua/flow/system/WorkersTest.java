package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.NextCommit;
import app.perpetua.flow.harness.NextCommit.Moment;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import app.perpetua.flow.sql.Eventually;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Promises 12 and 13 with processes: workers that share a queue are killed and frozen. The tests
 * shorten leases in the database instead of waiting for them; {@code -Dleases.real=true} waits,
 * {@code -Djobs=10000} lengthens the queue, {@code -Dpoison.kills=5} lets a job use all attempts.
 */
@Tag("system")
@Order(3)
class WorkersTest {
  private static final boolean REAL_LEASES = Boolean.getBoolean("leases.real");
  private static final int JOBS = Integer.getInteger("jobs", 600);
  private static final int KILLS = Integer.getInteger("poison.kills", 2);
  private static final int ATTEMPTS = 5;
  private static final int USERS = 6;

  /** Marks the handler's first statement, before which the claim has committed. */
  private static final String BEGIN = "/* owner.lock */";

  /** Marks the statement that ends the job, sent in one message with the effect and the commit. */
  private static final String END = "/* jobs.finish */";

  private static final Pattern ATTEMPT = Pattern.compile("\"attempt\":(\\d+)");

  private static final Duration LIMIT = Duration.ofSeconds(REAL_LEASES ? 150 : 60);

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  @AfterEach
  void invariants() {
    Eventually.within(LIMIT, () -> unfinished() == 0);
    Invariants.check(database);
  }

  /** Creates reminders and their jobs, due now. */
  private static void remind(UUID user, int count) {
    database.run(
        """
        with task as (
          insert into tasks.task_instances (id, user_id, title, created_at, updated_at)
          select gen_random_uuid(), id, 'task ' || n, now(), now()
          from auth.users, generate_series(1, ?) n where id = ?
          returning id, user_id
        ),
        counted as (update auth.users set open_tasks = open_tasks + ? where id = ?),
        reminder as (
          insert into tasks.reminders
            (id, user_id, task_id, type, scheduled_at, created_at, updated_at)
          select gen_random_uuid(), user_id, id, 'absolute', date_trunc('milliseconds', now()),
                 now(), now()
          from task
          returning id, user_id, task_id, scheduled_at
        )
        insert into ops.job_queue (id, user_id, kind, job_key, payload, run_at, created_at)
        select gen_random_uuid(), user_id, 'reminder_fire', id,
               jsonb_build_object('task_id', task_id), scheduled_at, now()
        from reminder
        """,
        count,
        user,
        count,
        user);
    database.rows("select pg_notify('perpetua_flow_jobs', '')");
  }

  /** The number of notifications; checks that each has an activity entry. */
  private static long notified(UUID user) {
    Map<String, @Nullable Object> counts =
        database.row(
            """
            select (select count(*) from activity.notifications where user_id = ?) as notified,
                   (select count(*) from activity.activity_logs
                    where user_id = ? and action = 'reminder_fired') as logged
            """,
            user,
            user);
    assertEquals(counts.get("notified"), counts.get("logged"));
    return ((Number) Objects.requireNonNull(counts.get("notified"))).longValue();
  }

  /** The numbers of the attempts in which the worker has finished jobs of the user. */
  private static List<Integer> finishedAttempts(Jar worker, UUID user) {
    return worker.out().stream()
        .filter(line -> line.contains("\"outcome\":\"done\"") && line.contains(user.toString()))
        .map(ATTEMPT::matcher)
        .filter(Matcher::find)
        .map(found -> Integer.valueOf(found.group(1)))
        .toList();
  }

  private static long unfinished() {
    return database.number(
        "select count(*) from ops.job_queue where state in ('queued', 'running')");
  }

  /** Expires all leases, as if half a minute had passed on the database's clock. */
  private static void passLeases() {
    if (!REAL_LEASES) {
      database.run(
          """
          update ops.job_queue
          set heartbeat_at = heartbeat_at - interval '31 seconds',
              lease_until = lease_until - interval '31 seconds'
          where state = 'running'
          """);
      // Workers have planned to look when the leases expire.
      database.rows("select pg_notify('perpetua_flow_jobs', '')");
    }
  }

  /** Starts a worker and waits until it has run all jobs, including daily work. */
  private static Jar worker(Map<String, String> environment) {
    Jar jar = stage.start(environment, "--role=worker").awaitReady();
    Eventually.within(
        LIMIT,
        () ->
            unfinished() == 0
                && database.number(
                        "select count(*) from ops.schedule_runs where finished_at is not null")
                    > 0);
    return jar;
  }

  private record Fault(String text, Moment moment, long notified, List<Integer> laterAttempts) {}

  @Test
  void promise_12_a_kill_after_the_claim_or_around_the_commit_leaves_one_effect() throws Exception {
    for (Fault fault :
        List.of(
            new Fault(BEGIN, Moment.BEFORE, 0, List.of(2)),
            new Fault(END, Moment.BEFORE, 0, List.of(2)),
            new Fault(END, Moment.AFTER, 1, List.of()))) {
      UUID user = database.newUser().save();
      NextCommit message = new NextCommit(fault.text());
      try (Tap tap = new Tap(stage.databaseAddress(), message)) {
        Jar killed = worker(stage.environmentThrough(tap.port()));
        message.when(
            fault.moment(),
            () -> {
              killed.kill();
              return false;
            });
        remind(user, 1);
        Eventually.within(LIMIT, () -> !killed.isAlive());
        Eventually.within(LIMIT, () -> notified(user) == fault.notified());
      }
      passLeases();
      try (Jar other = worker(stage.environment())) {
        Eventually.within(LIMIT, () -> unfinished() == 0);
        Eventually.within(LIMIT, () -> finishedAttempts(other, user).equals(fault.laterAttempts()));
        assertTrue(other.isAlive());
      }
      assertEquals(1, notified(user), fault.toString());
    }
  }

  @Test
  void promise_12_a_worker_that_was_frozen_past_its_lease_changes_nothing() throws Exception {
    UUID user = database.newUser().save();
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch resume = new CountDownLatch(1);
    NextCommit message = new NextCommit(BEGIN);
    try (Tap tap = new Tap(stage.databaseAddress(), message)) {
      Jar frozen = worker(stage.environmentThrough(tap.port()));
      message.when(
          Moment.BEFORE,
          () -> {
            started.countDown();
            return waited(resume);
          });
      remind(user, 1);
      assertTrue(waited(started));
      frozen.freeze();
      passLeases();
      Jar other = worker(stage.environment());
      Eventually.within(LIMIT, () -> unfinished() == 0);
      assertEquals(1, notified(user));
      resume.countDown();
      frozen.thaw();
      Eventually.within(
          LIMIT, () -> frozen.out().stream().anyMatch(line -> line.contains("was lost")));
      assertEquals(1, notified(user));
      Eventually.within(LIMIT, () -> finishedAttempts(other, user).equals(List.of(2)));
      other.kill();
      remind(user, 1);
      Eventually.within(LIMIT, () -> notified(user) == 2);
    }
  }

  @Test
  void promise_12_two_workers_run_each_job_once_even_if_one_is_killed() {
    List<UUID> users = Stream.generate(() -> database.newUser().save()).limit(USERS).toList();
    Jar killed = worker(stage.environment());
    Jar other = worker(stage.environment());
    users.forEach(user -> remind(user, JOBS / USERS));
    Eventually.within(
        LIMIT, () -> users.stream().mapToLong(WorkersTest::notified).sum() >= JOBS / 4);
    killed.kill();
    // Expires the leases of the other worker, too, which loses its running jobs.
    passLeases();
    Eventually.within(LIMIT, () -> unfinished() == 0);
    users.forEach(user -> assertEquals(JOBS / USERS, notified(user)));
    assertTrue(other.isAlive());
    assertEquals(0, database.number("select count(*) from ops.job_queue"));
  }

  @Test
  void promise_13_a_job_that_kills_its_worker_becomes_dead_and_others_run() throws Exception {
    UUID poisoned = database.newUser().save();
    UUID user = database.newUser().save();
    AtomicReference<Runnable> kill = new AtomicReference<>(() -> {});
    Tap.Hook hook =
        (_, direction, message) -> {
          boolean poison =
              direction == Tap.Direction.TO_SERVER
                  && new String(message, StandardCharsets.ISO_8859_1).contains(BEGIN)
                  && mentions(message, poisoned);
          if (poison) {
            Objects.requireNonNull(kill.get()).run();
          }
          return !poison;
        };
    try (Tap tap = new Tap(stage.databaseAddress(), hook)) {
      remind(poisoned, 1);
      database.run(
          "update ops.job_queue set attempts = ? where user_id = ?", ATTEMPTS - KILLS, poisoned);
      for (int i = 0; i < KILLS; i++) {
        remind(user, 10);
        Jar killed = stage.start(stage.environmentThrough(tap.port()), "--role=worker");
        kill.set(killed::kill);
        Eventually.within(LIMIT, () -> !killed.isAlive());
        passLeases();
      }
      Jar last = worker(stage.environmentThrough(tap.port()));
      kill.set(last::kill);
      Eventually.within(LIMIT, () -> unfinished() == 0);
      assertTrue(last.isAlive());
    }
    assertEquals(
        "dead",
        database.row("select state from ops.job_queue where user_id = ?", poisoned).get("state"));
    assertEquals(0, notified(poisoned));
    assertEquals(10L * KILLS, notified(user));
    database.run("delete from ops.job_queue where user_id = ?", poisoned);
    database.run("delete from tasks.reminders where user_id = ?", poisoned);
  }

  /** Whether a message contains the id, as text or in binary form. */
  private static boolean mentions(byte[] message, UUID id) {
    String bytes =
        new String(
            ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array(),
            StandardCharsets.ISO_8859_1);
    String sent = new String(message, StandardCharsets.ISO_8859_1);
    return sent.contains(bytes) || sent.contains(id.toString());
  }

  private static boolean waited(CountDownLatch latch) {
    try {
      return latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
