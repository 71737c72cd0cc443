package app.perpetua.flow.promise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Promise 23. What the service can serve is set by a database that is as far away as it takes to
 * make that little, so the test needs no powerful machine to overload it.
 */
class OverloadTest {
  private static final int CONNECTIONS = 2;
  private static final Duration DISTANCE = Duration.ofMillis(40);

  private static final Duration CALM = Duration.ofSeconds(2);
  private static final Duration OVERLOADED = Duration.ofSeconds(4);

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

  private record Outcome(int status, Duration took) {}

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
    double capacity = capacity(users);
    List<Outcome> outcomes = flood(users, 3 * capacity);
    long served = outcomes.stream().filter(outcome -> outcome.status() == 200).count();
    double goodput = served / (double) OVERLOADED.toSeconds();
    assertTrue(goodput >= 0.8 * capacity, goodput + " of " + capacity + " a second");
    assertTrue(served < outcomes.size(), "it was too much");
    Duration longest = outcomes.stream().map(Outcome::took).max(Duration::compareTo).orElseThrow();
    assertTrue(longest.toMillis() < 4_000, "somebody waited " + longest);
    long start = System.nanoTime();
    for (Api user : users.subList(0, 5)) {
      user.get("/api/v1/users/me").expect(200);
    }
    Duration normal = Duration.ofNanos(System.nanoTime() - start);
    assertTrue(normal.toMillis() < 2_000, "normal again only after " + normal);
  }

  /** Requests a second, where each waits for the one before it and none for a connection. */
  private static double capacity(List<Api> users) throws Exception {
    AtomicInteger served = new AtomicInteger();
    long end = System.nanoTime() + CALM.toNanos();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> calls = new ArrayList<>();
      for (Api user : users.subList(0, CONNECTIONS)) {
        calls.add(
            callers.submit(
                () -> {
                  while (System.nanoTime() < end) {
                    user.get("/api/v1/users/me").expect(200);
                    served.incrementAndGet();
                  }
                  return "";
                }));
      }
      for (Future<String> call : calls) {
        call.get();
      }
    }
    return served.get() / (double) CALM.toSeconds();
  }

  /** Requests come at that rate, whether the earlier ones have been answered or not. */
  private static List<Outcome> flood(List<Api> users, double perSecond) throws Exception {
    List<Future<Outcome>> answers = new ArrayList<>();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      long start = System.nanoTime();
      int count = (int) (perSecond * OVERLOADED.toSeconds());
      for (int i = 0; i < count; i++) {
        Api user = users.get(i % users.size());
        long due = start + (long) (i / perSecond * Duration.ofSeconds(1).toNanos());
        Callable<Outcome> caller =
            () -> {
              LockSupport.parkNanos(due - System.nanoTime());
              long begun = System.nanoTime();
              Api.Answer answer = user.get("/api/v1/users/me");
              Duration took = Duration.ofNanos(System.nanoTime() - begun);
              if (answer.status() != 200) {
                answer.expect(503, "SERVICE_UNAVAILABLE");
                assertEquals("1", answer.header("Retry-After").orElse(""));
              }
              return new Outcome(answer.status(), took);
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
