package app.perpetua.flow.provider;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.TraceContext;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.time.MutableClock;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProviderHttpTest {
  private static final Duration SHORT = Duration.ofMillis(400);
  private static final Duration LONG = Duration.ofMinutes(1);

  private final CountDownLatch over = new CountDownLatch(1);
  private final CountDownLatch started = new CountDownLatch(1);
  private final CountDownLatch disconnected = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient http = HttpClient.newHttpClient();
  private HttpServer server;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/no-headers", _ -> await());
    server.createContext(
        "/no-body",
        exchange -> {
          exchange.sendResponseHeaders(200, 100);
          await();
        });
    server.createContext(
        "/hundred",
        exchange -> {
          exchange.sendResponseHeaders(200, 100);
          exchange.getResponseBody().write(new byte[100]);
          exchange.close();
        });
    server.createContext(
        "/endless",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          started.countDown();
          try {
            while (over.getCount() > 0) {
              exchange.getResponseBody().write(new byte[8192]);
            }
          } catch (IOException e) {
            disconnected.countDown();
          }
        });
    server.createContext(
        "/traced",
        exchange -> {
          byte[] traceparent =
              String.valueOf(exchange.getRequestHeaders().getFirst("traceparent"))
                  .getBytes(StandardCharsets.US_ASCII);
          exchange.sendResponseHeaders(200, traceparent.length);
          exchange.getResponseBody().write(traceparent);
          exchange.close();
        });
    server.start();
  }

  @Test
  void a_call_carries_the_trace_with_a_span_of_its_own() throws Exception {
    TraceContext trace = TraceContext.start();
    String sent = trace.call(this::traceparentSent);
    assertTrue(sent.matches("00-" + trace.traceId() + "-[0-9a-f]{16}-01"), sent);
    assertNotEquals(trace.traceparent(), sent);
    assertEquals("null", traceparentSent());
  }

  private String traceparentSent() {
    try {
      return ProviderHttp.send(http, request("/traced"), BodyHandlers.ofString(), LONG).body();
    } catch (IOException | TimeoutException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void stop() {
    over.countDown();
    http.shutdownNow();
    server.stop(0);
    threads.shutdownNow();
  }

  private void await() {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private HttpRequest request(String path) {
    return HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path))
        .build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/no-headers", "/no-body"})
  void the_timeout_covers_headers_and_body(String path) {
    assertThrows(
        TimeoutException.class,
        () -> ProviderHttp.send(http, request(path), ProviderHttp.atMost(100), SHORT));
  }

  @Test
  void a_body_of_the_maximum_size_is_read_and_a_longer_one_fails_the_call() throws Exception {
    HttpResponse<byte[]> response =
        ProviderHttp.send(http, request("/hundred"), ProviderHttp.atMost(100), LONG);
    assertEquals(100, response.body().length);
    assertThrows(
        IOException.class,
        () -> ProviderHttp.send(http, request("/hundred"), ProviderHttp.atMost(99), LONG));
    assertThrows(
        IOException.class,
        () -> ProviderHttp.send(http, request("/endless"), ProviderHttp.atMost(99), LONG));
    assertTrue(disconnected.await(LONG.toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void a_cancelled_call_closes_its_connection() throws Exception {
    Cancellation cancellation = new Cancellation();
    Future<HttpResponse<Void>> call =
        threads.submit(
            () ->
                ProviderHttp.send(
                    http, request("/endless"), BodyHandlers.discarding(), LONG, cancellation));
    started.await();
    cancellation.cancel();
    ExecutionException failure = assertThrows(ExecutionException.class, call::get);
    assertInstanceOf(CancellationException.class, failure.getCause());
    assertTrue(disconnected.await(LONG.toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void a_call_that_is_cancelled_before_it_starts_is_not_sent() {
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    assertThrows(
        CancellationException.class,
        () ->
            ProviderHttp.send(
                http, request("/endless"), BodyHandlers.discarding(), LONG, cancellation));
    assertEquals(1, started.getCount());
  }

  @Test
  void an_interrupted_call_closes_its_connection() throws Exception {
    Future<HttpResponse<Void>> call =
        threads.submit(
            () -> ProviderHttp.send(http, request("/endless"), BodyHandlers.discarding(), LONG));
    started.await();
    call.cancel(true);
    assertTrue(disconnected.await(LONG.toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void a_failed_connection_is_reported_as_itself() {
    HttpRequest nowhere =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + FreePort.find())).build();
    assertThrows(
        ConnectException.class,
        () -> ProviderHttp.send(http, nowhere, BodyHandlers.discarding(), LONG));
  }

  @Test
  void a_path_is_appended_to_the_base() {
    URI expected = URI.create("https://api.example.com/base/v1?a=b");
    for (String base : List.of("https://api.example.com/base", "https://api.example.com/base//")) {
      assertEquals(expected, ProviderHttp.uri(URI.create(base), "/v1?a=b"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Retry-After | 7 | PT7S",
        "Retry-After | 0.25 | PT0.25S",
        "Retry-After | -7 | PT0S",
        "Retry-After | soon | PT0S",
        "Retry-After | 999999999 | PT1H",
        "Retry-After | 99999999999999 | PT0S",
        "Retry-After | Tue, 10 Mar 2026 09:30:20 GMT | PT20S",
        "Retry-After | Tue, 10 Mar 2026 09:29:20 GMT | PT0S",
        "Retry-After-Ms | 1500 | PT1.5S",
        "Retry-After-Ms | x | PT0S",
      })
  void every_format_of_retry_after_is_parsed(String name, String value, Duration wait) {
    HttpHeaders headers = HttpHeaders.of(Map.of(name, List.of(value)), (_, _) -> true);
    assertEquals(wait, ProviderHttp.retryAfter(headers, new MutableClock()));
  }
}
