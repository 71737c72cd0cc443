package app.perpetua.flow.observability;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.harness.PlainServer;
import app.perpetua.flow.harness.RawClient;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.RequestContext;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.observability.LineLimit.Kind;
import app.perpetua.flow.sql.Eventually;
import io.micrometer.core.instrument.Timer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class LineLimitTest {
  private final AtomicLong nanos = new AtomicLong(-1);
  private final Json json = new Json();

  private static int admitted(LineLimit limit, Kind kind, int lines) {
    int admitted = 0;
    for (int i = 0; i < lines; i++) {
      admitted += limit.admits(kind) ? 1 : 0;
    }
    return admitted;
  }

  @ParameterizedTest
  @CsvSource({"DEBUG,100", "OK,200", "REFUSED,100"})
  void FR_106_each_kind_of_line_has_its_share_of_a_second(Kind kind, int share) {
    LineLimit limit = new LineLimit(400, nanos::get);
    for (int second = 0; second < 3; second++) {
      assertEquals(share, admitted(limit, kind, 1_000));
      assertEquals(1_000 - share, limit.takeLeftOut().all());
      assertEquals(0, limit.takeLeftOut().all());
      nanos.addAndGet(Duration.ofSeconds(1).toNanos() - 1);
      assertEquals(0, admitted(limit, kind, 1), "the second has not passed");
      assertEquals(1, limit.takeLeftOut().all());
      nanos.incrementAndGet();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 10, 100, 400, 499})
  void FR_106_a_failure_is_never_left_out(int perSecond) {
    LineLimit limit = new LineLimit(perSecond, nanos::get);
    int others =
        admitted(limit, Kind.DEBUG, 1_000)
            + admitted(limit, Kind.REFUSED, 1_000)
            + admitted(limit, Kind.OK, 1_000);
    assertTrue(others <= perSecond, others + " other lines");
    assertEquals(1_000, admitted(limit, Kind.FAILED, 1_000));
    assertEquals(3_000 - others, limit.takeLeftOut().all());
  }

  @ParameterizedTest
  @EnumSource
  void FR_106_zero_is_no_limit(Kind kind) {
    LineLimit limit = new LineLimit(0, nanos::get);
    assertEquals(10_000, admitted(limit, kind, 10_000));
    assertEquals(0, limit.takeLeftOut().all());
  }

  @Test
  void FR_106_lines_of_many_threads_are_counted_exactly() throws Exception {
    LineLimit limit = new LineLimit(400, nanos::get);
    Map<Kind, Integer> written = new EnumMap<>(Kind.class);
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (Kind kind : List.of(Kind.REFUSED, Kind.OK)) {
        List<Callable<Integer>> floods =
            Stream.generate(() -> (Callable<Integer>) () -> admitted(limit, kind, 5_000))
                .limit(8)
                .toList();
        int sum = 0;
        for (Future<Integer> flood : threads.invokeAll(floods)) {
          sum += flood.get();
        }
        written.put(kind, sum);
      }
    }
    assertEquals(Map.of(Kind.REFUSED, 100, Kind.OK, 200), written);
    assertEquals(2 * 8 * 5_000 - 300, limit.takeLeftOut().all());
  }

  @ParameterizedTest
  @CsvSource({"200,OK", "304,OK", "404,REFUSED", "499,REFUSED", "503,FAILED"})
  void a_request_is_of_the_kind_of_its_status(int status, Kind kind) {
    LogRecord line = new LogRecord(Level.INFO, "request");
    RequestContext context = new RequestContext("r", "203.0.113.7", () -> false);
    line.setParameters(
        new Object[] {
          new AccessLog.Entry(new CompletedRequest(context, "GET", status, Duration.ZERO))
        });
    assertEquals(kind, LineLimit.kind(line));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      value = {
        "FINE,none,DEBUG",
        "INFO,none,OK",
        "INFO,ok,OK",
        "INFO,done,OK",
        "INFO,snoozed,OK",
        "INFO,refused,REFUSED",
        "INFO,disconnected,REFUSED",
        "INFO,failed,FAILED",
        "INFO,dead,FAILED",
        "INFO,lost,FAILED",
        "WARNING,none,FAILED",
        "WARNING,ok,FAILED",
        "SEVERE,none,FAILED"
      })
  void a_line_is_of_the_kind_of_its_level_and_outcome(
      String level, @Nullable String outcome, Kind kind) {
    LogRecord line = new LogRecord(Level.parse(level), "{0}");
    line.setParameters(new Object[] {"text", LogFields.of("outcome", outcome)});
    assertEquals(kind, LineLimit.kind(line));
    if (outcome == null) {
      line.setParameters(null);
      assertEquals(kind, LineLimit.kind(line));
    }
  }

  @Test
  void FR_106_one_line_reports_how_many_were_left_out() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    List<Runnable> reports = new ArrayList<>();
    Logging.JsonLineHandler handler =
        new Logging.JsonLineHandler(out, new LogConfig(Level.INFO, 8), nanos::get, reports::add);
    for (String outcome : List.of("ok", "refused", "failed")) {
      for (int i = 0; i < 100; i++) {
        LogRecord line = new LogRecord(Level.INFO, "request");
        line.setParameters(new Object[] {LogFields.of("outcome", outcome)});
        handler.publish(line);
      }
    }
    assertEquals(106, lines(out).size(), "4 successes, 2 refusals, all failures");
    assertEquals(1, reports.size(), "one report is due");
    reports.removeFirst().run();
    JsonNode report = lines(out).getLast();
    assertEquals(194, report.path("left_out").intValue());
    assertEquals(96, report.path("left_out_ok").intValue());
    assertEquals(98, report.path("left_out_refused").intValue());
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    handler.publish(new LogRecord(Level.INFO, "quiet"));
    assertEquals(108, lines(out).size());
    assertEquals(List.of(), reports, "nothing more is due");
  }

  @Test
  void FR_106_the_rest_is_reported_when_the_service_stops() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Logging.JsonLineHandler handler =
        new Logging.JsonLineHandler(out, new LogConfig(Level.INFO, 4), nanos::get, _ -> {});
    for (int i = 0; i < 5; i++) {
      handler.publish(new LogRecord(Level.INFO, "job"));
    }
    Logger root = Logger.getLogger("");
    root.addHandler(handler);
    try {
      Logging.reportLeftOut();
    } finally {
      root.removeHandler(handler);
    }
    assertTrue(
        lines(out).stream()
            .anyMatch(
                line ->
                    line.path("left_out").intValue(0) >= 3
                        && line.path("left_out_ok").intValue(0) >= 3),
        out::toString);
  }

  @Test
  void FR_106_a_flood_of_refused_requests_hides_no_failure_and_all_are_counted() throws Exception {
    int perSecond = 16;
    int clients = 4;
    int requests = 150;
    int failures = 4;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Logging.JsonLineHandler handler =
        new Logging.JsonLineHandler(out, new LogConfig(Level.INFO, perSecond));
    Logger logger = Logger.getLogger("test.flood");
    logger.setUseParentHandlers(false);
    logger.addHandler(handler);
    long start = System.nanoTime();
    try (Metrics metrics = new Metrics();
        PlainServer server =
            new PlainServer(
                List.of(
                    Route.plain("/ok", _ -> Reply.noContent()),
                    Route.plain(
                        "/broken",
                        _ -> {
                          throw new IllegalStateException("on purpose");
                        })),
                new AccessLog(System.getLogger("test.flood")).andThen(metrics));
        ExecutorService threads = Executors.newFixedThreadPool(clients)) {
      List<Callable<Integer>> floods =
          Stream.generate(() -> (Callable<Integer>) () -> flood(server, requests))
              .limit(clients)
              .toList();
      List<Future<Integer>> flooding = floods.stream().map(threads::submit).toList();
      try (RawClient client = new RawClient(server.uri().getPort())) {
        for (int i = 0; i < failures; i++) {
          assertEquals(500, client.request("GET", "/broken").status());
        }
      }
      for (Future<Integer> flood : flooding) {
        flood.get();
      }
      // A request is counted after its answer was sent.
      Eventually.within(
          Duration.ofSeconds(30),
          () ->
              metrics.registry().find("http.server.requests").timers().stream()
                      .mapToLong(Timer::count)
                      .sum()
                  == clients * requests + failures);
    } finally {
      logger.removeHandler(handler);
    }
    handler.reportLeftOut();
    long seconds = Duration.ofNanos(System.nanoTime() - start).toSeconds() + 1;
    List<JsonNode> lines = lines(out);
    List<JsonNode> written =
        lines.stream()
            .filter(line -> line.path("logger").stringValue().equals("test.flood"))
            .toList();
    assertTrue(
        written.size() <= (seconds + 1) * perSecond,
        written.size() + " lines in " + seconds + " s");
    assertEquals(
        failures,
        written.stream().filter(line -> line.path("status").intValue() == 500).count(),
        "every failure is logged");
    int leftOut = lines.stream().mapToInt(line -> line.path("left_out").intValue(0)).sum();
    assertTrue(leftOut > 0, "it is a flood");
    assertEquals(clients * requests + failures, written.size() + leftOut);
  }

  /** Requests that are refused (404, then 429), and in between some that succeed. */
  private static int flood(PlainServer server, int requests) throws IOException {
    try (RawClient client = new RawClient(server.uri().getPort())) {
      for (int i = 0; i < requests; i++) {
        client.request("GET", i % 5 == 0 ? "/ok" : "/nowhere");
      }
    }
    return requests;
  }

  private List<JsonNode> lines(ByteArrayOutputStream out) {
    return out.toString(StandardCharsets.US_ASCII).lines().map(json::parse).toList();
  }
}
