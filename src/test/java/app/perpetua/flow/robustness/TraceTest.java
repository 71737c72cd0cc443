package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.TraceContext;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.jobs.Worker;
import app.perpetua.flow.observability.AccessLog;
import app.perpetua.flow.sql.Eventually;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A trace goes on from a request to its log line, its jobs and its calls to providers. */
class TraceTest {
  private static final String SPAN = "b7ad6b7169203331";
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final String trace = HexFormat.of().formatHex(bytes(UUID.randomUUID()));
  private final Api api =
      service.newUser().api().with("traceparent", "00-" + trace + "-" + SPAN + "-01");

  /** The spans of the test's trace in which a line was logged, by message. */
  private final List<Map.Entry<String, String>> logged = new CopyOnWriteArrayList<>();

  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord event) {
          TraceContext.current()
              .filter(current -> current.traceId().equals(trace))
              .ifPresent(current -> logged.add(Map.entry(event.getMessage(), current.spanId())));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  private final List<Logger> loggers =
      List.of(
          Logger.getLogger(AccessLog.class.getName()), Logger.getLogger(Worker.class.getName()));

  @BeforeEach
  void capture() {
    loggers.forEach(logger -> logger.addHandler(handler));
  }

  @AfterEach
  void release() {
    loggers.forEach(logger -> logger.removeHandler(handler));
  }

  @Test
  void a_request_is_logged_in_the_trace_of_its_client() {
    api.get("/api/v1/users/me").expect(200);
    api.invalidOnPurpose().get("/nowhere").expect(404);
    Eventually.within(LIMIT, () -> spans("request").size() == 2);
    assertNotEquals(spans("request").get(0), spans("request").get(1));
    assertTrue(spans("request").stream().noneMatch(SPAN::equals), logged.toString());
  }

  @Test
  void a_call_to_a_provider_has_a_span_of_its_own() {
    service.openAi().script(OpenAiStep.say("Begin with the tent."));
    api.post("/api/v1/ai/chat", Map.of("message", "Where?")).expect(200);
    String sent = service.openAi().traceparent();
    assertTrue(sent.matches("00-" + trace + "-[0-9a-f]{16}-01"), sent);
    Eventually.within(LIMIT, () -> spans("request").size() == 1);
    assertTrue(!sent.contains(SPAN) && !sent.contains(spans("request").getFirst()), sent);
  }

  @Test
  void a_job_runs_and_is_logged_in_the_trace_of_the_request_that_enqueued_it() {
    String at = service.clock().instant().plus(Duration.ofHours(1)).toString();
    String task = api.createTask("a");
    api.post("/api/v1/tasks/" + task + "/reminders", Map.of("type", "absolute", "scheduled_at", at))
        .expect(201);
    String stored =
        String.valueOf(
            database
                .row(
                    "select traceparent from ops.job_queue where traceparent like ? and kind = ?",
                    "00-" + trace + "-%",
                    "reminder_fire")
                .get("traceparent"));
    service.clock().advance(Duration.ofHours(1));
    service.runDueJobs();
    assertEquals(1, spans("job").size(), logged.toString());
    assertTrue(!stored.contains(spans("job").getFirst()), stored);
  }

  private List<String> spans(String message) {
    return logged.stream()
        .filter(line -> line.getKey().equals(message))
        .map(Map.Entry::getValue)
        .toList();
  }

  private static byte[] bytes(UUID id) {
    return ByteBuffer.allocate(16)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }
}
