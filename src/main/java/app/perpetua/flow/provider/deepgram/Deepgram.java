package app.perpetua.flow.provider.deepgram;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.voice.Transcriber;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Speaks to Deepgram's live API over a WebSocket. Nothing it says or throws contains the key, audio
 * or words. Thread-safe.
 */
public final class Deepgram implements Transcriber {
  private static final Duration CONNECT = Duration.ofSeconds(3);

  /** WebM says itself how it is encoded. */
  private static final String LIVE =
      "/v1/listen?model=nova-2&smart_format=true&punctuate=true&interim_results=true&endpointing=300";

  private final HttpClient http;
  private final URI base;
  private final Secret key;
  private final Json json;

  /**
   * @param http tells what arrives in threads that may block
   * @param base such as {@code https://api.deepgram.com}
   */
  public Deepgram(HttpClient http, URI base, Secret key, Json json) {
    this.http = http;
    this.base = base;
    this.key = key;
    this.json = json;
  }

  @Override
  public Stream open(Listener listener) throws Unreachable, InterruptedException {
    DeepgramStream stream = new DeepgramStream(listener, json);
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
