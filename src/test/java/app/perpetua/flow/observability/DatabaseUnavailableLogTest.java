package app.perpetua.flow.observability;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.http.Errors;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An unavailable database is logged in one line per request, without a stack trace. */
class DatabaseUnavailableLogTest {
  private static final String WHEN_WAITING =
      """
      do $$
      begin
        for attempt in 1 .. 6000 loop
          perform pg_stat_clear_snapshot();
          perform WHAT from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'
            and query like '%notes.list_notes%' and pid <> pg_backend_pid();
          exit when found;
          perform pg_sleep(0.01);
        end loop;
      end $$
      """;

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).with("DATABASE_POOL_SIZE", "2");

  private final Logger logger = Logger.getLogger(Errors.class.getName());
  private final List<LogRecord> logged = new CopyOnWriteArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord event) {
          logged.add(event);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  private final Api api = service.newUser().api();

  @BeforeEach
  void listen() {
    logger.addHandler(handler);
  }

  @AfterEach
  void stop() {
    logger.removeHandler(handler);
  }

  @Test
  void a_statement_time_out_is_one_log_line_with_request_statement_and_duration() throws Exception {
    Api.Answer answer = whileLocked("pg_cancel_backend(pid)");
    assertOneLine(
        answer,
        "the database is unavailable: notes\\.list_notes: 57014 after [0-9]+ ms, .*canceling.*");
  }

  @Test
  void a_lock_time_out_of_a_read_is_one_log_line() throws Exception {
    Api.Answer answer = whileLocked("true");
    assertOneLine(
        answer, "the database is unavailable: notes\\.list_notes: 55P03 after [0-9]+ ms, .*lock.*");
  }

  @Test
  void a_lost_connection_is_one_log_line() throws Exception {
    Api.Answer answer = whileLocked("pg_terminate_backend(pid)");
    assertOneLine(
        answer,
        "the database is unavailable: notes\\.list_notes: 57P01 after [0-9]+ ms, .*terminat.*");
  }

  @Test
  void a_connection_time_out_is_one_log_line() throws Exception {
    List<Future<Api.Answer>> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Connection connection = locked()) {
      // Each request takes a connection, or is rejected because none is free.
      for (int i = 0; i < 12; i++) {
        answers.add(threads.submit(() -> api.get("/api/v1/notes")));
      }
      for (Future<Api.Answer> answer : answers) {
        unavailable(answer.get());
      }
      connection.rollback();
    }
    List<String> lines = new ArrayList<>();
    for (Future<Api.Answer> answer : answers) {
      List<LogRecord> events = logged(requestId(answer.get()));
      assertEquals(1, events.size(), () -> events.toString());
      assertEquals(Level.WARNING, events.getFirst().getLevel());
      assertNull(events.getFirst().getThrown());
      lines.add(line(events.getFirst()));
    }
    assertTrue(
        lines.stream().anyMatch(line -> line.contains("no connection was free within")),
        lines::toString);
  }

  @Test
  void an_unexpected_exception_keeps_its_stack_trace() {
    new Errors(new Json()).refusal(new IllegalStateException("a defect"), "request-1");
    List<LogRecord> events = logged("request-1");
    assertEquals(1, events.size());
    assertEquals(Level.SEVERE, events.getFirst().getLevel());
    assertNotNull(events.getFirst().getThrown());
  }

  /** Lists notes while their table is locked, and runs SQL on the waiting connection. */
  private Api.Answer whileLocked(String sql) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Connection connection = locked()) {
      // In one statement, which ends before the time-outs of the service.
      Future<?> done = threads.submit(() -> database.run(WHEN_WAITING.replace("WHAT", sql)));
      Api.Answer answer = api.get("/api/v1/notes");
      done.get();
      connection.rollback();
      return answer;
    }
  }

  private static Connection locked() throws SQLException {
    Connection connection = database.dataSource().getConnection();
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("lock table notes.notes in access exclusive mode");
    }
    return connection;
  }

  private void assertOneLine(Api.Answer answer, String pattern) {
    unavailable(answer);
    List<LogRecord> events = logged(requestId(answer));
    assertEquals(1, events.size(), () -> events.toString());
    LogRecord event = events.getFirst();
    assertEquals(Level.WARNING, event.getLevel());
    assertNull(event.getThrown());
    assertTrue(line(event).matches(pattern), () -> line(event));
    assertEquals(requestId(answer), field(event));
  }

  private static String requestId(Api.Answer answer) {
    return answer.header("X-Request-ID").orElseThrow();
  }

  /** What was logged about a request; other tests of this JVM log meanwhile. */
  private List<LogRecord> logged(String requestId) {
    return logged.stream()
        .filter(event -> event.getMessage().contains(requestId) || requestId.equals(field(event)))
        .toList();
  }

  private static @Nullable Object field(LogRecord event) {
    Object[] parameters = event.getParameters();
    return parameters != null && parameters[parameters.length - 1] instanceof LogFields fields
        ? fields.get("request_id")
        : null;
  }

  private static void unavailable(Api.Answer answer) {
    answer.expect(503, "SERVICE_UNAVAILABLE");
    assertEquals("1", answer.header("Retry-After").orElseThrow());
  }

  private static String line(LogRecord event) {
    return MessageFormat.format(event.getMessage(), event.getParameters());
  }
}
