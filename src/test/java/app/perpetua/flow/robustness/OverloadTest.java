package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.GrantedTime;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Promise 23. What the service can serve is set by a database that is as far away as it takes to
 * make that little, so the test needs no powerful machine to overload it; and what a busy machine
 * takes from both sides does not count.
 */
class OverloadTest {
  private static final int CONNECTIONS = 2;
  private static final Duration DISTANCE = Duration.ofMillis(80);

  private static final Duration CALM = Duration.ofSeconds(3);
  private static final Duration OVERLOADED = Duration.ofSeconds(4);

  /** A second's wait for a place, and another for a connection. */
  private static final Duration REFUSED = Duration.ofSeconds(2);

  /** Promised. */
  private static final Duration NORMAL = Duration.ofSeconds(10);

  /** For what is computed on the way. */
  private static final Duration ALLOWANCE = Duration.ofMillis(500);

  /** Users sign in while the database is still near. */
  private static final AtomicBoolean FAR = new AtomicBoolean();

  private static final List<Tap> TAPS = new ArrayList<>();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("DATABASE_POOL_SIZE", Integer.toString(CONNECTIONS))
          .through(
              address -> {
                try {
                  TAPS.add(
                      new Tap(
                          address,
                          (_, _, _) -> {
                            if (FAR.get()) {
                              LockSupport.parkNanos(DISTANCE.toNanos());
                            }
                            return true;
                          }));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
                return TAPS.getLast().port();
              });

  @AutoClose private final GrantedTime time = new GrantedTime();

  /**
   * An answer.
   *
   * @param inTime given while the overload lasted
   */
  private record Outcome(int status, Duration took, boolean inTime) {}

  /** Without overload. */
  private record Calm(double perSecond, Duration median) {}

  @AfterAll
  static void untap() throws IOException {
    for (Tap tap : TAPS) {
      tap.close();
    }
  }

  @Test
  void promise_23_three_times_the_load_is_partly_refused_at_once_and_does_no_lasting_harm()
      throws Exception {
    List<Api> users = IntStream.range(0, 30).mapToObj(_ -> service.newUser().api()).toList();
    FAR.set(true);
    Calm calm = calm(users);
    List<Outcome> outcomes = flood(users, 3 * calm.perSecond());
    long over = time.nanoTime();

    long served =
        outcomes.stream().filter(outcome -> outcome.status() == 200 && outcome.inTime()).count();
    double goodput = served / (double) OVERLOADED.toSeconds();
    assertTrue(goodput >= 0.8 * calm.perSecond(), goodput + " of " + calm.perSecond());
    Duration refused = longest(outcomes, 503);
    assertTrue(refused.isPositive(), "it was too much");
    assertTrue(refused.compareTo(REFUSED.plus(ALLOWANCE)) < 0, "refused only after " + refused);
    Duration waited = longest(outcomes, 200);
    assertTrue(waited.toMillis() < 4_000, "somebody waited " + waited);

    Duration limit = calm.median().multipliedBy(2).plus(ALLOWANCE);
    int inARow = 0;
    while (inARow < users.size()) {
      long begun = time.nanoTime();
      int status = users.get(inARow).get("/api/v1/users/me").status();
      boolean normal = status == 200 && time.since(begun).compareTo(limit) < 0;
      inARow = normal ? inARow + 1 : 0;
      assertTrue(
          time.since(over).compareTo(NORMAL) < 0 || inARow > 0, "not normal after " + NORMAL);
    }
  }

  private static Duration longest(List<Outcome> outcomes, int status) {
    return outcomes.stream()
        .filter(outcome -> outcome.status() == status)
        .map(Outcome::took)
        .max(Duration::compareTo)
        .orElse(Duration.ZERO);
  }

  /** What it serves where each request waits for the one before it and none for a connection. */
  private Calm calm(List<Api> users) throws Exception {
    Queue<Duration> served = new ConcurrentLinkedQueue<>();
    long end = System.nanoTime() + CALM.toNanos();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> calls = new ArrayList<>();
      for (Api user : users.subList(0, CONNECTIONS)) {
        calls.add(
            callers.submit(
                () -> {
                  while (System.nanoTime() < end) {
                    long begun = System.nanoTime();
                    user.get("/api/v1/users/me").expect(200);
                    served.add(Duration.ofNanos(System.nanoTime() - begun));
                  }
                  return "";
                }));
      }
      for (Future<String> call : calls) {
        call.get();
      }
    }
    List<Duration> sorted = served.stream().sorted().toList();
    return new Calm(sorted.size() / (double) CALM.toSeconds(), sorted.get(sorted.size() / 2));
  }

  /** Requests come at that rate, whether the earlier ones have been answered or not. */
  private List<Outcome> flood(List<Api> users, double perSecond) throws Exception {
    List<Future<Outcome>> answers = new ArrayList<>();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      long start = time.nanoTime();
      int count = (int) (perSecond * OVERLOADED.toSeconds());
      for (int i = 0; i < count; i++) {
        Api user = users.get(i % users.size());
        long due = start + (long) (i / perSecond * Duration.ofSeconds(1).toNanos());
        Callable<Outcome> caller =
            () -> {
              while (time.nanoTime() < due) {
                LockSupport.parkNanos(due - time.nanoTime());
              }
              long begun = time.nanoTime();
              Api.Answer answer = user.get("/api/v1/users/me");
              Duration took = time.since(begun);
              boolean inTime = time.since(start).compareTo(OVERLOADED) < 0;
              if (answer.status() != 200) {
                answer.expect(503, "SERVICE_UNAVAILABLE");
                assertEquals("1", answer.header("Retry-After").orElse(""));
              }
              return new Outcome(answer.status(), took, inTime);
            };
        answers.add(callers.submit(caller));
      }
    }
    List<Outcome> outcomes = new ArrayList<>();
    for (Future<Outcome> answer : answers) {
      outcomes.add(answer.get());
    }
    return outcomes;
  }
}
