package app.perpetua.flow.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.harness.PlainServer;
import app.perpetua.flow.harness.RawClient;
import app.perpetua.flow.http.CompletedRequest.Outcome;
import app.perpetua.flow.observability.Metrics;
import app.perpetua.flow.parsing.Accept;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Answers whose status has been sent when they fail. */
class StreamedAnswerTest {
  private static final Logger ERRORS = Logger.getLogger(Errors.class.getName());

  private final BlockingQueue<CompletedRequest> completed = new LinkedBlockingQueue<>();
  private final BlockingQueue<LogRecord> logged = new LinkedBlockingQueue<>();
  private final CountDownLatch clientGone = new CountDownLatch(1);
  @AutoClose private final Metrics metrics = new Metrics();

  @AutoClose
  private final PlainServer server =
      new PlainServer(
          List.of(
              stream("/complete", out -> {}),
              stream("/defect", _ -> throwing(new IllegalStateException("a cause"))),
              stream("/io", _ -> throwing(new UncheckedIOException(new IOException("a cause")))),
              stream("/refused", _ -> throwing(Refusal.accountDeleted())),
              stream("/endless", this::writeUntilGone),
              stream("/ignorant", this::ignoreThatTheClientIsGone)),
          completed::add);

  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord line) {
          logged.add(line);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void capture() {
    ERRORS.addHandler(handler);
  }

  @AfterEach
  void release() {
    ERRORS.removeHandler(handler);
  }

  /** Sends a chunk before the rest. */
  private static Route stream(String path, Reply.Writer rest) {
    return Route.plain(
        path,
        _ ->
            Reply.stream(
                "application/json",
                out -> {
                  out.write("{".getBytes(StandardCharsets.UTF_8));
                  out.flush();
                  rest.write(out);
                }));
  }

  private static void throwing(RuntimeException cause) {
    throw cause;
  }

  private void writeUntilGone(OutputStream out) throws IOException {
    await();
    byte[] chunk = new byte[64 * 1024];
    while (true) {
      out.write(chunk);
      out.flush();
    }
  }

  /** As a writer that reports something else after a failed write. */
  private void ignoreThatTheClientIsGone(OutputStream out) throws IOException {
    try {
      writeUntilGone(out);
    } catch (IOException | RuntimeException e) {
      throw new IllegalStateException("a cause", e);
    }
  }

  private void await() {
    try {
      assertTrue(clientGone.await(30, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private RawClient get(String path) throws IOException {
    return new RawClient(server.uri().getPort()).send(RawClient.head("GET", path));
  }

  private CompletedRequest reported() throws InterruptedException {
    CompletedRequest request = completed.poll(30, TimeUnit.SECONDS);
    assertNotNull(request);
    metrics.accept(request);
    return request;
  }

  /** What was logged of the request; other tests run at the same time. */
  private List<LogRecord> lines(CompletedRequest request) {
    return logged.stream()
        .filter(line -> line.getMessage().contains(request.context().requestId()))
        .toList();
  }

  private boolean isCounted(String outcome) {
    return metrics
        .scrape(Accept.parse(List.of()))
        .text()
        .contains("perpetua_http_server_streams_interrupted_total{outcome=\"" + outcome + "\"} 1");
  }

  @ParameterizedTest
  @CsvSource({"/defect, INTERNAL_ERROR", "/io, INTERNAL_ERROR"})
  void FR_123_a_stream_that_fails_is_logged_with_its_cause_and_counted(String path, ErrorCode code)
      throws Exception {
    try (RawClient client = get(path)) {
      String received = client.rest();
      assertTrue(received.startsWith("HTTP/1.1 200"), received);
      assertTrue(received.contains("{"), received);
      assertFalse(received.endsWith("0\r\n\r\n"), "the client sees that it is not complete");
    }
    CompletedRequest request = reported();
    assertEquals(200, request.status());
    assertEquals(code, request.context().code());
    assertEquals(Outcome.FAILED, request.outcome());
    assertEquals(1, lines(request).size());
    assertTrue(lines(request).getFirst().getThrown().toString().contains("a cause"));
    assertTrue(isCounted("failed"));
  }

  @Test
  void FR_123_a_refusal_in_the_middle_of_a_stream_is_no_failure_of_the_service() throws Exception {
    try (RawClient client = get("/refused")) {
      assertFalse(client.rest().endsWith("0\r\n\r\n"));
    }
    CompletedRequest request = reported();
    assertEquals(Outcome.REFUSED, request.outcome());
    assertEquals(List.of(), lines(request));
    assertTrue(isCounted("refused"));
  }

  @ParameterizedTest
  @CsvSource({"/endless", "/ignorant"})
  void FR_123_a_client_that_disconnects_is_no_failure_and_is_counted(String path) throws Exception {
    get(path).close();
    clientGone.countDown();
    CompletedRequest request = reported();
    assertEquals(Outcome.DISCONNECTED, request.outcome());
    assertNull(request.context().code());
    assertEquals(List.of(), lines(request));
    assertTrue(isCounted("disconnected"));
  }

  @Test
  void a_complete_stream_is_neither() throws Exception {
    try (RawClient client = get("/complete")) {
      assertEquals("{", client.answer().body());
    }
    assertEquals(Outcome.OK, reported().outcome());
    assertFalse(isCounted("ok"));
  }
}
