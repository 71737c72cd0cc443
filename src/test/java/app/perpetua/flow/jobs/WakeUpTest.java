package app.perpetua.flow.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.connection.Listener;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** FR-110: workers sleep while nothing is due, and yet start every job in time. */
class WakeUpTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Less than a sleep, and much more than a busy machine takes. */
  private static final Duration STARTS = Duration.ofSeconds(30);

  private static final Instant NOW = MutableClock.START;
  private static final String KIND = "touch";

  /** Sooner than a worker that has just claimed would ask the queue again. */
  private static final Instant SOON = NOW.plusSeconds(119);

  private final UUID user = database.newUser().save();
  private JobsFixture on;
  private @Nullable Job job;

  @BeforeEach
  void fixture() {
    on = new JobsFixture(database);
  }

  /** A job that another worker runs. */
  private static Job claimed(JobsFixture on, UUID user) {
    on.enqueue(user, KIND, "a");
    return lease(on).claim(1, 0, false).jobs().getFirst();
  }

  private static Lease lease(JobsFixture on) {
    return new Lease(on.db, on.ids, Set.of(KIND));
  }

  private static void finish(JobsFixture on, Job job, TransactionalHandler.Next next) {
    on.write(
        null,
        tx -> lease(on).finish(tx, job, next, Duration.ofSeconds(10), Lease.Effects.IN_DATABASE));
  }

  record Way(Consumer<WakeUpTest> prepare, Consumer<WakeUpTest> queue) {}

  static Stream<Named<Way>> ways() {
    return Stream.of(
        Named.of("enqueue", new Way(_ -> {}, t -> t.enqueue(t.user, SOON))),
        Named.of("enqueue for the system", new Way(_ -> {}, t -> t.enqueue(null, SOON))),
        Named.of(
            "reschedule",
            new Way(
                t -> t.enqueue(t.user, NOW.plusSeconds(3_600)),
                t -> t.on.write(t.user, tx -> t.on.jobs.reschedule(tx, KIND, "a", SOON)))),
        Named.of(
            "snooze",
            new Way(
                t -> t.job = claimed(t.on, t.user),
                t -> finish(t.on, t.job(), new TransactionalHandler.Next.Snooze(SOON)))),
        Named.of(
            "retry",
            new Way(
                t -> t.job = claimed(t.on, t.user),
                t ->
                    finish(
                        t.on,
                        t.job(),
                        new TransactionalHandler.Next.Retry(Duration.ofSeconds(119), "busy")))),
        Named.of(
            "release",
            new Way(
                t -> t.job = claimed(t.on, t.user), t -> lease(t.on).release(List.of(t.job())))),
        Named.of(
            "rescue",
            new Way(
                t -> {
                  t.job = claimed(t.on, t.user);
                  t.on.expireLeases();
                },
                t -> assertFalse(lease(t.on).rescue().orElseThrow().dead()))),
        Named.of(
            "retry of dead jobs",
            new Way(
                t -> {
                  t.enqueue(t.user, NOW);
                  database.run(
                      "update ops.job_queue set state = 'dead', attempts = 5, finished_at = ?",
                      NOW);
                },
                t -> assertEquals(1, t.on.db.write(Actor.system(null), new DeadJobs()::retry)))));
  }

  private Job job() {
    return Objects.requireNonNull(job);
  }

  private void enqueue(@Nullable UUID owner, Instant runAt) {
    on.write(owner, tx -> on.jobs.enqueue(tx, KIND, "a", runAt, Map.of()));
  }

  @ParameterizedTest
  @MethodSource("ways")
  void FR_110_whatever_makes_a_job_due_before_the_next_claim_notifies_the_workers(Way way) {
    way.prepare().accept(this);
    Semaphore notified = new Semaphore(0);
    try (Listener listener = new Listener(database.config(), Jobs.CHANNEL, notified::release)) {
      assertTrue(acquire(notified), "connected");
      Eventually.within(LIMIT, listener::isListening);
      notified.drainPermits();
      way.queue().accept(this);
      assertTrue(acquire(notified));
      assertEquals("queued", on.state("a"));
    }
  }

  @Test
  void FR_110_a_job_that_is_due_later_wakes_nobody() {
    Semaphore notified = new Semaphore(0);
    try (Listener listener = new Listener(database.config(), Jobs.CHANNEL, notified::release)) {
      assertTrue(acquire(notified), "connected");
      Eventually.within(LIMIT, listener::isListening);
      enqueue(user, NOW.plusSeconds(121));
      on.write(user, tx -> on.jobs.reschedule(tx, KIND, "a", NOW.plusSeconds(122)));
      assertFalse(notified.tryAcquire());
      // Notifications arrive in the order of the commits.
      on.enqueue(null, KIND, "due");
      assertTrue(acquire(notified));
      assertFalse(notified.tryAcquire());
    }
  }

  @Test
  void FR_110_a_claim_tells_when_the_next_one_is_worth_its_while() {
    Lease lease = lease(on);
    Lease.Claim none = lease.claim(2, 0, true);
    assertEquals(List.of(), none.jobs());
    assertFalse(none.limited());
    assertNull(none.nextRunAt());
    assertNull(none.leaseLeft());

    enqueue(user, NOW.plusSeconds(90));
    on.write(user, tx -> on.jobs.enqueue(tx, "of_a_newer_release", "x", NOW, Map.of()));
    assertEquals(NOW.plusSeconds(90), lease.claim(2, 0, true).nextRunAt());

    for (String key : List.of("1", "2", "3")) {
      on.enqueue(user, KIND, key);
    }
    Lease.Claim limited = lease.claim(2, 0, true);
    assertEquals(2, limited.jobs().size());
    assertTrue(limited.limited());
    Lease.Claim rest = lease.claim(2, 0, true);
    assertEquals(1, rest.jobs().size());
    assertFalse(rest.limited());
    assertEquals(NOW.plusSeconds(90), rest.nextRunAt());
    Duration left = Objects.requireNonNull(rest.leaseLeft());
    assertTrue(left.compareTo(Lease.LENGTH) <= 0);
    assertTrue(left.isPositive());
    on.expireLeases();
    assertTrue(lease.claim(2, 0, true).leaseExpired());
    assertNull(lease.claim(2, 0, false).leaseLeft());
  }

  @Test
  void FR_110_a_sleeping_worker_starts_a_job_when_the_clock_reaches_it() {
    enqueue(user, NOW.plus(Duration.ofDays(1)));
    try (Worker worker = on.worker(Map.of(KIND, (_, _) -> JobsFixture.done()))) {
      worker.start(() -> true);
      Eventually.within(LIMIT, () -> claims() > 0);
      on.clock.advance(Duration.ofDays(1));
      Eventually.within(STARTS, () -> on.isFinished("a"));
    }
  }

  @Test
  void FR_110_a_sleeping_worker_starts_a_job_of_which_it_was_not_told_when_the_clock_is_moved() {
    try (Worker worker = on.worker(Map.of(KIND, (_, _) -> JobsFixture.done()))) {
      worker.start(() -> true);
      Eventually.within(LIMIT, () -> claims() > 0);
      enqueue(user, NOW.plus(Duration.ofHours(1)));
      on.clock.advance(Duration.ofDays(1));
      Eventually.within(STARTS, () -> on.isFinished("a"));
    }
  }

  @Test
  void FR_110_a_sleeping_worker_starts_the_daily_work_of_a_new_day() {
    try (Worker worker =
        on.worker(on.db, Map.of(), Map.of("daily", (_, _, _) -> Optional.empty()))) {
      worker.start(() -> true);
      Eventually.within(LIMIT, () -> done() == 1);
      on.clock.advance(Duration.ofDays(1));
      Eventually.within(STARTS, () -> done() == 2);
    }
  }

  @Test
  void promise_12_a_sleeping_worker_runs_the_jobs_of_a_dead_one_one_after_the_other() {
    for (String key : List.of("a", "b", "c")) {
      on.enqueue(user, KIND, key);
    }
    assertEquals(3, lease(on).claim(3, 0, false).jobs().size());
    on.expireLeases();
    try (Worker worker = on.worker(Map.of(KIND, (_, _) -> JobsFixture.done()))) {
      worker.start(() -> true);
      Eventually.within(STARTS, () -> done() == 3);
    }
  }

  private long done() {
    return on.runs.stream().filter(run -> run.outcome() == Worker.Outcome.DONE).count();
  }

  /** Number of claims so far by connections that are still open. */
  private static long claims() {
    return database.number(
        """
        select count(*) from pg_stat_activity
        where datname = current_database() and query like '/* jobs.claim_due */%'
        """);
  }

  private static boolean acquire(Semaphore semaphore) {
    try {
      return semaphore.tryAcquire(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
