package app.perpetua.flow.jobs;

import static app.perpetua.flow.jobs.JobsFixture.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Jobs with a call to another company between two transactions. */
class TwoPhaseHandlerTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final JobsFixture on = new JobsFixture(database);
  private final UUID user = database.newUser().save();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  /** Writes an activity entry in each transaction and records the phases. */
  private static final class RecordingHandler implements TwoPhaseHandler<String, String> {
    final List<String> phases = new ArrayList<>();
    UnaryOperator<String> answer = input -> input + "!";
    Supplier<Prepared<String>> first = () -> new Prepared.Call<>("input");
    Supplier<TransactionalHandler.Next> next = JobsFixture::done;

    @Override
    public synchronized Prepared<String> prepare(Tx tx, Job job) {
      phases.add("prepare");
      entry(tx, "begun");
      return first.get();
    }

    @Override
    public String call(String input) throws InterruptedException {
      synchronized (this) {
        phases.add("call");
      }
      String result = answer.apply(input);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      return result;
    }

    @Override
    public synchronized TransactionalHandler.Next settle(
        Tx tx, Job job, String input, String result) {
      phases.add("settle " + input + " " + result);
      entry(tx, "settled");
      return next.get();
    }

    private static void entry(Tx tx, String action) {
      tx.sql("events.append_activity")
          .bind("id", UUID.randomUUID())
          .bind("entity_type", "task")
          .bind("entity_id", null)
          .bind("action", action)
          .bind("source", "system")
          .bind("metadata", "{}")
          .bind("request_id", null)
          .run();
    }
  }

  private final RecordingHandler handler = new RecordingHandler();

  private Worker worker() {
    return on.twoPhase(Map.of("ask", handler));
  }

  private List<Worker.Outcome> run() {
    return worker().runDue().stream().map(Worker.Run::outcome).toList();
  }

  private long entries(String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        user,
        action);
  }

  private long openTransactions() {
    return database.number(
        """
        select count(*) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
        """);
  }

  @Test
  void the_call_runs_between_two_transactions() {
    on.enqueue(user, "ask", "a");
    handler.answer =
        input -> {
          assertEquals(0, openTransactions());
          assertEquals(1, entries("begun"), "the first transaction has committed");
          return input + "?";
        };
    assertEquals(List.of(Worker.Outcome.DONE), run());
    assertEquals(List.of("prepare", "call", "settle input input?"), handler.phases);
    assertEquals(1, entries("settled"));
    assertTrue(on.isFinished("a"));
  }

  @Test
  void without_a_call_the_job_ends_in_the_first_transaction() {
    on.enqueue(user, "ask", "a");
    handler.first = () -> new TwoPhaseHandler.Prepared.NoCall<>(done());
    assertEquals(List.of(Worker.Outcome.DONE), run());
    assertEquals(List.of("prepare"), handler.phases);
    assertEquals(1, entries("begun"));
    assertTrue(on.isFinished("a"));
  }

  @Test
  void a_failure_in_the_first_transaction_rolls_it_back_without_a_call() {
    on.enqueue(user, "ask", "a");
    handler.first =
        () -> {
          throw new IllegalStateException("no");
        };
    assertEquals(List.of(Worker.Outcome.FAILED), run());
    assertEquals(List.of("prepare"), handler.phases);
    assertEquals(0, entries("begun"));
    assertEquals("queued", on.state("a"));
  }

  @Test
  void a_failed_call_is_retried_from_the_first_transaction() {
    on.enqueue(user, "ask", "a");
    handler.answer =
        _ -> {
          throw new IllegalStateException("down");
        };
    assertEquals(List.of(Worker.Outcome.FAILED), run());
    assertEquals("IllegalStateException: down", on.job("a").get("last_error"));
    assertEquals(1, on.job("a").get("attempts"));
    handler.answer = input -> input;
    on.clock.advance(Duration.ofMinutes(1));
    assertEquals(List.of(Worker.Outcome.DONE), run());
    assertTrue(on.isFinished("a"));
    assertEquals(2, entries("begun"));
    assertEquals(1, entries("settled"));
  }

  @Test
  void a_failure_in_the_second_transaction_rolls_it_back() {
    on.enqueue(user, "ask", "a");
    handler.next =
        () -> {
          throw new IllegalStateException("no");
        };
    assertEquals(List.of(Worker.Outcome.FAILED), run());
    assertEquals(0, entries("settled"));
    handler.next = JobsFixture::done;
    on.clock.advance(Duration.ofMinutes(1));
    assertEquals(List.of(Worker.Outcome.DONE), run());
    assertEquals(1, entries("settled"));
  }

  @Test
  void promise_12_a_claim_lost_during_the_call_settles_nothing() {
    on.enqueue(user, "ask", "a");
    handler.answer =
        input -> {
          on.expireLeases();
          RecordingHandler other = new RecordingHandler();
          assertEquals(
              List.of(Worker.Outcome.DONE),
              on.twoPhase(Map.of("ask", other)).runDue().stream()
                  .map(Worker.Run::outcome)
                  .toList());
          return input;
        };
    assertEquals(List.of(Worker.Outcome.LOST), run());
    assertEquals(List.of("prepare", "call", "settle input input"), handler.phases);
    assertEquals(1, entries("settled"), "the other's alone");
    assertTrue(on.isFinished("a"));
  }

  @Test
  void promise_12_a_claim_lost_in_the_first_transaction_makes_no_call() {
    on.enqueue(user, "ask", "a");
    handler.first =
        () -> {
          on.expireLeases();
          new Lease(on.db, on.ids, Set.of("ask")).rescue();
          // Only the first time: the job is due again at once.
          handler.first = () -> new TwoPhaseHandler.Prepared.NoCall<>(done());
          return new TwoPhaseHandler.Prepared.Call<>("input");
        };
    assertEquals(List.of(Worker.Outcome.LOST, Worker.Outcome.DONE), run());
    assertEquals(List.of("prepare", "prepare"), handler.phases);
    assertEquals(1, entries("begun"));
  }

  @Test
  void heartbeats_extend_the_lease_during_the_call() {
    on.enqueue(user, "ask", "a");
    Worker worker = worker();
    handler.answer =
        input -> {
          for (int i = 0; i < 3; i++) {
            on.expireLeases();
            worker.extendLeases();
            assertTrue(new Lease(on.db, on.ids, Set.of("ask")).rescue().isEmpty());
          }
          return input;
        };
    assertEquals(
        List.of(Worker.Outcome.DONE), worker.runDue().stream().map(Worker.Run::outcome).toList());
  }

  @Test
  void a_stopping_worker_releases_a_call_that_does_not_end() throws Exception {
    on.enqueue(user, "ask", "a");
    CountDownLatch calls = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    handler.answer =
        input -> {
          calls.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            interrupted.countDown();
          }
          return input;
        };
    Worker worker = worker();
    worker.start();
    assertTrue(calls.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
    worker.close();
    assertTrue(interrupted.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
    assertEquals("queued", on.state("a"));
    assertEquals(0, on.job("a").get("attempts"));
    assertEquals(0, entries("settled"));
  }

  @Test
  void waiting_calls_do_not_reduce_the_number_of_concurrent_jobs() throws Exception {
    CountDownLatch calls = new CountDownLatch(8);
    CountDownLatch answered = new CountDownLatch(1);
    handler.answer =
        input -> {
          calls.countDown();
          try {
            assertTrue(answered.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return input;
        };
    for (int i = 0; i < 8; i++) {
      on.enqueue(database.newUser().save(), "ask", "a" + i);
    }
    CountDownLatch touched = new CountDownLatch(1);
    TransactionalHandler touch =
        (_, _) -> {
          touched.countDown();
          return done();
        };
    try (Worker worker = on.mixed(Map.of("ask", handler, "touch", touch))) {
      worker.start();
      assertTrue(calls.await(LIMIT.toSeconds(), TimeUnit.SECONDS), "twice as many as slots");
      on.enqueue(null, "touch", "b");
      assertTrue(touched.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
      answered.countDown();
      Eventually.within(LIMIT, () -> database.number("select count(*) from ops.job_queue") == 0);
    }
    assertEquals(9, on.runs.size());
  }

  @Test
  void a_retry_commits_counts_as_an_attempt_and_keeps_its_minimum_delay() {
    on.enqueue(user, "ask", "a");
    handler.next = () -> new TransactionalHandler.Next.Retry(Duration.ofMinutes(20), "busy");
    for (int attempt = 1; attempt <= 4; attempt++) {
      assertEquals(List.of(Worker.Outcome.FAILED), run());
      assertEquals(attempt, entries("settled"));
      assertEquals("busy", on.job("a").get("last_error"));
      Instant next = (Instant) Objects.requireNonNull(on.job("a").get("run_at"));
      Duration delay = Duration.between(on.clock.instant(), next);
      assertTrue(delay.compareTo(Duration.ofMinutes(20)) >= 0, () -> "delay " + delay);
      on.clock.set(next);
    }
    assertEquals(List.of(Worker.Outcome.DEAD), run());
    assertEquals("dead", on.state("a"));
  }
}
