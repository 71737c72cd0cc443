package app.perpetua.flow.provider.deepgram;

import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.voice.Transcriber;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Speaks to Deepgram: live over a WebSocket, of recordings by address over HTTP. Nothing it says or
 * throws contains the key, audio or words. Thread-safe.
 */
public final class Deepgram implements Transcriber {
  private static final String CANCELLED = "the request was cancelled";
  private static final Duration CONNECT = Duration.ofSeconds(3);

  /** WebM says itself how it is encoded. */
  private static final String LIVE =
      "/v1/listen?model=nova-2&smart_format=true&punctuate=true&interim_results=true&endpointing=300";

  private static final String RECORDED =
      "/v1/listen?model=nova-2&smart_format=true&detect_language=true";

  private static final Duration RECOGNIZE = Duration.ofSeconds(30);

  /** Five minutes of words, with the time of each. */
  private static final int MAX_ANSWER = 8 * 1024 * 1024;

  private final HttpClient http;
  private final Executor reading;
  private final URI base;
  private final Secret key;
  private final Json json;
  private final LongSupplier nanoTime;

  /**
   * @param http has an executor whose threads may block
   * @param base such as {@code https://api.deepgram.com}
   * @param nanoTime elapsed time in nanoseconds; thread-safe
   */
  public Deepgram(HttpClient http, URI base, Secret key, Json json, LongSupplier nanoTime) {
    this.http = http;
    this.reading = http.executor().orElseThrow();
    this.base = base;
    this.key = key;
    this.json = json;
    this.nanoTime = nanoTime;
  }

  @Override
  public Stream open(Listener listener) throws Unreachable, InterruptedException {
    DeepgramStream stream = new DeepgramStream(listener, json, nanoTime);
    CompletableFuture<WebSocket> connecting =
        http.newWebSocketBuilder()
            .header("Authorization", "Token " + key.value())
            .connectTimeout(CONNECT)
            .buildAsync(live(), stream.listener());
    try {
      stream.opened(connecting.get(CONNECT.toMillis(), TimeUnit.MILLISECONDS));
      return stream;
    } catch (TimeoutException e) {
      // Should it come after all, it goes again.
      stream.abort();
      connecting.cancel(true);
      throw new Unreachable("no answer");
    } catch (ExecutionException e) {
      throw new Unreachable(why(e.getCause()));
    }
  }

  @Override
  public Recognition recognize(String url, Cancellation cancellation) throws InterruptedException {
    if (cancellation.cancelled()) {
      // Deepgram charges for what it recognizes.
      return new Recognition.Failed(CANCELLED);
    }
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create(base.getScheme() + "://" + base.getRawAuthority() + path() + RECORDED))
            .timeout(RECOGNIZE)
            .header("Authorization", "Token " + key.value())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(json.bytes(Map.of("url", url))))
            .build();
    CompletableFuture<HttpResponse<InputStream>> asking =
        http.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
    // The body may stall as well as the head: one deadline for all of it.
    CompletableFuture<Recognition> answer = asking.thenApplyAsync(this::recognition, reading);
    cancellation.onCancel(() -> answer.cancel(true));
    try {
      return answer.get(RECOGNIZE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return new Recognition.Failed("Deepgram does not answer");
    } catch (CancellationException e) {
      return new Recognition.Failed(CANCELLED);
    } catch (ExecutionException e) {
      return new Recognition.Failed(
          cancellation.cancelled()
              ? CANCELLED
              : "Deepgram cannot be reached: " + why(e.getCause()));
    } finally {
      cancellation.onCancel(null);
      asking.cancel(true);
      if (asking.isDone() && !asking.isCompletedExceptionally()) {
        closed(asking.resultNow().body());
      }
    }
  }

  private Recognition recognition(HttpResponse<InputStream> response) {
    int status = response.statusCode();
    if (status == 400 || status == 413 || status == 415 || status == 422) {
      // It could not fetch or decode what the caller pointed it to.
      return new Recognition.Unusable();
    }
    if (status != 200) {
      return new Recognition.Failed("Deepgram says " + status);
    }
    try (InputStream body = response.body()) {
      byte[] bytes = body.readNBytes(MAX_ANSWER + 1);
      JsonNode answer = json.parse(new String(bytes, StandardCharsets.UTF_8));
      JsonNode channel = answer.path("results").path("channels").path(0);
      JsonNode best = channel.path("alternatives").path(0);
      JsonNode seconds = answer.path("metadata").path("duration");
      if (bytes.length > MAX_ANSWER || !best.path("transcript").isString() || !seconds.isNumber()) {
        return new Recognition.Failed("Deepgram's answer has another form");
      }
      return new Recognition.Understood(
          best.path("transcript").stringValue(),
          channel.path("detected_language").asString("en"),
          Math.clamp(best.path("confidence").asDouble(0), 0, 1),
          Math.max(0, seconds.doubleValue()));
    } catch (IOException | JacksonException e) {
      return new Recognition.Failed("Deepgram's answer cannot be read");
    }
  }

  private static void closed(InputStream body) {
    try {
      body.close();
    } catch (IOException e) {
      // It was going to be dropped.
    }
  }

  private URI live() {
    String scheme = base.getScheme().toLowerCase(Locale.ROOT).equals("http") ? "ws" : "wss";
    return URI.create(scheme + "://" + base.getRawAuthority() + path() + LIVE);
  }

  private String path() {
    return base.getRawPath().replaceAll("/+$", "");
  }

  private static String why(@Nullable Throwable cause) {
    if (cause instanceof WebSocketHandshakeException refused) {
      HttpResponse<?> answer = refused.getResponse();
      return "it says "
          + answer.statusCode()
          + answer.headers().firstValue("dg-error").map(Deepgram::word).orElse("")
          + answer.headers().firstValue("dg-request-id").map(Deepgram::word).orElse("");
    }
    return cause == null ? "failure" : cause.getClass().getSimpleName();
  }

  /** What it told of itself, as far as it can be logged. */
  private static String word(String header) {
    String clean = header.replaceAll("[^A-Za-z0-9._ -]", "");
    return ", " + clean.substring(0, Math.min(clean.length(), 100));
  }
}
