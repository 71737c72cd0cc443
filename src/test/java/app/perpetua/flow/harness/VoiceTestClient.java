package app.perpetua.flow.harness;

import app.perpetua.flow.base.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A client of {@code WS /ws/voice/transcribe} that behaves as a browser and validates every message
 * against the contract. For one thread.
 */
public final class VoiceTestClient implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private record Closed(int code) {}

  private final HttpClient http = HttpClient.newHttpClient();
  private final Json json = new Json();
  private final BlockingQueue<Object> received = new LinkedBlockingQueue<>();
  private final List<JsonNode> seen = new ArrayList<>();
  private final WebSocket socket;

  private VoiceTestClient(URI uri, Map<String, String> headers) throws Exception {
    WebSocket.Builder builder = http.newWebSocketBuilder();
    headers.forEach(builder::header);
    socket = builder.buildAsync(uri, new Receiver()).get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
  }

  /** With the token in the query, as browsers send it. */
  public static VoiceTestClient open(int port, String token) throws Exception {
    return new VoiceTestClient(uri(port, "?token=" + token), Map.of());
  }

  /**
   * With any query.
   *
   * @param query such as {@code ?ticket=x}
   */
  public static VoiceTestClient openWith(int port, String query) throws Exception {
    return new VoiceTestClient(uri(port, query), Map.of());
  }

  public static VoiceTestClient open(int port, Map<String, String> headers) throws Exception {
    return new VoiceTestClient(uri(port, ""), headers);
  }

  private static URI uri(int port, String query) {
    return URI.create("ws://127.0.0.1:" + port + "/api/v1/ws/voice/transcribe" + query);
  }

  public void audio(byte[] bytes) throws Exception {
    socket.sendBinary(ByteBuffer.wrap(bytes), true).get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
  }

  public void send(String text) throws Exception {
    socket.sendText(text, true).get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
  }

  public void endStream() throws Exception {
    send("{\"type\":\"end_stream\"}");
  }

  /**
   * The next message of that type; others are skipped.
   *
   * @throws AssertionError if the connection ends first, or no message arrives
   */
  public JsonNode next(String type) throws InterruptedException {
    while (true) {
      Object next = received.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      if (!(next instanceof JsonNode message)) {
        throw new AssertionError("no " + type + " but " + next + ", after " + seen);
      }
      seen.add(message);
      if (message.path("type").asString("").equals(type)) {
        return message;
      }
    }
  }

  /** Waits for the close code; 1006 if there was no close frame. */
  public int closeCode() throws InterruptedException {
    while (true) {
      Object next = received.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      switch (next) {
        case Closed(int code) -> {
          return code;
        }
        case JsonNode message -> seen.add(message);
        case null, default -> throw new AssertionError("no end, after " + seen);
      }
    }
  }

  @Override
  public void close() {
    socket.abort();
    http.shutdownNow();
    http.close();
  }

  private final class Receiver implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        String message = text.toString();
        text.setLength(0);
        JsonNode parsed = json.parse(message);
        String type = parsed.path("type").asString("");
        String schema = "Voice" + type.substring(0, 1).toUpperCase(Locale.ROOT) + type.substring(1);
        List<String> errors = Contract.current().faultsOf(schema, message);
        received.add(errors.isEmpty() ? parsed : "breaks the contract: " + errors + " " + message);
      }
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      received.add(new Closed(code));
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
      received.add(new Closed(1006));
    }
  }
}
