package app.perpetua.flow.jobs;

import static app.perpetua.flow.jobs.JobsFixture.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.sql.connection.Listener;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class JobsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Instant NOW = MutableClock.START;
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final JobsFixture on = new JobsFixture(database);
  private final UUID user = database.newUser().save();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  /** An effect whose number of executions can be read. */
  private static void effect(Tx tx) {
    tx.sql("events.append_activity")
        .bind("id", UUID.randomUUID())
        .bind("entity_type", "task")
        .bind("entity_id", null)
        .bind("action", "effect")
        .bind("source", "system")
        .bind("metadata", "{}")
        .bind("request_id", null)
        .run();
  }

  private long effects() {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = 'effect'",
        user);
  }

  private static List<Worker.Outcome> outcomes(List<Worker.Run> ran) {
    return ran.stream().map(Worker.Run::outcome).toList();
  }

  @Test
  void promise_12_two_workers_run_a_thousand_jobs_each_once_and_leave_none() {
    database.run(
        """
        insert into ops.job_queue (id, user_id, kind, job_key, run_at, created_at)
        select gen_random_uuid(), case when n % 10 = 0 then ?::uuid end, 'count', n::text, ?, ?
        from generate_series(1, 1000) as n
        """,
        user, NOW, NOW);
    TransactionalHandler count =
        (tx, job) -> {
          assertEquals(1, job.attempt());
          if (tx.actor().userId() != null) {
            effect(tx);
          }
          return done();
        };
    try (Worker one = on.worker(Map.of("count", count));
        Worker other = on.worker(Map.of("count", count))) {
      one.start();
      other.start();
      Eventually.within(LIMIT, () -> database.number("select count(*) from ops.job_queue") == 0);
    }
    assertEquals(100, effects());
    assertEquals(1000, on.runs.size());
    assertTrue(on.runs.stream().allMatch(ran -> ran.outcome() == Worker.Outcome.DONE));
  }

  @Test
  void promise_12_the_job_of_a_killed_worker_runs_in_another() {
    on.enqueue(user, "touch", "a");
    on.claimAndDie("touch");
    List<Worker.Run> ran =
        on.worker(
                Map.of(
                    "touch",
                    (tx, job) -> {
                      assertEquals(2, job.attempt());
                      effect(tx);
                      return done();
                    }))
            .runDue();
    assertEquals(List.of(Worker.Outcome.DONE), outcomes(ran));
    assertEquals(1, effects());
  }

  @Test
  void promise_12_the_work_of_a_lost_connection_happens_once() {
    on.enqueue(user, "touch", "a");
    AtomicInteger runs = new AtomicInteger();
    Worker worker =
        on.worker(
            Map.of(
                "touch",
                (tx, _) -> {
                  effect(tx);
                  if (runs.incrementAndGet() == 1) {
                    database.rows(
                        """
                        select pg_terminate_backend(pid) from pg_stat_activity
                        where datname = current_database() and state = 'idle in transaction'
                        """);
                  }
                  return done();
                }));
    assertEquals(List.of(Worker.Outcome.FAILED), outcomes(worker.runDue()));
    on.clock.advance(Duration.ofMinutes(1));
    assertEquals(List.of(Worker.Outcome.DONE), outcomes(worker.runDue()));
    assertEquals(1, effects());
  }

  static Stream<TransactionalHandler.Next> ends() {
    return Stream.of(
        done(),
        new TransactionalHandler.Next.Snooze(NOW.plusSeconds(60)),
        new TransactionalHandler.Next.Retry(Duration.ZERO, "busy"));
  }

  @ParameterizedTest
  @MethodSource("ends")
  void promise_12_a_worker_that_was_frozen_past_its_lease_changes_nothing(
      TransactionalHandler.Next end) throws Exception {
    on.enqueue(null, "freeze", "a");
    CountDownLatch frozen = new CountDownLatch(1);
    CountDownLatch wakes = new CountDownLatch(1);
    AtomicInteger runs = new AtomicInteger();
    TransactionalHandler handler =
        (tx, _) -> {
          boolean first = runs.incrementAndGet() == 1;
          if (first) {
            frozen.countDown();
            await(wakes);
          }
          // Locks the user only after the wait, so that the second run does not wait for this one.
          effect(tx.actingFor(user));
          return first ? end : done();
        };
    Worker slow = on.worker(Map.of("freeze", handler));
    List<Worker.Run> slowly = new ArrayList<>();
    Thread thread = Thread.ofVirtual().start(() -> slowly.addAll(slow.runDue()));
    assertTrue(frozen.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
    on.expireLeases();
    assertEquals(
        List.of(Worker.Outcome.DONE), outcomes(on.worker(Map.of("freeze", handler)).runDue()));
    wakes.countDown();
    thread.join();
    assertEquals(List.of(Worker.Outcome.LOST), outcomes(slowly));
    assertEquals(1, effects());
    assertTrue(on.isFinished("a"));
  }

  @Test
  void promise_13_a_job_that_kills_its_worker_becomes_dead_and_others_run() {
    on.enqueue(null, "poison", "p");
    on.enqueue(null, "fine", "f");
    for (int i = 0; i < 5; i++) {
      assertEquals(i + 1, on.claimAndDie("poison").attempt());
      new Lease(on.db, on.ids, Set.of("poison")).rescue();
    }
    assertEquals("dead", on.state("p"));
    assertEquals(
        List.of(Worker.Outcome.DONE),
        outcomes(on.worker(Map.of("poison", (_, _) -> done(), "fine", (_, _) -> done())).runDue()));
  }

  @Test
  void promise_13_a_worker_reports_a_job_that_died_in_another_worker() {
    on.enqueue(null, "poison", "p");
    database.run("update ops.job_queue set attempts = 4");
    on.claimAndDie("poison");
    assertEquals(List.of(), on.worker(Map.of("poison", (_, _) -> done())).runDue());
    assertEquals(List.of(Worker.Outcome.DEAD), outcomes(on.runs));
  }

  @Test
  void a_failing_job_is_retried_with_backoff_then_dead_until_an_operator_retries_it() {
    on.enqueue(user, "fail", "a");
    AtomicInteger fails = new AtomicInteger(5);
    Worker worker =
        on.worker(
            Map.of(
                "fail",
                (tx, _) -> {
                  effect(tx);
                  if (fails.getAndDecrement() > 0) {
                    throw new IllegalStateException("not now");
                  }
                  return done();
                }));
    for (Duration step :
        List.of(
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ofMinutes(5),
            Duration.ofMinutes(30))) {
      assertEquals(List.of(Worker.Outcome.FAILED), outcomes(worker.runDue()));
      Instant next = (Instant) Objects.requireNonNull(on.job("a").get("run_at"));
      Duration delay = Duration.between(on.clock.instant(), next);
      assertTrue(delay.compareTo(step.multipliedBy(8).dividedBy(10)) >= 0, () -> "delay " + delay);
      assertTrue(delay.compareTo(step.multipliedBy(12).dividedBy(10)) <= 0, () -> "delay " + delay);
      assertEquals(List.of(), worker.runDue());
      on.clock.set(next);
    }
    assertEquals(List.of(Worker.Outcome.DEAD), outcomes(worker.runDue()));
    DeadJobs deadJobs = new DeadJobs();
    List<DeadJobs.DeadJob> dead = on.db.write(Actor.system(null), tx -> deadJobs.list(tx, 10));
    assertEquals(1, dead.size());
    assertEquals("IllegalStateException: not now", dead.getFirst().error());
    assertEquals(user, dead.getFirst().userId());
    assertEquals(0, effects());

    assertEquals(1, on.db.write(Actor.system(null), deadJobs::retry));
    assertEquals(List.of(Worker.Outcome.DONE), outcomes(worker.runDue()));
    assertEquals(1, effects());
  }

  @Test
  void a_dead_job_is_not_retried_while_another_of_its_key_is_unfinished() {
    on.enqueue(user, "fail", "a");
    database.run("update ops.job_queue set state = 'dead', finished_at = ?, attempts = 5", NOW);
    on.enqueue(user, "fail", "a");
    assertEquals(0, on.db.write(Actor.system(null), new DeadJobs()::retry));
    assertEquals(2, database.number("select count(*) from ops.job_queue"));
  }

  @Test
  void backoff_has_a_jitter_of_20_percent_and_is_at_most_two_hours() {
    Backoff backoff = new Backoff(new Random(3));
    int[] seconds = {10, 60, 300, 1_800, 7_200, 7_200};
    for (int attempt = 1; attempt <= seconds.length; attempt++) {
      double step = seconds[attempt - 1] * 1_000.0;
      double[] delays = new double[200];
      for (int i = 0; i < delays.length; i++) {
        delays[i] = backoff.after(attempt).toMillis() / step;
      }
      Arrays.sort(delays);
      assertTrue(delays[0] >= 0.8 && delays[0] < 0.85, "shortest " + delays[0]);
      assertTrue(delays[199] <= 1.2 && delays[199] > 1.15, "longest " + delays[199]);
    }
  }

  @Test
  void keys_are_unique_among_unfinished_jobs() {
    on.enqueue(user, "touch", "a");
    on.enqueue(user, "touch", "a");
    on.enqueue(user, "other", "a");
    Worker worker = on.worker(Map.of("touch", (_, _) -> done(), "other", (_, _) -> done()));
    assertEquals(2, worker.runDue().size());
    on.enqueue(user, "touch", "a");
    assertEquals(1, worker.runDue().size());
  }

  @Test
  void a_job_is_enqueued_only_if_the_change_commits() {
    assertThrows(
        IllegalStateException.class,
        () ->
            on.write(
                user,
                tx -> {
                  on.jobs.enqueue(tx, "touch", "a", tx.now(), Map.of());
                  throw new IllegalStateException("no");
                }));
    assertEquals(0, database.number("select count(*) from ops.job_queue"));
  }

  @Test
  void a_job_runs_at_its_time_and_can_be_rescheduled_and_cancelled() {
    Worker worker = on.worker(Map.of("touch", (_, _) -> done()));
    on.write(user, tx -> on.jobs.enqueue(tx, "touch", "a", NOW.plusSeconds(60), Map.of("x", "y")));
    assertEquals(List.of(), worker.runDue());
    on.write(user, tx -> on.jobs.reschedule(tx, "touch", "a", NOW.plusSeconds(120)));
    on.clock.advance(Duration.ofSeconds(60));
    assertEquals(List.of(), worker.runDue());
    UUID other = database.newUser().save();
    on.write(other, tx -> on.jobs.cancel(tx, "touch", "a"));
    on.clock.advance(Duration.ofSeconds(60));
    assertEquals(List.of(Worker.Outcome.DONE), outcomes(worker.runDue()));
    on.enqueue(user, "touch", "b");
    on.write(user, tx -> on.jobs.cancel(tx, "touch", "b"));
    assertEquals(List.of(), worker.runDue());
  }

  @Test
  void snoozing_does_not_count_as_an_attempt() {
    on.enqueue(null, "steps", "a");
    AtomicInteger left = new AtomicInteger(7);
    List<Worker.Run> ran =
        on.worker(
                Map.of(
                    "steps",
                    (tx, job) -> {
                      assertEquals(1, job.attempt());
                      assertEquals("{\"n\": 1}", job.payload());
                      return left.decrementAndGet() == 0
                          ? done()
                          : new TransactionalHandler.Next.Snooze(tx.now());
                    }))
            .runDue();
    assertEquals(7, ran.size());
    assertEquals(Worker.Outcome.DONE, ran.getLast().outcome());
  }

  @Test
  void a_job_of_a_user_acts_for_that_user_with_the_system_as_source() {
    on.enqueue(user, "who", "a");
    List<Worker.Run> ran =
        on.worker(
                Map.of(
                    "who",
                    (tx, _) -> {
                      assertEquals(user, tx.userId());
                      assertEquals(Actor.Source.SYSTEM, tx.actor().source());
                      assertNotNull(tx.owner());
                      return done();
                    }))
            .runDue();
    assertEquals(List.of(Worker.Outcome.DONE), outcomes(ran));
  }

  @Test
  void a_job_of_a_deleted_user_is_deleted() {
    on.enqueue(user, "who", "a");
    database.run("delete from auth.users where id = ?", user);
    assertEquals(List.of(), on.worker(Map.of("who", (_, _) -> done())).runDue());
  }

  @Test
  void a_job_of_an_unknown_kind_is_not_claimed() {
    on.enqueue(null, "unheard_of", "a");
    assertEquals(List.of(), on.worker(Map.of("touch", (_, _) -> done())).runDue());
    assertEquals("queued", on.state("a"));
  }

  @Test
  void notify_wakes_a_worker_and_its_listener_reconnects() {
    Semaphore notified = new Semaphore(0);
    try (Listener listener = new Listener(database.config(), Jobs.CHANNEL, notified::release)) {
      assertNotNull(listener);
      assertTrue(acquire(notified));
      on.write(user, tx -> on.jobs.enqueue(tx, "x", "later", NOW.plusSeconds(121), Map.of()));
      assertFalse(notified.tryAcquire());
      on.enqueue(user, "x", "now");
      assertTrue(acquire(notified));
      database.rows(
          """
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'perpetua-flow listener'
          """);
      assertTrue(acquire(notified));
      on.enqueue(null, "x", "again");
      assertTrue(acquire(notified));
    }
  }

  @Test
  void a_stopping_worker_finishes_running_jobs_and_claims_no_more() throws Exception {
    on.enqueue(null, "slow", "a");
    CountDownLatch runs = new CountDownLatch(1);
    CountDownLatch goesOn = new CountDownLatch(1);
    Worker worker =
        on.worker(
            Map.of(
                "slow",
                (_, _) -> {
                  runs.countDown();
                  await(goesOn);
                  return done();
                }));
    worker.start();
    assertTrue(runs.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
    worker.stopClaiming();
    on.enqueue(null, "slow", "b");
    Thread closing = Thread.ofVirtual().start(worker::close);
    goesOn.countDown();
    closing.join();
    assertTrue(on.isFinished("a"));
    assertEquals("queued", on.state("b"));
  }

  @Test
  void a_stopping_worker_releases_unfinished_jobs() throws Exception {
    on.enqueue(null, "endless", "a");
    CountDownLatch runs = new CountDownLatch(1);
    Worker worker =
        on.worker(
            Map.of(
                "endless",
                (_, _) -> {
                  runs.countDown();
                  await(new CountDownLatch(1));
                  return done();
                }));
    worker.start();
    assertTrue(runs.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
    worker.close();
    Eventually.within(LIMIT, () -> on.state("a").equals("queued"));
    assertEquals(0, on.job("a").get("attempts"));
  }

  @Test
  void a_heartbeat_extends_held_leases_only() {
    on.enqueue(null, "x", "a");
    Lease lease = new Lease(on.db, on.ids, Set.of("x"));
    Job job = lease.claim(1, 0, false).jobs().getFirst();
    on.expireLeases();
    lease.extend(List.of(job));
    assertTrue(lease.rescue().isEmpty());
    on.expireLeases();
    assertFalse(lease.rescue().orElseThrow().dead());
    lease.extend(List.of(job));
    assertEquals("queued", on.state("a"));
  }

  @Test
  void FR_066_the_queue_is_measured() {
    on.enqueue(null, "x", "a");
    on.enqueue(null, "x", "b");
    new Lease(on.db, on.ids, Set.of("x")).claim(1, 0, false);
    on.clock.advance(Duration.ofSeconds(90));
    JobMetrics metrics = new JobMetrics(on.registry);
    metrics.register(on.db);
    assertEquals(1, on.registry.get("jobs").tag("state", "due").gauge().value());
    assertEquals(1, on.registry.get("jobs").tag("state", "running").gauge().value());
    assertEquals(0, on.registry.get("jobs").tag("state", "dead").gauge().value());
    assertEquals(90, on.registry.get("job.overdue").gauge().value());
    metrics.accept(new Worker.Run("x", Worker.Outcome.FAILED, Duration.ofMillis(5)));
    assertEquals(
        1, on.registry.get("job.runs").tags("kind", "x", "outcome", "failed").timer().count());
  }

  @Test
  void jobs_finished_by_an_earlier_release_are_deleted_after_a_week_and_dead_ones_stay() {
    for (String key : List.of("a", "b", "c", "dead", "young")) {
      on.enqueue(null, "x", key);
    }
    database.run("update ops.job_queue set state = 'done', finished_at = ?", NOW);
    database.run("update ops.job_queue set state = 'dead' where job_key = 'dead'");
    database.run(
        "update ops.job_queue set finished_at = ? where job_key = 'young'", NOW.plusSeconds(1));
    on.clock.advance(Duration.ofDays(7).plusMillis(1));
    assertEquals(2, delete(2));
    assertEquals(1, delete(2));
    assertEquals(2, database.number("select count(*) from ops.job_queue"));
  }

  private int delete(int batch) {
    return on.db.write(Actor.system(null), tx -> on.jobs.deleteFinished(tx, batch));
  }

  private static boolean acquire(Semaphore semaphore) {
    try {
      return semaphore.tryAcquire(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
