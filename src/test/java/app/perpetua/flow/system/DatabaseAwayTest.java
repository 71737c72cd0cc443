package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.GrantedTime;
import app.perpetua.flow.harness.TestService;
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
 * Promise 6: the database is killed or frozen under write load, and the service's process survives.
 * By hand: {@code -Drestarts=} for more than one, {@code -Dfreeze.seconds=60}.
 */
@Tag("system")
class DatabaseAwayTest {
  private static final String TASKS = "/api/v1/tasks";
  private static final int CLIENTS = 8;
  private static final int RESTARTS = Integer.getInteger("restarts", 1);
  private static final Duration FROZEN =
      Duration.ofSeconds(Integer.getInteger("freeze.seconds", 9));

  /** Promised. */
  private static final Duration REFUSED = Duration.ofMillis(1_500);

  private static final Duration SERVING = Duration.ofSeconds(5);
  private static final Duration LONGEST = Duration.ofSeconds(7);

  /** For what is computed on the way, with clients and server on the same machine. */
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

  /** Time that load takes from all processes does not count. */
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

  /** Users who make one task after the other, each with one key until it is made. */
  private static final class Storm {
    final ConcurrentLinkedQueue<Answered> answers = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean over = new AtomicBoolean();
    private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Future<?>> running = new ArrayList<>();

    Storm(List<Api> users) {
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
          // 409: a server that thawed is still at the request that was given up.
          made = answer.status() != 503 && answer.status() != 409;
          if (made) {
            answer.expect(201);
          } else {
            assertTrue(answer.header("Retry-After").isPresent(), answer::toString);
            LockSupport.parkNanos(PAUSE.toNanos());
          }
        }
      }
    }

    long count(int status, long since) {
      return answers.stream()
          .filter(answer -> answer.status() == status && answer.begun() >= since)
          .count();
    }

    /** Of those that began within that time; nothing if there are none. */
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

    /** Lets each have its last task. */
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

  /** Every acknowledged task is there, and no other: each key was repeated until it was. */
  private static void nothingIsLost(List<String> before, Storm storm) {
    List<String> expected = new ArrayList<>(before);
    expected.addAll(storm.acknowledged());
    assertEquals(
        expected.stream().sorted().toList(),
        postgres.texts("select title from tasks.task_instances").stream().sorted().toList());
    postgres.checkInvariants();
  }

  private static List<String> titles() {
    return postgres.texts("select title from tasks.task_instances");
  }

  @Test
  void promise_6_restarted_hard_under_write_load_it_loses_nothing_and_serves_again_at_once()
      throws Exception {
    Jar jar = jar();
    List<String> before = titles();
    Storm storm = new Storm(users(stage.api(jar)));
    try {
      for (int i = 0; i < RESTARTS; i++) {
        long calm = TIME.nanoTime();
        Eventually.within(LIMIT, () -> storm.count(201, calm) >= 10L * CLIENTS);
        Runnable start = postgres.kill();
        long away = TIME.nanoTime();
        Eventually.within(LIMIT, () -> storm.count(503, away) >= 3L * CLIENTS);
        long starting = TIME.nanoTime();
        start.run();
        postgres.awaitAnswer();
        long back = TIME.nanoTime();
        Eventually.within(LIMIT, () -> storm.count(201, back) >= 3L * CLIENTS);
        Duration refused = storm.longest(away, starting);
        assertTrue(refused.compareTo(REFUSED.plus(ALLOWANCE)) <= 0, "refused after " + refused);
        long first =
            storm.answers.stream()
                .filter(answer -> answer.status() == 201 && answer.ended() > back)
                .mapToLong(Answered::ended)
                .min()
                .orElseThrow();
        Duration serving = Duration.ofNanos(first - back);
        assertTrue(serving.compareTo(SERVING) <= 0, "serving after " + serving);
        System.out.printf("promise 6: refused in %s, serving after %s%n", refused, serving);
      }
    } finally {
      storm.end();
    }
    assertTrue(jar.isAlive());
    nothingIsLost(before, storm);
  }

  @Test
  void promise_6_frozen_it_keeps_nobody_waiting_and_stays_alive() throws Exception {
    Jar jar = jar();
    Api anybody = stage.api(jar);
    List<String> before = titles();
    Storm storm = new Storm(users(anybody));
    try {
      long calm = TIME.nanoTime();
      Eventually.within(LIMIT, () -> storm.count(201, calm) >= 10L * CLIENTS);
      long frozen = TIME.nanoTime();
      postgres.freeze();
      List<Integer> readiness = new ArrayList<>();
      Duration slowest = Duration.ZERO;
      // Longer than the longest silence that is borne, and until both have been told.
      while (TIME.since(frozen).compareTo(FROZEN) < 0
          || (TIME.since(frozen).compareTo(LIMIT) < 0
              && (storm.count(503, frozen) == 0 || readiness.getLast() != 503))) {
        long asked = TIME.nanoTime();
        anybody.get("/health/live").expect(200);
        Duration took = TIME.since(asked);
        slowest = took.compareTo(slowest) > 0 ? took : slowest;
        readiness.add(anybody.get("/health/ready").status());
        LockSupport.parkNanos(PAUSE.toNanos());
      }
      postgres.thaw();
      postgres.awaitAnswer();
      long back = TIME.nanoTime();
      Eventually.within(LIMIT, () -> storm.count(201, back) >= CLIENTS);
      Duration served = TIME.since(back);
      Eventually.within(LIMIT, () -> anybody.get("/health/ready").status() == 200);
      Duration longest = storm.longest(calm, back);
      assertTrue(longest.compareTo(LONGEST.plus(ALLOWANCE)) <= 0, "somebody waited " + longest);
      assertTrue(storm.count(503, frozen) > 0);
      assertTrue(slowest.compareTo(LIVE) <= 0, "liveness took " + slowest);
      assertEquals(503, readiness.getLast());
      System.out.printf(
          "promise 6: nobody waited over %s, liveness %s, serving after %s%n",
          longest, slowest, served);
    } finally {
      storm.end();
    }
    assertTrue(jar.isAlive());
    nothingIsLost(before, storm);
  }
}
