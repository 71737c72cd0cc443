package app.perpetua.flow.provider.deepgram;

import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.base.TraceContext;
import app.perpetua.flow.provider.ProviderHttp;
import app.perpetua.flow.voice.Transcriber;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Deepgram's API: live audio over a WebSocket, recordings by URL over HTTP. Results and exceptions
 * contain neither key, audio nor transcripts. Thread-safe.
 */
public final class Deepgram implements Transcriber {
  private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(3);
  private static final Duration RECOGNIZE_TIMEOUT = Duration.ofSeconds(30);

  /** Without an encoding, since a WebM container declares its own. */
  private static final String LIVE =
      "/v1/listen?model=nova-2&smart_format=true&punctuate=true&interim_results=true&endpointing=300";

  private static final String RECORDED =
      "/v1/listen?model=nova-2&smart_format=true&detect_language=true";

  /** Five minutes of words with timestamps are far smaller. */
  private static final int MAX_BODY_BYTES = 8 * 1024 * 1024;

  private final HttpClient http;
  private final URI base;
  private final Secret key;
  private final Json json;
  private final LongSupplier nanoTime;

  /**
   * @param http calls the listeners in threads of its executor, which may block
   * @param base such as {@code https://api.deepgram.com}
   * @param nanoTime elapsed time in nanoseconds; thread-safe
   */
  public Deepgram(HttpClient http, URI base, Secret key, Json json, LongSupplier nanoTime) {
    this.http = http;
    this.base = base;
    this.key = key;
    this.json = json;
    this.nanoTime = nanoTime;
  }

  @Override
  public Stream open(Listener listener) throws Unreachable, InterruptedException {
    URI uri = URI.create(ProviderHttp.uri(base, LIVE).toString().replaceFirst("^http", "ws"));
    DeepgramStream stream = new DeepgramStream(listener, json, nanoTime);
    WebSocket.Builder request =
        http.newWebSocketBuilder()
            .header("Authorization", "Token " + key.value())
            .connectTimeout(HANDSHAKE_TIMEOUT);
    TraceContext.current()
        .ifPresent(trace -> request.header(TraceContext.HEADER, trace.child().traceparent()));
    CompletableFuture<WebSocket> handshake = request.buildAsync(uri, stream.listener());
    try {
      stream.opened(ProviderHttp.await(handshake, HANDSHAKE_TIMEOUT));
      return stream;
    } catch (TimeoutException | HttpTimeoutException e) {
      // Closes the socket if the handshake succeeds after all.
      stream.abort();
      throw new Unreachable("no response in time");
    } catch (IOException e) {
      throw new Unreachable(reason(e));
    }
  }

  @Override
  public Recognition recognize(String url, Cancellation cancellation) throws InterruptedException {
    HttpRequest request =
        ProviderHttp.post(ProviderHttp.uri(base, RECORDED), json.bytes(Map.of("url", url)))
            .header("Authorization", "Token " + key.value())
            .build();
    try {
      return recognition(
          ProviderHttp.send(
              http, request, ProviderHttp.atMost(MAX_BODY_BYTES), RECOGNIZE_TIMEOUT, cancellation));
    } catch (TimeoutException e) {
      return new Recognition.Failed("Deepgram did not respond in time");
    } catch (CancellationException e) {
      return new Recognition.Failed("the request was cancelled");
    } catch (IOException e) {
      return new Recognition.Failed("Deepgram cannot be reached: " + reason(e));
    }
  }

  private Recognition recognition(HttpResponse<byte[]> response) {
    int status = response.statusCode();
    if (status == 400 || status == 413 || status == 415 || status == 422) {
      // Deepgram cannot fetch or decode the recording.
      return new Recognition.Unusable();
    }
    if (status != 200) {
      return new Recognition.Failed("Deepgram responded with " + status);
    }
    try {
      JsonNode body = json.parse(new String(response.body(), StandardCharsets.UTF_8));
      JsonNode channel = body.path("results").path("channels").path(0);
      JsonNode best = channel.path("alternatives").path(0);
      JsonNode seconds = body.path("metadata").path("duration");
      if (!best.path("transcript").isString() || !seconds.isNumber()) {
        return new Recognition.Failed("Deepgram's response lacks transcript or duration");
      }
      return new Recognition.Recognized(
          best.path("transcript").stringValue(),
          channel.path("detected_language").asString("en"),
          Math.clamp(best.path("confidence").asDouble(0), 0, 1),
          Math.max(0, seconds.doubleValue()));
    } catch (JacksonException e) {
      return new Recognition.Failed("Deepgram's response is not JSON");
    }
  }

  private static String reason(IOException e) {
    if (e instanceof WebSocketHandshakeException refused) {
      HttpResponse<?> response = refused.getResponse();
      return "status "
          + response.statusCode()
          + loggable(response, "dg-error")
          + loggable(response, "dg-request-id");
    }
    return e.getClass().getSimpleName();
  }

  private static String loggable(HttpResponse<?> response, String header) {
    String clean =
        response.headers().firstValue(header).orElse("").replaceAll("[^A-Za-z0-9._ -]", "");
    return clean.isEmpty() ? "" : ", " + clean.substring(0, Math.min(clean.length(), 100));
  }
}
