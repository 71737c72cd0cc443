package app.perpetua.flow.observability;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.base.TraceContext;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.RequestContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import tools.jackson.databind.JsonNode;

@Isolated("reads the access log of the whole JVM")
final class JsonFormatterTest {
  private static final UUID USER = UUID.fromString("019ba722-4680-7c3e-9a51-2f6d8b0c4e17");

  private final Json json = new Json();
  private final JsonFormatter log = new JsonFormatter();

  @Test
  void FR_065_an_event_is_one_JSON_object() {
    LogRecord event = event("moved {0} tasks");
    event.setParameters(new Object[] {3, LogFields.of("user_id", USER).with("status", 200)});
    assertEquals(
        "{\"time\":\"2026-01-19T10:30:00.000Z\",\"level\":\"WARNING\",\"logger\":\"test\","
            + "\"message\":\"moved 3 tasks\",\"user_id\":\""
            + USER
            + "\",\"status\":200}\n",
        log.format(event));
  }

  @Test
  void FR_065_an_event_names_the_trace_in_which_it_is_logged() {
    TraceContext trace = TraceContext.start();
    JsonNode line = json.parse(trace.call(() -> log.format(event("x"))));
    assertEquals(trace.traceId(), line.path("trace_id").stringValue());
    assertEquals(trace.spanId(), line.path("span_id").stringValue());
    assertTrue(json.parse(log.format(event("x"))).path("trace_id").isMissingNode());
  }

  @Test
  void promise_27_every_event_is_one_line() {
    List<String> hostile = new ArrayList<>();
    for (char c = 0; c < 0x20; c++) {
      hostile.add("control " + c + " character");
    }
    hostile.addAll(
        List.of(
            "\u007f \u0085 \u009b31m \u2028 \u2029",
            "\r\n{\"level\":\"INFO\",\"message\":\"forged\"}",
            "\"} \\ \\u000a",
            "unpaired \ud800 surrogates \udc00",
            "{0} {1 } '{",
            "Zoë 日本 🎉",
            "\u202egnp.exe"));
    for (String text : hostile) {
      LogRecord event = event(text);
      event.setParameters(new Object[] {text, LogFields.of("client", text).with(text, text)});
      event.setThrown(new IllegalStateException(text, new IOException(text)));
      String line = log.format(event);
      assertTrue(line.chars().allMatch(c -> c == '\n' || (c >= 0x20 && c < 0x7f)), line);
      assertEquals(line.length() - 1, line.indexOf('\n'), line);
      JsonNode read = json.parse(line);
      assertEquals("WARNING", read.path("level").stringValue());
      assertEquals(
          text.replace('\ud800', '\ufffd').replace('\udc00', '\ufffd'),
          read.path("client").stringValue());
    }
  }

  @Test
  void promise_27_a_field_does_not_replace_a_standard_member() {
    LogRecord event = event("true");
    event.setParameters(new Object[] {LogFields.of("level", "INFO").with("message", "false")});
    JsonNode read = json.parse(log.format(event));
    assertEquals("WARNING", read.path("level").stringValue());
    assertEquals("true", read.path("message").stringValue());
  }

  @Test
  void promise_27_long_lines_keep_both_ends_of_the_trace() {
    IllegalStateException error =
        new IllegalStateException("outer " + "x".repeat(100_000), new IOException("inner"));
    LogRecord event = event("y".repeat(100_000));
    event.setThrown(error);
    String line = log.format(event);
    assertTrue(line.length() < 16 * 1024, line.length() + " characters");
    String trace = json.parse(line).path("error").stringValue();
    assertTrue(trace.startsWith("java.lang.IllegalStateException: outer"));
    assertTrue(trace.contains("Caused by: java.io.IOException: inner"));
  }

  @Test
  void promise_27_secrets_are_not_logged() {
    LogRecord event = event("{0}");
    Secret secret = new Secret("hunter2");
    event.setParameters(new Object[] {secret, LogFields.of("token", secret)});
    assertFalse(log.format(event).contains("hunter2"));
  }

