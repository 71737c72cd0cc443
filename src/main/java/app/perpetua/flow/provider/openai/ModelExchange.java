package app.perpetua.flow.provider.openai;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.provider.ProviderHttp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One request and its streamed response; each wait has a limit. One thread reads; any thread may
 * close it.
 */
final class ModelExchange {
  /** An event repeats the instructions, the tools and the whole answer. */
  static final int MAX_EVENT = 2 * 1024 * 1024;

  /** A large answer with an event for each token, repeated in full three times. */
  static final int MAX_BODY = 32 * 1024 * 1024;

  private static final int MAX_ERROR = 64 * 1024;

  private final HttpClient http;
  private final Json json;
  private final Clock clock;
  private final Timeouts timeouts;
  private final LongSupplier nanoTime;
  private final long deadline;
  private final DeadlineBodyReader bodyReader = new DeadlineBodyReader();
  private final EventStream events = new EventStream(MAX_EVENT);
  private final Cancellation cancellation = new Cancellation();
  private @Nullable HttpHeaders headers;
  private long bytes;

  /**
   * @param deadline of the whole exchange, by {@code nanoTime}
   */
  ModelExchange(
      HttpClient http,
      Json json,
      Clock clock,
      Timeouts timeouts,
      LongSupplier nanoTime,
      long deadline) {
    this.http = http;
    this.json = json;
    this.clock = clock;
    this.timeouts = timeouts;
    this.nanoTime = nanoTime;
    this.deadline = deadline;
  }

  /**
   * Sends the request and waits for the response headers.
   *
   * @throws ModelCallException unless the response is an event stream
   */
  void begin(HttpRequest request) throws ModelCallException, InterruptedException {
    HttpResponse<DeadlineBodyReader> response = send(request);
    headers = response.headers();
    if (response.statusCode() != 200) {
      ErrorResponse error = ErrorResponse.of(response.statusCode(), json, body());
      throw new ModelCallException(
          error.failure(ProviderHttp.retryAfter(response.headers(), clock)),
          ErrorResponse.advice(response.headers()));
    }
    String type = response.headers().firstValue("Content-Type").orElse("");
    if (!type.toLowerCase(Locale.ROOT).startsWith("text/event-stream")) {
      throw new ModelCallException(new Failure.Malformed("the response is not an event stream"));
    }
  }

  private HttpResponse<DeadlineBodyReader> send(HttpRequest request)
      throws ModelCallException, InterruptedException {
    try {
      return ProviderHttp.send(http, request, _ -> bodyReader, untilDeadline(), cancellation);
    } catch (TimeoutException e) {
      throw new ModelCallException(new Failure.DeadlineExceeded());
    } catch (CancellationException e) {
      throw new ModelCallException(new Failure.Cancelled());
    } catch (ProtocolException e) {
      throw new ModelCallException(new Failure.Malformed("the response is not HTTP"));
    } catch (IOException e) {
      throw new ModelCallException(new Failure.Unreachable());
    }
  }

  /** The part of an error response that arrives within the time-out and the size limit. */
  private String body() throws InterruptedException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    long end = nanoTime.getAsLong() + atMost(timeouts.silence()).toNanos();
    try {
      Optional<ByteBuffer> chunk = bodyReader.take(Duration.ofNanos(end - nanoTime.getAsLong()));
      while (chunk.isPresent() && body.size() + chunk.get().remaining() <= MAX_ERROR) {
        byte[] copy = new byte[chunk.get().remaining()];
        chunk.get().get(copy);
        body.writeBytes(copy);
        chunk = bodyReader.take(Duration.ofNanos(end - nanoTime.getAsLong()));
      }
    } catch (TimeoutException | IOException e) {
      // The status is enough.
    }
    return body.toString(StandardCharsets.UTF_8);
  }

  /**
   * Waits for the data of the next event.
   *
   * @param isMidAnswer whether silence is limited; until the model begins to answer, only the
   *     caller's deadline limits it
   * @throws ModelCallException if none arrives
   */
  String next(boolean isMidAnswer) throws ModelCallException, InterruptedException {
    Duration limit = isMidAnswer ? timeouts.silence() : untilDeadline();
    long end = nanoTime.getAsLong() + limit.toNanos();
    Optional<String> event = events.poll();
    while (event.isEmpty()) {
      Duration wait = atMost(Duration.ofNanos(Math.max(0, end - nanoTime.getAsLong())));
      if (wait.isZero()) {
        // Bytes may arrive without ever completing an event.
        throw new ModelCallException(timeoutFailure());
      }
      try {
        ByteBuffer chunk =
            bodyReader
                .take(wait)
                .orElseThrow(() -> new ModelCallException(new Failure.Interrupted()));
        bytes += chunk.remaining();
        if (bytes > MAX_BODY) {
          throw new ModelCallException(new Failure.TooLarge());
        }
        events.feed(chunk);
      } catch (TimeoutException e) {
        throw new ModelCallException(timeoutFailure());
      } catch (IOException e) {
        throw new ModelCallException(
            cancellation.cancelled() ? new Failure.Cancelled() : new Failure.Interrupted());
      }
      event = events.poll();
    }
    return event.get();
  }

  /** OpenAI's request id, for support requests; {@code none} if there is none. */
  String requestId() {
    return headers == null
        ? "none"
        : headers
            .firstValue("x-request-id")
            .filter(id -> id.matches("[A-Za-z0-9_-]{1,100}"))
            .orElse("none");
  }

  /** Closes the connection unless the response is complete. Never blocks. */
  void close() {
    cancellation.cancel();
    bodyReader.close();
  }

  private Duration atMost(Duration wait) {
    Duration left = untilDeadline();
    return wait.compareTo(left) < 0 ? wait : left;
  }

  private Duration untilDeadline() {
    return Duration.ofNanos(Math.max(0, deadline - nanoTime.getAsLong()));
  }

  /** Distinguishes the caller's deadline from the provider's silence. */
  private Failure timeoutFailure() {
    return untilDeadline().isZero() ? new Failure.DeadlineExceeded() : new Failure.ReadTimeout();
  }
}
