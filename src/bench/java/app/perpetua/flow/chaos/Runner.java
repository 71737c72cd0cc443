package app.perpetua.flow.chaos;

import app.perpetua.flow.chaos.fault.Fault;
import app.perpetua.flow.chaos.fault.Injection;
import app.perpetua.flow.chaos.fault.Injector;
import app.perpetua.flow.chaos.fault.Skipped;
import app.perpetua.flow.chaos.fault.Stack;
import app.perpetua.flow.chaos.load.Attempt;
import app.perpetua.flow.chaos.load.Entry;
import app.perpetua.flow.chaos.load.Person;
import app.perpetua.flow.chaos.load.State;
import app.perpetua.flow.chaos.load.StoredStates;
import app.perpetua.flow.chaos.load.Verdicts;
import app.perpetua.flow.harness.Invariants;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs one fault under load on one stack, and judges the result. For one thread. */
final class Runner {
  /** Promise 6, with the tolerance of its test: clients and server share the machine. */
  private static final Duration LONGEST = Duration.ofSeconds(7).plus(Duration.ofSeconds(1));

  /** All calls of a model, or one of another provider, and the transactions around it. */
  private static final Duration PROVIDER = Duration.ofSeconds(30);

  /** The longest pause of a person; after a long one there are fewer writes to repeat. */
  private static final Duration PAUSE = Duration.ofMillis(30);

  private static final Duration LONG_PAUSE = Duration.ofMillis(120);

  private static final Duration CALM = Duration.ofSeconds(30);
  private static final Duration RECOVERY = Duration.ofSeconds(60);
  private static final Duration AFTERWARDS = Duration.ofMillis(300);
  private static final Duration SETTLED = Duration.ofMinutes(2);