  private static LogRecord event(String message) {
    LogRecord event = new LogRecord(Level.WARNING, message);
    event.setLoggerName("test");
    event.setInstant(Instant.parse("2026-01-19T10:30:00Z"));
    return event;
  }

  @Test
  void FR_065_a_request_is_logged_by_its_route() {
    RequestContext context = new RequestContext("request-1", "203.0.113.7", () -> false);
    context.userId(USER);
    context.route("/api/v1/tasks/{id}");
    context.code(ErrorCode.CONFLICT);
    JsonNode line =
        access(new CompletedRequest(context, "PATCH", 409, Duration.ofNanos(1_234_567)));
    assertEquals("INFO", line.path("level").stringValue());
    assertEquals("request-1", line.path("request_id").stringValue());
    assertEquals(USER.toString(), line.path("user_id").stringValue());
    assertEquals("PATCH /api/v1/tasks/{id}", line.path("action").stringValue());
    assertEquals("refused", line.path("outcome").stringValue());
    assertEquals(409, line.path("status").intValue());
    assertEquals("CONFLICT", line.path("code").stringValue());
    assertEquals(1.234, line.path("duration_ms").doubleValue());
    assertEquals("203.0.113.7", line.path("client").stringValue());
  }

  @Test
  void FR_065_a_failure_is_a_warning_and_unknown_paths_are_not_logged() {
    JsonNode line =
        access(
            new CompletedRequest(
                new RequestContext("r", "::/64", () -> false), "GET", 503, Duration.ofMillis(2)));
    assertEquals("WARNING", line.path("level").stringValue());
    assertEquals("failed", line.path("outcome").stringValue());
    assertEquals("GET (no route)", line.path("action").stringValue());
    assertTrue(line.path("user_id").isMissingNode());
  }

  /** A line of the access log, written by the service's handler. */
  private JsonNode access(CompletedRequest finished) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Logger logger = Logger.getLogger(AccessLog.class.getName());
    Handler handler = new Logging.JsonLineHandler(out, new LogConfig(Level.INFO, 0));
    logger.addHandler(handler);
    try {
      new AccessLog().accept(finished);
    } finally {
      logger.removeHandler(handler);
    }
    return json.parse(out.toString(StandardCharsets.US_ASCII));
  }

  @Test
  void FR_065_no_event_is_lost_when_the_process_ends() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Ending.class.getName())
            .start();
    List<String> lines = new ArrayList<>();
    try (var reader = process.inputReader(StandardCharsets.US_ASCII)) {
      for (int i = 0; i < 2; i++) {
        lines.add(json.parse(reader.readLine()).path("message").stringValue());
      }
      // Process.destroy would close the stream that the test reads.
      process.toHandle().destroy();
      reader.lines().forEach(line -> lines.add(json.parse(line).path("message").stringValue()));
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertEquals(List.of("thread worker terminated", "started", "ending", "ended"), lines);
  }

  /** A process that is logging when it is terminated. */
  static final class Ending {
    public static void main(String[] args) throws InterruptedException {
      Logging.start(new LogConfig(Level.INFO, 0), System.out);
      System.Logger log = System.getLogger("ending");
      Thread hook =
          new Thread(
              () -> {
                log.log(System.Logger.Level.INFO, "ending");
                // The JDK's own shutdown hook does the same, at an unspecified time.
                LogManager.getLogManager().reset();
                log.log(System.Logger.Level.INFO, "ended");
              });
      Runtime.getRuntime().addShutdownHook(hook);
      Thread worker =
          Thread.ofPlatform()
              .name("worker")
              .start(
                  () -> {
                    throw new IllegalStateException("on purpose");
                  });
      worker.join();
      log.log(System.Logger.Level.DEBUG, "not logged");
      Logger.getLogger("org.flywaydb.core").info("not logged either");
      log.log(System.Logger.Level.INFO, "started");
      Thread.currentThread().join();
    }
  }
}
