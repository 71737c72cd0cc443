package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.process.FragilePostgres;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import app.perpetua.flow.harness.time.GrantedTime;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Promise 6: the database is killed or frozen under write load, and the service survives. Options:
 * {@code -Drestarts=}, {@code -Dfreeze.seconds=60}.
 */
@Tag("system")
class DatabaseUnavailableTest {
  private static final String TASKS = "/api/v1/tasks";
  private static final int CLIENTS = 8;
  private static final int RESTARTS = Integer.getInteger("restarts", 1);
  private static final Duration FROZEN =
      Duration.ofSeconds(Integer.getInteger("freeze.seconds", 9));

  /** Promised time to a 503. */
  private static final Duration REJECTION = Duration.ofMillis(1_500);

  private static final Duration SERVING = Duration.ofSeconds(5);
  private static final Duration LONGEST = Duration.ofSeconds(7);

  /** Tolerance, because clients and server share the machine. */
  private static final Duration ALLOWANCE = Duration.ofSeconds(1);

  private static final Duration LIVE = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @Order(1)
  @RegisterExtension
  static final FragilePostgres postgres = new FragilePostgres();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(postgres::url);

  /** Excludes time during which the machine was busy with other processes. */
  private static final GrantedTime TIME = new GrantedTime();

  @AfterAll
  static void stop() {
    TIME.close();
  }

  private record Answered(String title, int status, long begun, long ended) {
    Duration took() {
      return Duration.ofNanos(ended - begun);
    }
  }

  /** Clients that create tasks, and retry each with the same key until it succeeds. */
  private static final class WriteLoad {
    final ConcurrentLinkedQueue<Answered> answers = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean over = new AtomicBoolean();
    private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Future<?>> running = new ArrayList<>();

    WriteLoad(List<Api> users) {
      users.forEach(user -> running.add(clients.submit(() -> make(user))));
    }

    private void make(Api user) {
      while (!over.get()) {
        String title = UUID.randomUUID().toString();
        Api keyed = user.withKey(UUID.randomUUID());
        boolean made = false;
        while (!made) {
          long begun = TIME.nanoTime();
          Api.Answer answer = keyed.post(TASKS, Map.of("title", title));
          answers.add(new Answered(title, answer.status(), begun, TIME.nanoTime()));
          // 409: the database is still processing the request that timed out.
          made = answer.status() != 503 && answer.status() != 409;
          if (made) {
            answer.expect(201);
          } else {
            assertTrue(answer.header("Retry-After").isPresent(), answer::toString);
          }
          LockSupport.parkNanos(PAUSE.toNanos());
        }
      }
    }

    long count(int status, long since) {
      return answers.stream()
          .filter(answer -> answer.status() == status && answer.begun() >= since)
          .count();
    }

    /** The longest request that began in a time span; zero if there is none. */
    Duration longest(long from, long to) {
      return answers.stream()
          .filter(answer -> answer.begun() >= from && answer.begun() < to)
          .map(Answered::took)
          .max(Duration::compareTo)
          .orElse(Duration.ZERO);
    }

    List<String> acknowledged() {
      return answers.stream()
          .filter(answer -> answer.status() == 201)
          .map(Answered::title)
          .sorted()
          .toList();
    }

    /** Waits until each client has created its last task. */
    void end() throws ExecutionException, InterruptedException {
      over.set(true);
      clients.close();
      for (Future<?> client : running) {
        client.get();
      }
    }
  }

  private Jar jar() {
    Map<String, String> environment = stage.environment();
    environment.put("FREE_MAX_TASKS", "1000000");
    return stage.start(environment).awaitReady();
  }

