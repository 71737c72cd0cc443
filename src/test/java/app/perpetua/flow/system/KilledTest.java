package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.NextCommit;
import app.perpetua.flow.harness.NextCommit.Moment;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import app.perpetua.flow.sync.Batches;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kills the service and checks that every request has exactly one effect. */
@Order(2)
@Tag("system")
class KilledTest {
  private static final String TASKS = "/api/v1/tasks";
  private static final Duration RETRY_AFTER = Duration.ofMillis(50);

  /** Leaves the processors to the restart. */
  private static final Duration PAUSE = Duration.ofMillis(20);

  private static final int CLIENTS = 8;

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @ParameterizedTest
  @EnumSource
  void promise_1_after_a_kill_around_the_commit_a_retry_has_one_effect(Moment moment)
      throws Exception {
    NextCommit commit = new NextCommit();
    try (Tap tap = new Tap(stage.databaseAddress(), commit)) {
      Map<String, String> environment = stage.environmentThrough(tap.port());
      // Without jobs, so that the next commit is the request's.
      Jar jar = stage.start(environment, "--role=api").awaitReady();
      TestService.Session user = stage.newUser(stage.api(jar));
      UUID key = UUID.randomUUID();
      Map<String, Object> task = Map.of("title", "once");
      commit.when(
          moment,
          () -> {
            jar.kill();
            return false;
          });
      assertThrows(UncheckedIOException.class, () -> user.api().withKey(key).post(TASKS, task));
      assertEquals(moment == Moment.AFTER ? 1 : 0, tasks(user));
      stage.startOn(jar.port(), environment, "--role=api").awaitReady();
      Api.Answer retried = user.api().withKey(key).post(TASKS, task).expect(201);
      assertEquals(
          moment == Moment.AFTER ? "true" : "", retried.header("X-Idempotent-Replayed").orElse(""));
      assertEquals(retried.text(), user.api().withKey(key).post(TASKS, task).text());
      assertEquals(1, tasks(user));
      assertEquals(retried.data(), user.api().get(TASKS).data().get(0));
    }
  }

  @ParameterizedTest
  @EnumSource
  void FR_147_a_batch_in_which_the_service_is_killed_is_completed_by_a_retry(Moment moment)
      throws Exception {
    NextCommit commit = new NextCommit();
    try (Tap tap = new Tap(stage.databaseAddress(), commit)) {
      Map<String, String> environment = stage.environmentThrough(tap.port());
      Jar jar = stage.start(environment, "--role=api").awaitReady();
      TestService.Session user = stage.newUser(stage.api(jar));
      Batches batch = new Batches().add("task.create", Map.of("title", "task")).as("task");
      for (int i = 0; i < 4; i++) {
        batch.add("subtask.create", Map.of("task_id", "task", "title", "step " + i));
      }
      // The first commit passes; at the second one the process is killed.
      commit.when(
          Moment.BEFORE,
          () -> {
            commit.when(
                moment,
                () -> {
                  jar.kill();
                  return false;
                });
            return true;
          });
      assertThrows(UncheckedIOException.class, () -> batch.send(user.api()));
      assertEquals(1, tasks(user));
      assertEquals(moment == Moment.AFTER ? 1 : 0, entries(user, "subtask_created"));
      stage.startOn(jar.port(), environment, "--role=api").awaitReady();
      Batches.Answer retried = batch.sendUntilExecuted(user.api());
      assertEquals(List.of(201, 201, 201, 201, 201), retried.statuses());
      assertEquals(1, tasks(user));
      assertEquals(4, entries(user, "subtask_created"));
    }
  }

  /**
   * {@code ./chaos} makes more kills. {@code -Dfaults=200} sets their number here, {@code -Dseed=}
   * repeats a run.
   */
  @Test
  void promise_2_after_repeated_kills_under_load_every_key_has_exactly_one_effect()
      throws Exception {
    int faults = Integer.getInteger("faults", 3);
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("promise 2: " + faults + " kills, seed " + seed);
    Random random = new Random(seed);
    Map<String, String> environment = stage.environment();
    environment.put("FREE_MAX_TASKS", "1000000");
    environment.put("JWT_ACCESS_EXPIRY_MINUTES", "600");
    Jar jar = stage.start(environment).awaitReady();
    Api api = stage.api(jar);
    List<TestService.Session> users = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      users.add(stage.newUser(api));
    }
    AtomicBoolean over = new AtomicBoolean();
    List<Future<Integer>> rounds = new ArrayList<>();
    int total = 0;
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (TestService.Session user : users) {
        rounds.add(clients.submit(() -> storm(user, over)));
      }
      for (int kill = 0; kill < faults; kill++) {
        LockSupport.parkNanos(Duration.ofMillis(random.nextInt(20, 1_500)).toNanos());
        jar.kill();
        jar = stage.startOn(jar.port(), environment).awaitReady();
      }
      over.set(true);
    }
    for (int i = 0; i < CLIENTS; i++) {
      int done = rounds.get(i).get();
      TestService.Session user = users.get(i);
      assertTrue(done > 0);
      assertEquals(done, tasks(user), "one task for each key");
      assertEquals(
          done,
          database.number(
              "select count(distinct title) from tasks.task_instances where user_id = ?",
              user.userId()));
      assertEquals(done, entries(user, "task_created"));
      assertEquals(done, entries(user, "task_updated"));
      assertEquals(
          0,
          database.number(
              "select count(*) from tasks.task_instances where user_id = ? and version <> 2",
              user.userId()));
      total += done;
    }
    System.out.println("promise 2: " + total + " tasks made and changed");
  }

  /**
   * Creates and changes tasks in a loop; retries each request with its key until it is answered.
   */
  private static int storm(TestService.Session user, AtomicBoolean over) {
    int round = 0;
    while (!over.get()) {
      round++;
      Map<String, Object> made = Map.of("title", "round " + round);
      Api.Answer task = persistently(user.api(), "POST", TASKS, made).expect(201);
      String target = TASKS + "/" + task.id();
      Map<String, Object> change = Map.of("version", 1, "priority", "high");
      persistently(user.api(), "PATCH", target, change).expect(200);
      LockSupport.parkNanos(PAUSE.toNanos());
    }
    return round;
  }

  private static Api.Answer persistently(Api api, String method, String target, Object body) {
    Api keyed = api.withKey(UUID.randomUUID());
    while (true) {
      try {
        Api.Answer answer = keyed.send(method, target, body);
        if (answer.status() != 503) {
          return answer;
        }
      } catch (UncheckedIOException e) {
        // The service was killed or has not restarted yet.
      }
      LockSupport.parkNanos(RETRY_AFTER.toNanos());
    }
  }

  private static long tasks(TestService.Session user) {
    return database.number(
        "select count(*) from tasks.task_instances where user_id = ?", user.userId());
  }

  private static long entries(TestService.Session user, String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        user.userId(),
        action);
  }
}
