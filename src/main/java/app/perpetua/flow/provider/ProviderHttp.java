package app.perpetua.flow.provider;

import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.TraceContext;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** HTTP calls to providers: one deadline per call, bounded bodies, {@code Retry-After}. */
public final class ProviderHttp {
  private static final Duration MAX_RETRY_AFTER = Duration.ofHours(1);
  private static final String DECIMAL = "[0-9]{1,9}(\\.[0-9]{1,9})?";

  private ProviderHttp() {}

  /**
   * The URI of an endpoint.
   *
   * @param base may end in a slash
   * @param path starts with a slash; may have a query
   */
  public static URI uri(URI base, String path) {
    return URI.create(base.toString().replaceAll("/+$", "") + path);
  }

  public static HttpRequest.Builder post(URI uri, byte[] json) {
    return HttpRequest.newBuilder(uri)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(json));
  }

  /** Reads the whole body; a longer one fails the call with an {@link IOException}. */
  public static BodyHandler<byte[]> atMost(int bytes) {
    return BodyHandlers.limiting(BodyHandlers.ofByteArray(), bytes);
  }

  /** {@link #send(HttpClient, HttpRequest, BodyHandler, Duration, Cancellation)} without one. */
  public static <T> HttpResponse<T> send(
      HttpClient http, HttpRequest request, BodyHandler<T> body, Duration timeout)
      throws IOException, TimeoutException, InterruptedException {
    return send(http, request, body, timeout, new Cancellation());
  }

  /**
   * Sends a request and waits for the body handler's result. Closes the connection, or the HTTP/2
   * stream, if the call fails.
   *
   * @param request without a time-out of its own, since that covers the headers only and would race
   *     with this one
   * @param timeout for connecting, sending, the headers and what the handler reads of the body
   * @throws IOException if the connection or the body handler fails
   * @throws CancellationException if the call is cancelled; nothing is sent if it already was
   */
  public static <T> HttpResponse<T> send(
      HttpClient http,
      HttpRequest request,
      BodyHandler<T> body,
      Duration timeout,
      Cancellation cancellation)
      throws IOException, TimeoutException, InterruptedException {
    if (cancellation.cancelled()) {
      throw new CancellationException();
    }
    CompletableFuture<HttpResponse<T>> call = http.sendAsync(traced(request), body);
    cancellation.onCancel(() -> call.cancel(true));
    try {
      return await(call, timeout);
    } catch (IOException e) {
      if (cancellation.cancelled()) {
        throw new CancellationException();
      }
      throw e;
    } finally {
      cancellation.onCancel(null);
    }
  }

  /** The request with a span of its own, if the current thread works in a trace. */
  private static HttpRequest traced(HttpRequest request) {
    return TraceContext.current()
        .map(
            trace ->
                HttpRequest.newBuilder(request, (_, _) -> true)
                    .setHeader(TraceContext.HEADER, trace.child().traceparent())
                    .build())
        .orElse(request);
  }

  /**
   * Waits for a call of the JDK's HTTP client and cancels it if it does not end in time.
   *
   * @throws IOException the call's own, or one that wraps its other failure
   */
  public static <T> T await(CompletableFuture<T> call, Duration timeout)
      throws IOException, TimeoutException, InterruptedException {
    try {
      return call.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
    } finally {
      call.cancel(true);
    }
  }

  /**
   * The delay that the provider requests: {@code Retry-After-Ms}, which OpenAI sends, or {@code
   * Retry-After} in seconds or as a date (RFC 9110, section 10.2.3). Zero if neither is present,
   * valid and in the future; at most an hour.
   */
  public static Duration retryAfter(HttpHeaders headers, Clock clock) {
    Duration delay = requestedDelay(headers, clock);
    if (delay.isNegative()) {
      return Duration.ZERO;
    }
    return delay.compareTo(MAX_RETRY_AFTER) > 0 ? MAX_RETRY_AFTER : delay;
  }

  private static Duration requestedDelay(HttpHeaders headers, Clock clock) {
    String millis = headers.firstValue("Retry-After-Ms").orElse("").strip();
    if (millis.matches(DECIMAL)) {
      return Duration.ofMillis((long) Math.ceil(Double.parseDouble(millis)));
    }
    String text = headers.firstValue("Retry-After").orElse("").strip();
    if (text.matches(DECIMAL)) {
      return Duration.ofMillis((long) Math.ceil(Double.parseDouble(text) * 1_000));
    }
    try {
      Instant until = DateTimeFormatter.RFC_1123_DATE_TIME.parse(text, Instant::from);
      return Duration.between(clock.instant(), until);
    } catch (DateTimeException e) {
      return Duration.ZERO;
    }
  }
}