  /** After this time nobody works on a request any more whose client has been answered. */
  private static final Duration ABANDONED = Duration.ofSeconds(8);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);
  private static final int ROWS_SHOWN = 3;

  private final Stack stack;
  private final Injector injector;
  private final ChaosOptions options;
  private final ConcurrentLinkedQueue<String> problems = new ConcurrentLinkedQueue<>();

  Runner(Stack stack, ChaosOptions options) {
    this.stack = stack;
    this.injector = new Injector(stack);
    this.options = options;
  }

  /**
   * Runs a fault.
   *
   * @throws Skipped if this machine cannot have the fault
   */
  Outcome run(Plan plan, long seed, List<Person> people)
      throws IOException, InterruptedException, SQLException, Skipped {
    return run(plan, seed, people, () -> {});
  }

  /**
   * Whether the checks report an acknowledged row that was deleted behind the service.
   *
   * @param people who have no violation yet
   */
  boolean findsDeletedRow(long seed, List<Person> people)
      throws IOException, InterruptedException, SQLException {
    Plan plan = new Plan(Fault.COMMIT_CUT, 1);
    try {
      return run(plan, seed, people, () -> deleteTask(people)).violations().stream()
          .anyMatch(violation -> violation.contains("not stored"));
    } catch (Skipped e) {
      throw new AssertionError("every machine can have " + plan.fault().title(), e);
    }
  }

  private Outcome run(Plan plan, long seed, List<Person> people, Runnable beforeCheck)
      throws IOException, InterruptedException, SQLException, Skipped {
    problems.clear();
    people.forEach(Person::forget);
    Random random = plan.random(seed);
    Duration pause = options.isShort() ? LONG_PAUSE : PAUSE;
    AtomicBoolean isOver = new AtomicBoolean();
    AtomicBoolean isHopeless = new AtomicBoolean();
    CountDownLatch ended = new CountDownLatch(people.size());
    for (Person person : people) {
      Random own = new Random(random.nextLong());
      Thread.ofVirtual()
          .uncaughtExceptionHandler((_, e) -> problems.add("the driver failed: " + e))
          .start(
              () -> {
                try {
                  person.write(own, pause, isOver::get, isHopeless::get);
                } finally {
                  ended.countDown();
                }
              });
    }
    long healed;
    try {
      await(CALM, () -> people.stream().allMatch(Runner::hasBegun), "everybody to be answered");
      healed =
          injector.inject(
              plan.fault(),
              new Injection(plan.number(), random, options.isShort(), options.isLong()));
      long since = healed;
      await(RECOVERY, () -> firstSuccess(people, since) != null, "a success after the fault");
      LockSupport.parkNanos(AFTERWARDS.toNanos());
    } catch (AssertionError | IllegalStateException e) {
      problems.add(String.valueOf(e.getMessage()));
      healed = System.nanoTime();
    } finally {
      isOver.set(true);
      settle(ended);
      isHopeless.set(true);
      ended.await();
    }
    beforeCheck.run();
    check(plan.fault(), people);
    return outcome(people, healed);
  }

  private static boolean hasBegun(Person person) {
    return person.journal().stream().anyMatch(entry -> entry.acknowledged().isPresent());
  }

  /** Waits until every write has its answer and no job is left. */
  private void settle(CountDownLatch ended) throws InterruptedException {
    long begun = System.nanoTime();
    while (!ended.await(1, TimeUnit.SECONDS)) {
      if (isLater(begun, SETTLED)) {
        problems.add("expected an answer to every write within " + SETTLED + ", there was none");
        return;
      }
      try {
        injector.settle(ABANDONED);
      } catch (IllegalStateException e) {
        problems.add("the database does not answer: " + e.getMessage());
        return;
      }
    }
    await(SETTLED, injector::isQuiet, "all jobs to be done");
  }

  private void await(Duration limit, BooleanSupplier condition, String what) {
    long begun = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (isLater(begun, limit)) {
        problems.add("expected " + what + " within " + limit.toSeconds() + " s");
        return;
      }
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
    }
  }

  private static boolean isLater(long begun, Duration limit) {
    return System.nanoTime() - begun > limit.toNanos();
  }

  private void deleteTask(List<Person> people) {
    for (Person person : people) {
      for (String task : person.expected().tasks().keySet()) {
        stack.postgres().execute("delete from tasks.task_instances where id = '" + task + "'");
        return;
      }
    }
  }

  private void check(Fault fault, List<Person> people) throws SQLException, InterruptedException {
    if (!stack.isAlive()) {
      problems.add("expected API and worker to run, one has ended");
      return;
    }
    Verdicts verdicts = new Verdicts(LONGEST, PROVIDER, fault.mayCut());
    for (Person person : people) {
      person.journal().forEach(entry -> verdicts.judge(entry, problems::add));
    }
    replay(people);
    try (Connection connection = stack.connect()) {
      Map<UUID, State> stored =
          StoredStates.read(connection, people.stream().map(Person::id).toList());
      for (Person person : people) {
        Consumer<String> report = problem -> problems.add("user " + person.id() + ": " + problem);
        State found = stored.get(person.id());
        if (found != null) {
          person.expected().compare(found, report);
        }
      }
      connection.setAutoCommit(true);
      checkInvariants(connection);
    }
  }

  private void replay(List<Person> people) throws InterruptedException {
    long begun = System.nanoTime();
    CountDownLatch replayed = new CountDownLatch(people.size());
    for (Person person : people) {
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  person.replay(() -> isLater(begun, SETTLED), problems::add);
                } finally {
                  replayed.countDown();
                }
              });
    }
    replayed.await();
  }

  private void checkInvariants(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (Map.Entry<String, String> query : Invariants.queries().entrySet()) {
        List<String> rows = new ArrayList<>();
        try (ResultSet result = statement.executeQuery(query.getValue())) {
          while (result.next() && rows.size() < ROWS_SHOWN) {
            StringBuilder row = new StringBuilder();
            for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
              row.append(result.getMetaData().getColumnLabel(i) + "=" + result.getString(i) + " ");
            }
            rows.add(row.toString());
          }
        }
        if (!rows.isEmpty()) {
          problems.add("invariant " + query.getKey() + ": expected no rows, got " + rows);
        }
      }
    }
  }

  private static @Nullable Attempt firstSuccess(List<Person> people, long since) {
    Attempt first = null;
    for (Person person : people) {
      for (Entry entry : person.journal()) {
        for (Attempt attempt : entry.attempts()) {
          if (attempt.isSuccess()
              && attempt.beganNanos() - since >= 0
              && (first == null || attempt.endedNanos() - first.endedNanos() < 0)) {
            first = attempt;
          }
        }
      }
    }
    return first;
  }

  private Outcome outcome(List<Person> people, long healed) {
    Duration steady = Duration.ZERO;
    Duration longest = Duration.ZERO;
    int writes = 0;
    for (Person person : people) {
      for (Entry entry : person.journal()) {
        writes++;
        for (Attempt attempt : entry.attempts()) {
          Duration since = Duration.ofNanos(attempt.endedNanos() - healed);
          if ((attempt.isCut() || attempt.status() == 503) && since.compareTo(steady) > 0) {
            steady = since;
          }
          if (!entry.callsProvider() && attempt.waited().compareTo(longest) > 0) {
            longest = attempt.waited();
          }
        }
      }
    }
    Attempt first = firstSuccess(people, healed);
    Duration recovered = first == null ? RECOVERY : Duration.ofNanos(first.endedNanos() - healed);
    return new Outcome(List.copyOf(problems), writes, recovered, steady, longest);
  }
}
