package app.perpetua.flow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.harness.CapturedLog;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.jobs.Backoff;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.jobs.JobMetrics;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.jobs.Worker;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.Tx;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.logging.LogRecord;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EventListenersTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final String PRIVATE = "what the user wrote";

  /** A way in which a listener fails. */
  record Failure(String name, BiConsumer<Tx, Event> failing) {
    @Override
    public String toString() {
      return name;
    }
  }

  private final MutableClock clock = new MutableClock();
  private final Ids ids = new Ids();
  private final Json json = new Json();
  private final Jobs jobs = new Jobs(ids, json);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Events events = new Events(ids, json);
  private final Db db =
      new Db(database.pool(4), SqlCatalog.load(), clock, Duration.ofMinutes(1), _ -> false);
  private final UUID user = database.newUser().save();
  private final Event event = new Event.TaskCreated(UUID.randomUUID());
  private final AtomicInteger runs = new AtomicInteger();

  @AutoClose private final CapturedLog log = new CapturedLog(EventListeners.class.getName());

  @BeforeEach
  void start() {
    database.makeDays(clock.instant());
    database.run("delete from ops.job_queue");
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  static Stream<Failure> failures() {
    return Stream.of(
        new Failure(
            "throws",
            (_, _) -> {
              throw new IllegalStateException(PRIVATE, new ArithmeticException(PRIVATE));
            }),
        new Failure(
            "refuses",
            (_, _) -> {
              throw Refusal.of(ErrorCode.CONFLICT, PRIVATE);
            }),
        new Failure("violates a constraint at once", (tx, _) -> tooLong(tx).run()),
        new Failure("violates a constraint at the commit", (tx, _) -> tooLong(tx).atCommit()),
        new Failure(
            "cannot be sent at the commit",
            (tx, _) -> renaming(tx, PRIVATE).bind("avatar_url", new Object()).atCommit()));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void FR_017_a_failing_listener_does_not_fail_the_change_and_is_retried_by_a_job(Failure failure) {
    AtomicInteger others = new AtomicInteger();
    Worker worker =
        listen(
            marking("first", 1, failure.failing()),
            marking("second", 9, (_, _) -> others.incrementAndGet()));
    change();
    assertEquals("changed", name());
    assertEquals(1, entries());
    assertEquals(2, runs.get());
    assertEquals(1.0, failures("first"));
    assertLogged("first");

    assertEquals(List.of(Worker.Outcome.DONE), outcomes(worker));
    assertEquals(List.of(), worker.runDue());
    assertEquals(1, marks("first"));
    assertEquals(1, entries());
    assertTrue(others.get() > 0);
  }

  @Test
  void FR_017_a_listener_that_fails_in_the_job_is_retried_until_it_succeeds_once() {
    Worker worker = listen(marking("first", 2, (tx, _) -> tooLong(tx).atCommit()));
    change();
    assertEquals(List.of(Worker.Outcome.FAILED), outcomes(worker));
    assertEquals(0, marks("first"));
    clock.advance(Duration.ofMinutes(1));
    assertEquals(List.of(Worker.Outcome.DONE), outcomes(worker));
    assertEquals(1, marks("first"));
    assertEquals(1.0, failures("first"));
  }

  @Test
  void a_successful_listener_runs_once_and_enqueues_no_job() {
    Worker worker = listen(marking("first", 0, EventListenersTest::nothing));
    change();
    assertEquals(1, runs.get());
    assertEquals(1, marks("first"));
    assertEquals(List.of(), worker.runDue());
    assertEquals(0.0, failures("first"));
    assertEquals(List.of(), log.records());
  }

  @Test
  void listeners_with_deferred_statements_are_skipped_and_retried_if_the_commit_fails() {
    AtomicInteger immediateRuns = new AtomicInteger();
    Worker worker =
        listen(
            marking("failing", 1, (tx, _) -> tooLong(tx).atCommit()),
            marking("deferring", 0, EventListenersTest::nothing),
            marking("immediate", 9, (_, _) -> immediateRuns.incrementAndGet()));
    change();
    assertEquals("changed", name());
    assertEquals(2, immediateRuns.get());
    assertEquals(0.0, failures("immediate"));
    assertEquals(List.of(Worker.Outcome.DONE, Worker.Outcome.DONE), outcomes(worker));
    assertEquals(1, marks("failing"));
    assertEquals(1, marks("deferring"));
  }

  @Test
  void two_failing_listeners_are_both_skipped() {
    Worker worker =
        listen(
            marking("first", 1, (_, _) -> fail()),
            marking("second", 1, (tx, _) -> tooLong(tx).atCommit()));
    change();
    assertEquals(3, runs.get());
    assertEquals(2, outcomes(worker).size());
    assertEquals(1, marks("first"));
    assertEquals(1, marks("second"));
  }

  @Test
  void a_failing_listener_of_a_nested_event_is_skipped_alone() {
    Event inner = new Event.UserUpdated(user);
    Worker worker =
        listen(
            new Marking("outer", event::equals, 9, (tx, _) -> events.emit(tx, inner)),
            new Marking("inner", inner::equals, 1, (_, _) -> fail()));
    change();
    assertEquals(2, entries());
    assertEquals(0.0, failures("outer"));
    assertEquals(1.0, failures("inner"));
    assertEquals(1, outcomes(worker).size());
    assertEquals(1, marks("inner"));
  }

  @Test
  void a_failing_listener_does_not_fail_a_job_that_emits_the_event() {
    listen(marking("first", 1, (_, _) -> fail()));
    Worker worker =
        worker(
            Map.of(
                "change",
                (tx, _) -> {
                  events.emit(tx, event);
                  return new TransactionalHandler.Next.Done();
                }));
    write(tx -> jobs.enqueue(tx, "change", "k", tx.now(), Map.of()));
    assertEquals(List.of(Worker.Outcome.DONE), outcomes(worker));
    assertEquals(1, entries());
    assertEquals(1, queued());
  }

  @Test
  void a_commit_that_also_fails_without_listeners_fails_the_change() {
    listen(marking("first", 0, EventListenersTest::nothing));
    DatabaseException failed =
        assertThrows(
            DatabaseException.class,
            () ->
                write(
                    tx -> {
                      tooLong(tx).atCommit();
                      events.emit(tx, event);
                    }));
    assertTrue(failed.violates("users_name_length"));
    assertEquals(1, failed.getSuppressed().length);
    assertEquals(0.0, failures("first"));
    assertEquals(0, entries());
    assertEquals(0, queued());
    assertEquals(List.of(), log.records());
  }

  /** Happens when another process has answered the same idempotency key in the meantime. */
  @Test
  void a_retried_transaction_without_the_event_counts_no_failure() {
    listen(marking("first", 0, EventListenersTest::nothing));
    write(
        tx -> {
          if (runs.get() == 1) {
            tooLong(tx).atCommit();
            events.emit(tx, event);
          }
        });
    assertEquals(2, runs.get());
    assertEquals(0.0, failures("first"));
    assertEquals(0, queued());
    assertEquals(0, marks("first"));
    assertEquals(List.of(), log.records());
  }

  @Test
  void a_refusal_of_the_change_is_thrown_unchanged() {
    listen(marking("first", 1, (_, _) -> fail()));
    Refusal refusal =
        assertThrows(
            Refusal.class,
            () ->
                write(
                    tx -> {
                      events.emit(tx, event);
                      throw Refusal.of(ErrorCode.ARCHIVED, "no");
                    }));
    assertEquals(ErrorCode.ARCHIVED, refusal.code());
    assertEquals(0, queued());
  }

  @Test
  void a_serialization_failure_in_a_listener_reruns_the_transaction() {
    database.run("create sequence once");
    database.run(
        """
        create function conflict() returns trigger language plpgsql as $$
        begin
          if nextval('once') = 1 then
            raise exception 'again' using errcode = '40001';
          end if;
          return new;
        end $$
        """);
    database.run(
        """
        create trigger conflict before update of name on auth.users
        for each row when (new.name = 'conflict') execute function conflict()
        """);
    listen(marking("first", 2, (tx, _) -> renaming(tx, "conflict").run()));
    write(tx -> events.emit(tx, event));
    assertEquals(2, runs.get());
    assertEquals("conflict", name());
    assertEquals(0.0, failures("first"));
    assertEquals(0, queued());
  }

  @Test
  void listener_names_must_be_unique() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            listen(
                marking("same", 0, EventListenersTest::nothing),
                marking("same", 0, EventListenersTest::nothing)));
  }

  @Test
  void a_job_of_an_unknown_listener_stays_queued() {
    Worker worker = listen();
    write(
        tx ->
            jobs.enqueue(
                tx,
                EventListeners.RETRY,
                "k",
                tx.now(),
                json.read(
                    "{\"reaction\":\"removed\",\"event\":{\"event\":\"UserUpdated\",\"user_id\":\""
                        + user
                        + "\"}}",
                    Map.class)));
    assertEquals(List.of(Worker.Outcome.FAILED), outcomes(worker));
    database.run("delete from ops.job_queue");
  }

  private Worker listen(EventListener... listeners) {
    EventListeners all = new EventListeners(jobs, json, registry, List.of(listeners));
    events.setListeners(all);
    return worker(Map.of(EventListeners.RETRY, all));
  }

  private Worker worker(Map<String, TransactionalHandler> handlers) {
    return new Worker(
        db,
        ids,
        handlers,
        new DailyJobs(jobs, Map.of()),
        new Backoff(new Random(1)),
        new JobMetrics(registry),
        _ -> {},
        2);
  }

  private Marking marking(String name, int failures, BiConsumer<Tx, Event> failing) {
    return new Marking(name, event::equals, failures, failing);
  }

  private void change() {
    write(
        tx -> {
          renaming(tx, "changed").atCommit();
          events.emit(tx, event);
        });
  }

  private interface Work {
    void in(Tx tx);
  }

  private void write(Work work) {
    db.write(
        Actor.user(user, "request-7"),
        tx -> {
          runs.incrementAndGet();
          tx.lockOwner();
          work.in(tx);
          return "";
        });
  }

  private static void fail() {
    throw new IllegalStateException("on purpose");
  }

  private static void nothing(Tx tx, Event event) {
    assertEquals(Event.TaskCreated.class, event.getClass(), tx::toString);
  }

  private static Query tooLong(Tx tx) {
    return renaming(tx, PRIVATE.repeat(30));
  }

  private static Query renaming(Tx tx, String name) {
    return tx.sql("account.refresh_profile")
        .bind("email", "ada@example.com")
        .bind("name", name)
        .bind("avatar_url", null);
  }

  private static List<Worker.Outcome> outcomes(Worker worker) {
    List<Worker.Outcome> outcomes = new ArrayList<>();
    worker.runDue().forEach(ran -> outcomes.add(ran.outcome()));
    return outcomes;
  }

  private void assertLogged(String listener) {
    assertEquals(1, log.records().size());
    LogRecord line = log.records().getFirst();
    String text = line.getMessage() + Arrays.toString(line.getParameters());
    assertTrue(text.contains("reaction=" + listener), text);
    assertTrue(text.contains("event=task.created"), text);
    assertTrue(text.contains("request_id=request-7"), text);
    assertFalse(text.contains(PRIVATE), text);
    assertEquals(null, line.getThrown());
  }

  private double failures(String listener) {
    var counter = registry.find("reaction.failures").tag("reaction", listener).counter();
    return counter == null ? 0 : counter.count();
  }

  private long marks(String listener) {
    return database.number(
        "select count(*) from ops.job_queue where kind = 'mark' and job_key like ?",
        listener + "%");
  }

  private long queued() {
    return database.number(
        "select count(*) from ops.job_queue where kind = 'handler_retry' and state = 'queued'");
  }

  private long entries() {
    return database.number("select count(*) from activity.activity_logs where user_id = ?", user);
  }

  private String name() {
    return String.valueOf(
        database.row("select name from auth.users where id = ?", user).get("name"));
  }
}
