package app.perpetua.flow.provider.openai;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.base.Json;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer as it streams in, each wait of it bounded. One thread reads; any may
 * close, which hangs up.
 */
final class Exchange {
  /** An event repeats our instructions and tools, and a whole answer. */
  static final int MAX_EVENT = 2 * 1024 * 1024;

  /**
   * Of everything: a large answer token by token, each in an event of its own, repeated whole
   * thrice.
   */
  static final int MAX_BODY = 32 * 1024 * 1024;

  private static final int MAX_ERROR = 64 * 1024;

  private final LongSupplier nanoTime;
  private final Patience patience;
  private final long deadline;
  private final Chunks chunks = new Chunks();
  private final EventStream events = new EventStream(MAX_EVENT);
  private volatile @Nullable CompletableFuture<HttpResponse<Chunks>> head;
  private volatile boolean isClosed;
  private @Nullable HttpHeaders headers;
  private long bytes;

  /**
   * @param deadline by {@code nanoTime}, for everything
   */
  Exchange(Patience patience, LongSupplier nanoTime, long deadline) {
    this.patience = patience;
    this.nanoTime = nanoTime;
    this.deadline = deadline;
  }

  /**
   * Sends the request and waits until its answer begins.
   *
   * @throws Broken unless a stream of events begins
   */
  void begin(HttpClient http, HttpRequest request, Json json, Clock clock)
      throws Broken, InterruptedException {
    HttpResponse<Chunks> response = sent(http, request);
    headers = response.headers();
    if (response.statusCode() != 200) {
      Complaint complaint = Complaint.of(response.statusCode(), json, body());
      throw new Broken(
          complaint.failure(Complaint.retryAfter(response.headers(), clock)),
          Complaint.advice(response.headers()));
    }
    String type = response.headers().firstValue("Content-Type").orElse("");
    if (!type.toLowerCase(Locale.ROOT).startsWith("text/event-stream")) {
      throw new Broken(new Failure.Garbled("the answer is no event stream"));
    }
  }

  private HttpResponse<Chunks> sent(HttpClient http, HttpRequest request)
      throws Broken, InterruptedException {
    CompletableFuture<HttpResponse<Chunks>> sending = http.sendAsync(request, _ -> chunks);
    head = sending;
    if (isClosed) {
      sending.cancel(true);
    }
    Duration wait = atMost(patience.answer());
    try {
      return sending.get(wait.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new Broken(late(patience.answer(), wait));
    } catch (CancellationException e) {
      throw new Broken(new Failure.Cancelled());
    } catch (ExecutionException e) {
      throw new Broken(unsent(e.getCause()));
    }
  }

  private Failure unsent(@Nullable Throwable cause) {
    if (isClosed) {
      return new Failure.Cancelled();
    }
    return cause instanceof ProtocolException
        ? new Failure.Garbled("the answer is not HTTP")
        : new Failure.Unreachable();
  }

  /** What an error says of itself, as far as it does so in bounded time and space. */
  private String body() throws InterruptedException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    long end = nanoTime.getAsLong() + atMost(patience.event()).toNanos();
    try {
      Optional<ByteBuffer> more = chunks.take(Duration.ofNanos(end - nanoTime.getAsLong()));
      while (more.isPresent() && body.size() + more.get().remaining() <= MAX_ERROR) {
        byte[] copy = new byte[more.get().remaining()];
        more.get().get(copy);
        body.writeBytes(copy);
        more = chunks.take(Duration.ofNanos(end - nanoTime.getAsLong()));
      }
    } catch (TimeoutException | IOException e) {
      // The status alone will have to do.
    }
    return body.toString(StandardCharsets.UTF_8);
  }

  /**
   * Waits for the data of the next event.
   *
   * @throws Broken if none comes
   */
  String next() throws Broken, InterruptedException {
    long silent = nanoTime.getAsLong() + patience.event().toNanos();
    Optional<String> event = events.poll();
    while (event.isEmpty()) {
      Duration left = Duration.ofNanos(Math.max(0, silent - nanoTime.getAsLong()));
      Duration wait = atMost(left);
      if (wait.isZero()) {
        // Bytes that never make an event would be taken for ever.
        throw new Broken(late(left, wait));
      }
      try {
        ByteBuffer more = chunks.take(wait).orElseThrow(() -> new Broken(new Failure.Cut()));
        bytes += more.remaining();
        if (bytes > MAX_BODY) {
          throw new Broken(new Failure.TooLarge());
        }
        events.feed(more);
      } catch (TimeoutException e) {
        throw new Broken(late(left, wait));
      } catch (IOException e) {
        throw new Broken(isClosed ? new Failure.Cancelled() : new Failure.Cut());
      }
      event = events.poll();
    }
    return event.get();
  }

  /** The provider's id of the request, for whoever has to ask them about it. */
  String requestId() {
    return headers == null
        ? "none"
        : headers
            .firstValue("x-request-id")
            .filter(id -> id.matches("[A-Za-z0-9_-]{1,100}"))
            .orElse("none");
  }

  /** Hangs up, unless the answer is over. Never blocks. */
  void close() {
    isClosed = true;
    CompletableFuture<HttpResponse<Chunks>> sending = head;
    if (sending != null) {
      sending.cancel(true);
    }
    chunks.close();
  }

  private Duration atMost(Duration wait) {
    Duration left = Duration.ofNanos(Math.max(0, deadline - nanoTime.getAsLong()));
    return wait.compareTo(left) < 0 ? wait : left;
  }

  /** Whose time was up: the provider's, or the caller's. */
  private static Failure late(Duration allowed, Duration waited) {
    return waited.compareTo(allowed) < 0 ? new Failure.Slow() : new Failure.Silent();
  }
}
