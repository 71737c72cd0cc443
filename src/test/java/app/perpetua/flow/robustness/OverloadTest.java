package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.time.GrantedTime;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Promise 23. A delay in front of the database limits the service's capacity, so that the test can
 * overload it on a slow machine. Times, the delay included, are {@link GrantedTime}, so that load
 * of the machine changes neither the capacity nor the requests that exceed it.
 */
class OverloadTest {
  private static final int CONNECTIONS = 2;
  private static final Duration DATABASE_DELAY = Duration.ofMillis(80);

  private static final Duration CALM = Duration.ofSeconds(3);
  private static final Duration OVERLOADED = Duration.ofSeconds(4);

  /** Longest time to a 503: half a second in the queue for a connection. */
  private static final Duration REJECTION = Duration.ofMillis(500);

  /** Promised time to recover. */
  private static final Duration RECOVERY = Duration.ofSeconds(10);

  /** Tolerance for the service's own work. */
  private static final Duration ALLOWANCE = Duration.ofMillis(500);

  private static final int MOST_ATTEMPTS = 1_000;

  /** Whether database messages are delayed; off while users sign in. */
  private static final AtomicBoolean DELAYED = new AtomicBoolean();

  @AutoClose private static final GrantedTime time = new GrantedTime();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("DATABASE_POOL_SIZE", Integer.toString(CONNECTIONS))
          // Clients that are refused try again at once.
          .with("RATE_LIMIT_GENERAL", "1000000")
          .observedBy(
              (_, _, _) -> {
                if (DELAYED.get()) {
                  awaitTime(time.nanoTime() + DATABASE_DELAY.toNanos());
                }
                return true;
              });

  /**
   * The outcome of a request.
   *
   * @param inTime whether the response arrived during the overload
   */
  private record Outcome(int status, Duration took, boolean inTime) {}

  /** Throughput and latency without overload. */
  private record Baseline(double perSecond, Duration median) {}

  @AfterEach
  void stopDelay() {
    DELAYED.set(false);
  }

  @Test
  void promise_23_excess_load_is_rejected_quickly_and_the_service_recovers() throws Exception {
    List<Api> users = IntStream.range(0, 30).mapToObj(_ -> service.newUser().api()).toList();
    DELAYED.set(true);
    Baseline baseline = measureBaseline(users);
    List<Outcome> outcomes = flood(users, 3 * baseline.perSecond());
    long over = time.nanoTime();

    long served =
        outcomes.stream().filter(outcome -> outcome.status() == 200 && outcome.inTime()).count();
    double goodput = served / (double) OVERLOADED.toSeconds();
    assertTrue(goodput >= 0.8 * baseline.perSecond(), goodput + " of " + baseline.perSecond());
    Duration rejection = longest(outcomes, 503);
    assertTrue(rejection.isPositive(), "no request was rejected");
    assertTrue(
        rejection.compareTo(REJECTION.plus(ALLOWANCE)) < 0, "rejected only after " + rejection);
    Duration waited = longest(outcomes, 200);
    assertTrue(waited.toMillis() < 1_500, "longest wait: " + waited);

    Duration limit = baseline.median().multipliedBy(2).plus(ALLOWANCE);
    int inARow = 0;
    while (inARow < users.size()) {
      long begun = time.nanoTime();
      int status = users.get(inARow).get("/api/v1/users/me").status();
      boolean normal = status == 200 && time.since(begun).compareTo(limit) < 0;
      inARow = normal ? inARow + 1 : 0;
      assertTrue(
          time.since(over).compareTo(RECOVERY) < 0 || inARow > 0,
          "not recovered after " + RECOVERY);
    }
  }

  @Test
  void FR_128_a_full_queue_is_reported_after_the_token_and_before_key_and_body() throws Exception {
    List<Api> users = IntStream.range(0, 40).mapToObj(_ -> service.newUser().api()).toList();
    Api invalid = service.newUser().api().invalidOnPurpose().withoutKey();
    AtomicBoolean over = new AtomicBoolean();
    DELAYED.set(true);
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Api user : users) {
        callers.execute(
            () -> {
              while (!over.get()) {
                user.get("/api/v1/users/me");
              }
            });
      }
      try {
        Api.Answer answer;
        int attempts = 0;
        do {
          service.api().invalidOnPurpose().get("/api/v1/users/me").expect(401, "UNAUTHORIZED");
          answer = invalid.post("/api/v1/tasks", "{");
          attempts++;
        } while (answer.status() == 400 && attempts < MOST_ATTEMPTS);
        answer.expect(503, "SERVICE_UNAVAILABLE");
        assertEquals("1", answer.header("Retry-After").orElse(""));
      } finally {
        over.set(true);
      }
    }
  }

  private static void awaitTime(long nanoTime) {
    for (long left = nanoTime - time.nanoTime(); left > 0; left = nanoTime - time.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static Duration longest(List<Outcome> outcomes, int status) {
    return outcomes.stream()
        .filter(outcome -> outcome.status() == status)
        .map(Outcome::took)
        .max(Duration::compareTo)
        .orElse(Duration.ZERO);
  }

  /** Measures with one client per connection, so that no request waits. */
  private static Baseline measureBaseline(List<Api> users) throws Exception {
    Queue<Duration> served = new ConcurrentLinkedQueue<>();
    long end = time.nanoTime() + CALM.toNanos();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> calls = new ArrayList<>();
      for (Api user : users.subList(0, CONNECTIONS)) {
        calls.add(
            callers.submit(
                () -> {
                  while (time.nanoTime() < end) {
                    long begun = time.nanoTime();
                    user.get("/api/v1/users/me").expect(200);
                    served.add(time.since(begun));
                  }
                  return "";
                }));
      }
      for (Future<String> call : calls) {
        call.get();
      }
    }
    List<Duration> sorted = served.stream().sorted().toList();
    return new Baseline(sorted.size() / (double) CALM.toSeconds(), sorted.get(sorted.size() / 2));
  }

  /** Sends requests at a fixed rate, whether or not earlier ones have been answered. */
  private static List<Outcome> flood(List<Api> users, double perSecond) throws Exception {
    List<Future<Outcome>> answers = new ArrayList<>();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      long start = time.nanoTime();
      int count = (int) (perSecond * OVERLOADED.toSeconds());
      for (int i = 0; i < count; i++) {
        Api user = users.get(i % users.size());
        long due = start + (long) (i / perSecond * Duration.ofSeconds(1).toNanos());
        Callable<Outcome> caller =
            () -> {
              awaitTime(due);
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