  private List<Api> users(Api api) {
    List<Api> users = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      TestService.Session user = stage.newUser(api);
      users.add(user.api());
    }
    return users;
  }

  /** Checks that exactly the acknowledged tasks exist, as every request was retried until then. */
  private static void assertNothingLost(List<String> before, WriteLoad load) {
    List<String> expected = new ArrayList<>(before);
    expected.addAll(load.acknowledged());
    assertEquals(
        expected.stream().sorted().toList(),
        postgres.texts("select title from tasks.task_instances").stream().sorted().toList());
    postgres.checkInvariants();
  }

  private static List<String> titles() {
    return postgres.texts("select title from tasks.task_instances");
  }

  @Test
  void promise_6_a_hard_restart_under_write_load_loses_no_acknowledged_write() throws Exception {
    Jar jar = jar();
    List<String> before = titles();
    WriteLoad load = new WriteLoad(users(stage.api(jar)));
    try {
      for (int i = 0; i < RESTARTS; i++) {
        long calm = TIME.nanoTime();
        Eventually.within(LIMIT, () -> load.count(201, calm) >= 10L * CLIENTS);
        Runnable start = postgres.kill();
        long away = TIME.nanoTime();
        Eventually.within(LIMIT, () -> load.count(503, away) >= 3L * CLIENTS);
        long starting = TIME.nanoTime();
        start.run();
        postgres.awaitAnswer();
        long back = TIME.nanoTime();
        Eventually.within(LIMIT, () -> load.count(201, back) >= 3L * CLIENTS);
        Duration rejection = load.longest(away, starting);
        assertTrue(
            rejection.compareTo(REJECTION.plus(ALLOWANCE)) <= 0, "rejected after " + rejection);
        long first =
            load.answers.stream()
                .filter(answer -> answer.status() == 201 && answer.ended() > back)
                .mapToLong(Answered::ended)
                .min()
                .orElseThrow();
        Duration serving = Duration.ofNanos(first - back);
        assertTrue(serving.compareTo(SERVING) <= 0, "serving after " + serving);
        System.out.printf("promise 6: rejected in %s, serving after %s%n", rejection, serving);
      }
    } finally {
      load.end();
    }
    assertTrue(jar.isAlive());
    assertNothingLost(before, load);
  }

  @Test
  void promise_6_with_a_frozen_database_requests_end_in_time_and_liveness_holds() throws Exception {
    Jar jar = jar();
    Api visitor = stage.api(jar);
    List<String> before = titles();
    WriteLoad load = new WriteLoad(users(visitor));
    try {
      long calm = TIME.nanoTime();
      Eventually.within(LIMIT, () -> load.count(201, calm) >= 10L * CLIENTS);
      long frozen = TIME.nanoTime();
      postgres.freeze();
      List<Integer> readiness = new ArrayList<>();
      Duration slowest = Duration.ZERO;
      // Longer than every time-out, and until both requests and readiness have failed.
      while (TIME.since(frozen).compareTo(FROZEN) < 0
          || (TIME.since(frozen).compareTo(LIMIT) < 0
              && (load.count(503, frozen) == 0 || readiness.getLast() != 503))) {
        long begun = TIME.nanoTime();
        visitor.get("/health/live").expect(200);
        Duration took = TIME.since(begun);
        slowest = took.compareTo(slowest) > 0 ? took : slowest;
        readiness.add(visitor.get("/health/ready").status());
        LockSupport.parkNanos(PAUSE.toNanos());
      }
      postgres.thaw();
      postgres.awaitAnswer();
      long back = TIME.nanoTime();
      Eventually.within(LIMIT, () -> load.count(201, back) >= CLIENTS);
      Duration served = TIME.since(back);
      Eventually.within(LIMIT, () -> visitor.get("/health/ready").status() == 200);
      Duration longest = load.longest(calm, back);
      assertTrue(longest.compareTo(LONGEST.plus(ALLOWANCE)) <= 0, "longest request: " + longest);
      assertTrue(load.count(503, frozen) > 0);
      assertTrue(slowest.compareTo(LIVE) <= 0, "liveness took " + slowest);
      assertEquals(503, readiness.getLast());
      System.out.printf(
          "promise 6: longest request %s, liveness %s, serving after %s%n",
          longest, slowest, served);
    } finally {
      load.end();
    }
    assertTrue(jar.isAlive());
    assertNothingLost(before, load);
  }
}
