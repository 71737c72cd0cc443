package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.NextCommit;
import app.perpetua.flow.harness.NextCommit.Moment;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/**
 * Promise 5: the connection to PostgreSQL is cut in the very moment of a commit, once before the
 * server sees it and once after it has committed. The service cannot tell which; its client need
 * not.
 */
class UnknownCommitTest {
  private static final String TASKS = "/api/v1/tasks";

  private static final NextCommit COMMIT = new NextCommit();
  private static final List<Tap> TAPS = new ArrayList<>();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .through(
              address -> {
                try {
                  TAPS.add(new Tap(address, COMMIT));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
                return TAPS.getLast().port();
              });

  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();

  @AfterAll
  static void untap() throws IOException {
    for (Tap tap : TAPS) {
      tap.close();
    }
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @ParameterizedTest
  @EnumSource
  void promise_5_a_task_is_created_once(Moment moment) throws Exception {
    Api keyed = api.withKey(UUID.randomUUID());
    Supplier<Api.Answer> create = () -> keyed.post(TASKS, Map.of("title", "once"));
    unknown(moment, create);
    assertEquals(moment == Moment.AFTER ? 1 : 0, tasks());
    Api.Answer known = retried(moment, create, 201);
    assertEquals(1, tasks());
    assertEquals(1, entries("task_created"));
    assertArrayEquals(known.bytes(), create.get().expect(201).bytes());
  }

  @ParameterizedTest
  @EnumSource
  void promise_5_a_task_is_changed_once_though_its_version_has_passed(Moment moment)
      throws Exception {
    String task = create();
    Api keyed = api.withKey(UUID.randomUUID());
    Supplier<Api.Answer> change = () -> keyed.patch(task, Map.of("version", 1, "title", "changed"));
    unknown(moment, change);
    JsonNode changed = retried(moment, change, 200).data();
    assertEquals(2, changed.get("version").intValue());
    assertEquals(changed.get("updated_at"), api.get(task).data().get("updated_at"));
    assertEquals(1, entries("task_updated"));
  }

  @ParameterizedTest
  @EnumSource
  void promise_5_a_task_is_deleted_once_and_its_tombstone_is_told(Moment moment) throws Exception {
    String task = create();
    Api keyed = api.withKey(UUID.randomUUID());
    Supplier<Api.Answer> delete = () -> keyed.delete(task);
    unknown(moment, delete);
    UUID tombstone =
        UUID.fromString(retried(moment, delete, 200).data().get("tombstone_id").stringValue());
    assertEquals(
        tombstone,
        database
            .row("select id from tasks.deletion_tombstones where user_id = ?", user.userId())
            .get("id"));
    assertEquals(1, entries("task_deleted"));
  }

  @ParameterizedTest
  @EnumSource
  void promise_5_the_last_subtask_completes_its_task_once(Moment moment) throws Exception {
    String task = create();
    String subtask =
        api.post(task + "/subtasks", Map.of("title", "only"))
            .expect(201)
            .data()
            .get("id")
            .stringValue();
    Api keyed = api.withKey(UUID.randomUUID());
    Supplier<Api.Answer> complete =
        () -> keyed.patch("/api/v1/subtasks/" + subtask, Map.of("completed", true));
    unknown(moment, complete);
    assertTrue(retried(moment, complete, 200).json().at("/task/completed").booleanValue());
    assertEquals(1, entries("task_completed"));
    assertEquals(1, entries("subtask_completed"));
  }

  @ParameterizedTest
  @EnumSource
  void promise_5_a_first_sign_in_makes_one_account(Moment moment) throws Exception {
    String subject = "google-" + UUID.randomUUID();
    String token = service.google().idToken(subject).sign();
    Supplier<Api.Answer> signIn =
        () -> service.api().post("/api/v1/auth/google/callback", Map.of("id_token", token));
    unknown(moment, signIn);
    signIn.get().expect(200);
    assertEquals(
        1, database.number("select count(*) from auth.users where google_id = ?", subject));
  }

  @ParameterizedTest
  @EnumSource
  void promise_5_a_lost_refresh_does_not_end_the_session(Moment moment) throws Exception {
    Supplier<Api.Answer> refresh =
        () ->
            service
                .api()
                .post("/api/v1/auth/refresh", Map.of("refresh_token", user.refreshToken()));
    unknown(moment, refresh);
    String successor = refresh.get().expect(200).json().get("refresh_token").stringValue();
    service.api().post("/api/v1/auth/refresh", Map.of("refresh_token", successor)).expect(200);
  }

  /** Sends it, cuts its commit, and shows that the answer promises nothing. */
  private static void unknown(Moment moment, Supplier<Api.Answer> request) throws Exception {
    CountDownLatch cut = new CountDownLatch(1);
    COMMIT.when(
        moment,
        () -> {
          cut.countDown();
          return false;
        });
    Api.Answer answer = request.get().expect(503, "SERVICE_UNAVAILABLE");
    assertTrue(cut.await(0, TimeUnit.SECONDS), "it was the commit that broke");
    assertEquals("1", answer.header("Retry-After").orElse(""));
    String message = answer.json().at("/error/message").stringValue();
    assertTrue(message.contains("same Idempotency-Key"), message);
  }

  /**
   * Repeats it as a client would: until the server has noticed that its connection is gone, the
   * first request still holds the key.
   */
  private static Api.Answer retried(Moment moment, Supplier<Api.Answer> request, int status) {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    Api.Answer answer = request.get();
    while (answer.status() == 409 && System.nanoTime() < deadline) {
      answer.expect(409, "IDEMPOTENCY_IN_PROGRESS");
      LockSupport.parkNanos(PAUSE.toNanos());
      answer = request.get();
    }
    answer.expect(status);
    assertEquals(
        moment == Moment.AFTER ? "true" : "", answer.header("X-Idempotent-Replayed").orElse(""));
    return answer;
  }

  private String create() {
    return TASKS
        + "/"
        + api.post(TASKS, Map.of("title", "a")).expect(201).data().get("id").stringValue();
  }

  private long tasks() {
    return database.number(
        "select count(*) from tasks.task_instances where user_id = ?", user.userId());
  }

  private long entries(String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        user.userId(),
        action);
  }
}
