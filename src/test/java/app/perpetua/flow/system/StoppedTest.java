package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.NextCommit;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import app.perpetua.flow.sql.Eventually;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Promise 24: SIGTERM ends the service after the requests in progress. */
@Tag("system")
class StoppedTest {
  private static final String TASKS = "/api/v1/tasks";
  private static final int CLIENTS = 8;

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  @Test
  void promise_24_after_SIGTERM_requests_in_flight_finish_and_no_more_are_accepted()
      throws Exception {
    NextCommit commit = new NextCommit();
    try (Tap tap = new Tap(stage.databaseAddress(), commit);
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      Map<String, String> environment = stage.environmentThrough(tap.port());
      environment.put("FREE_MAX_TASKS", "1000000");
      // Without jobs, so that the delayed commit is a request's.
      Jar jar = stage.start(environment, "--role=api").awaitReady();
      Api api = stage.api(jar);
      Set<String> acknowledged = ConcurrentHashMap.newKeySet();
      CountDownLatch busy = new CountDownLatch(10 * CLIENTS);
      List<Future<?>> storms = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        TestService.Session user = stage.newUser(api);
        storms.add(clients.submit(() -> storm(user.api(), acknowledged, busy)));
      }
      busy.await();
      CountDownLatch inFlight = new CountDownLatch(1);
      CountDownLatch released = new CountDownLatch(1);
      commit.when(
          NextCommit.Moment.BEFORE,
          () -> {
            inFlight.countDown();
            return waited(released);
          });
      inFlight.await();
      jar.terminate();
      Eventually.within(Duration.ofSeconds(30), () -> !jar.listens());
      assertTrue(jar.isAlive(), "it waits for the request in flight");
      released.countDown();
      int code = jar.awaitExit(Duration.ofSeconds(30));
      assertTrue(code == 143 || code == 0, "exit code " + code);
      for (Future<?> storm : storms) {
        storm.get();
      }
      Set<String> stored =
          database.rows("select id::text as id from tasks.task_instances").stream()
              .map(row -> String.valueOf(row.get("id")))
              .collect(Collectors.toSet());
      assertEquals(acknowledged, stored, "whatever was done was answered, and the other way round");
      assertEquals(
          stored.size(),
          database.number(
              "select count(*) from activity.activity_logs where action = 'task_created'"));
      assertEquals(stored.size(), database.number("select count(*) from ops.idempotency_keys"));
      Invariants.check(database);
      assertEquals(
          List.of(),
          jar.out().stream().filter(line -> line.contains("\"ERROR\"")).toList(),
          "nothing failed on the way out");
    }
  }

  private static boolean waited(CountDownLatch latch) {
    try {
      latch.await();
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Creates tasks until a request is rejected or the service has stopped. */
  private static void storm(Api api, Set<String> acknowledged, CountDownLatch busy) {
    while (true) {
      try {
        Api.Answer answer =
            api.withKey(UUID.randomUUID()).post(TASKS, Map.of("title", "under load"));
        if (answer.status() == 503) {
          return;
        }
        acknowledged.add(answer.expect(201).id());
        busy.countDown();
      } catch (UncheckedIOException e) {
        return;
      }
    }
  }
}
