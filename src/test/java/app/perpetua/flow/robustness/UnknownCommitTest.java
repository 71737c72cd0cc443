package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.NextCommit;
import app.perpetua.flow.harness.NextCommit.Moment;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/**
 * Promise 5: the connection to PostgreSQL breaks during a commit, before or after the server has
 * committed. The service cannot know which; a client that retries with the same key gets one effect
 * in both cases.
 */
class UnknownCommitTest {
  private static final String TASKS = "/api/v1/tasks";

  private static final NextCommit COMMIT = new NextCommit();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).observedBy(COMMIT);

  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @ParameterizedTest
  @EnumSource
  void promise_5_a_task_is_created_once(Moment moment) throws Exception {
    Api keyed = api.withKey(UUID.randomUUID());
    Supplier<Api.Answer> create = () -> keyed.post(TASKS, Map.of("title", "once"));
    breakCommit(moment, create);
    assertEquals(moment == Moment.AFTER ? 1 : 0, tasks());
    Api.Answer first = retry(moment, create, 201);
    assertEquals(1, tasks());
    assertEquals(1, entries("task_created"));
    assertArrayEquals(first.bytes(), create.get().expect(201).bytes());
  }

  @ParameterizedTest
  @EnumSource
  void promise_5_a_task_is_changed_once_although_the_retry_has_an_old_version(Moment moment)
      throws Exception {
    String task = create();
    Api keyed = api.withKey(UUID.randomUUID());
    Supplier<Api.Answer> change = () -> keyed.patch(task, Map.of("version", 1, "title", "changed"));
    breakCommit(moment, change);
    JsonNode changed = retry(moment, change, 200).data();
    assertEquals(2, changed.get("version").intValue());
    assertEquals(changed.get("updated_at"), api.get(task).data().get("updated_at"));
    assertEquals(1, entries("task_updated"));
  }

  @ParameterizedTest
  @EnumSource
  void promise_5_a_task_is_deleted_once_and_the_retry_returns_its_tombstone(Moment moment)
      throws Exception {
    String task = create();
    Api keyed = api.withKey(UUID.randomUUID());
    Supplier<Api.Answer> delete = () -> keyed.delete(task);
    breakCommit(moment, delete);
    UUID tombstone =
        UUID.fromString(retry(moment, delete, 200).data().get("tombstone_id").stringValue());
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
    String subtask = api.post(task + "/subtasks", Map.of("title", "only")).expect(201).id();
    Api keyed = api.withKey(UUID.randomUUID());
    Supplier<Api.Answer> complete =
        () -> keyed.patch("/api/v1/subtasks/" + subtask, Map.of("completed", true));
    breakCommit(moment, complete);
    assertTrue(retry(moment, complete, 200).json().at("/task/completed").booleanValue());
    assertEquals(1, entries("task_completed"));
    assertEquals(1, entries("subtask_completed"));
  }

  @ParameterizedTest
  @EnumSource
  void promise_5_a_first_sign_in_creates_one_account(Moment moment) throws Exception {
    String subject = "google-" + UUID.randomUUID();
    String token = service.google().idToken(subject).sign();
    Supplier<Api.Answer> signIn =
        () -> service.api().post("/api/v1/auth/google/callback", Map.of("id_token", token));
    breakCommit(moment, signIn);
    signIn.get().expect(200);
    assertEquals(
        1, database.number("select count(*) from auth.users where google_id = ?", subject));
  }

  @ParameterizedTest
  @EnumSource
  void promise_5_a_refresh_with_a_lost_answer_does_not_end_the_session(Moment moment)
      throws Exception {
    Supplier<Api.Answer> refresh =
        () ->
            service
                .api()
                .post("/api/v1/auth/refresh", Map.of("refresh_token", user.refreshToken()));
    breakCommit(moment, refresh);
    String successor = refresh.get().expect(200).json().get("refresh_token").stringValue();
    service.api().post("/api/v1/auth/refresh", Map.of("refresh_token", successor)).expect(200);
  }

  /** Sends a request whose commit breaks, and checks that the answer asks for a retry. */
  private static void breakCommit(Moment moment, Supplier<Api.Answer> request) throws Exception {
    CountDownLatch cut = new CountDownLatch(1);
    COMMIT.when(
        moment,
        () -> {
          cut.countDown();
          return false;
        });
    Api.Answer answer = request.get().expect(503, "SERVICE_UNAVAILABLE");
    assertTrue(cut.await(0, TimeUnit.SECONDS), "the commit was cut");
    assertEquals("1", answer.header("Retry-After").orElse(""));
    String message = answer.json().at("/error/message").stringValue();
    assertTrue(message.contains("same Idempotency-Key"), message);
  }

  /**
   * Retries the request as a client would. Until the server notices the broken connection, the
   * first request still holds the key, and retries get 409.
   */
  private static Api.Answer retry(Moment moment, Supplier<Api.Answer> request, int status) {
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
    return TASKS + "/" + api.createTask("a");
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
