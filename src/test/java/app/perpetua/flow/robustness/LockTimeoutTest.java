package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.RawVoiceClient;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that meet a lock which is not released in time. */
class LockTimeoutTest {
  private static final String ME = "/api/v1/users/me";
  private static final String TASKS = "/api/v1/tasks";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  /** Another process. */
  @Order(3)
  @RegisterExtension
  static final TestService other = new TestService(database);

  /** As a migration does, which locks tables that every request needs. */
  @ParameterizedTest
  @ValueSource(strings = {"auth.users", "tasks.task_instances", "ops.idempotency_keys"})
  void a_locked_table_makes_reads_and_writes_unavailable(String table) throws Exception {
    TestService.Session session = service.newUser();
    String task = session.api().createTask("before");
    List<Callable<Api.Answer>> requests = new ArrayList<>();
    if (!table.startsWith("ops.")) {
      requests.add(() -> session.api().get(TASKS));
      requests.add(() -> session.api().get(TASKS + "?q=before"));
    }
    if (table.startsWith("tasks.")) {
      requests.add(() -> session.api().get(TASKS + "/" + task));
      requests.add(() -> session.api().patch(TASKS + "/" + task, Map.of("hidden", true)));
    }
    // One write per user, because writes of one user wait for each other.
    for (TestService.Session writer : List.of(service.newUser(), service.newUser())) {
      requests.add(() -> writer.api().post(TASKS, Map.of("title", "a")));
    }
    if (table.equals("auth.users")) {
      Api deleting = service.newUser().api();
      requests.add(() -> deleting.withoutKey().delete(TASKS + "/" + task));
      requests.add(() -> session.api().get(ME));
      requests.add(() -> session.api().patch(ME, Map.of("name", "Ada")));
    }
    for (Api.Answer answer : whileLocked("lock table " + table, requests)) {
      answer.expect(503, "SERVICE_UNAVAILABLE");
      assertEquals("1", answer.header("Retry-After").orElse(""));
    }
    session.api().get(TASKS).expect(200);
    session.api().patch(ME, Map.of("name", "Ada")).expect(200);
  }

  /** Whatever makes it slow; here, the function that folds the words of a search. */
  @ParameterizedTest
  @ValueSource(
      strings = {"/api/v1/tasks?q=slow", "/api/v1/tasks?q=slow&cursor=", "/api/v1/notes?q=slow"})
  void a_list_that_takes_too_long_is_answered_with_unavailable(String list) {
    Api api = service.newUser().api();
    api.createTask("slow");
    api.createNote("slow");
    String definition =
        String.valueOf(
            database
                .row("select pg_get_functiondef('search.folded(text)'::regprocedure) as text")
                .get("text"));
    database.run(
        """
        create or replace function search.folded(text) returns text
        immutable strict parallel safe language plpgsql
        as $$ begin perform pg_sleep(60); return $1; end $$
        """);
    try {
      Api.Answer answer = api.get(list).expect(503, "SERVICE_UNAVAILABLE");
      assertEquals("1", answer.header("Retry-After").orElse(""));
    } finally {
      database.run(definition);
    }
    api.get(list).expect(200);
  }

  @Test
  void another_change_of_the_account_delays_its_writes_only() throws Exception {
    TestService.Session session = service.newUser();
    TestService.Session keyless = service.newUser();
    // Its session is looked up in the same message.
    TestService.Session elsewhere = other.newUser();
    Api looked = service.api().as(elsewhere.accessToken());
    String own =
        "select from auth.users where id in ('%s', '%s', '%s') for update"
            .formatted(session.userId(), keyless.userId(), elsewhere.userId());
    List<Api.Answer> answers =
        whileLocked(
            own,
            List.of(
                () -> session.api().post(TASKS, Map.of("title", "a")),
                () -> keyless.api().withoutKey().delete(TASKS + "/" + UUID.randomUUID()),
                () -> looked.post(TASKS, Map.of("title", "a")),
                () -> session.api().get(ME),
                () -> session.api().get(TASKS),
                () -> service.newUser().api().post(TASKS, Map.of("title", "b"))));
    for (Api.Answer write : answers.subList(0, 3)) {
      write.expect(409, "CONFLICT");
      assertTrue(write.header("Retry-After").isPresent(), write.toString());
    }
    answers.get(3).expect(200);
    answers.get(4).expect(200);
    answers.get(5).expect(201);
  }

  @ParameterizedTest
  @CsvSource({
    "select from auth.users where id = '%s' for update, 409",
    "lock table auth.users, 503"
  })
  void a_voice_stream_that_meets_a_lock_is_refused_with_its_rate_limit(String sql, int status)
      throws Exception {
    TestService.Session session = service.newPro();
    try (Connection locking = database.dataSource().getConnection()) {
      lock(locking, sql.formatted(session.userId()));
      try (RawVoiceClient client =
          new RawVoiceClient(service.port(), "?token=" + session.accessToken())) {
        assertEquals(status, client.status());
        assertEquals("999999", client.header("x-ratelimit-remaining"));
        assertEquals("1", client.header("retry-after"));
      }
    }
  }

  /** The answers, in order, to requests that are sent at once while the lock is held. */
  private static List<Api.Answer> whileLocked(String sql, List<Callable<Api.Answer>> requests)
      throws Exception {
    try (Connection locking = database.dataSource().getConnection();
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      lock(locking, sql);
      List<Api.Answer> answers = new ArrayList<>();
      for (Future<Api.Answer> answer : executor.invokeAll(requests)) {
        answers.add(answer.get());
      }
      return answers;
    }
  }

  private static void lock(Connection connection, String sql) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
