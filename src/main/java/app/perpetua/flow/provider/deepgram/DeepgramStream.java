package app.perpetua.flow.provider.deepgram;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.voice.Transcriber.Listener;
import app.perpetua.flow.voice.Transcriber.SendResult;
import app.perpetua.flow.voice.Transcriber.Stream;
import app.perpetua.flow.voice.Transcriber.StreamEnd;
import app.perpetua.flow.voice.Transcriber.Transcript;
import app.perpetua.flow.voice.Transcriber.Word;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** A live connection to Deepgram. Sends one message at a time. Thread-safe. */
final class DeepgramStream implements Stream {
  private static final System.Logger LOG = System.getLogger(DeepgramStream.class.getName());

  /** If a message takes longer, audio arrives faster than it can be relayed. */
  private static final Duration SEND_TIMEOUT = Duration.ofSeconds(1);

  /** Deepgram closes the connection after ten seconds without audio. */
  private static final Duration KEEP_ALIVE_AFTER = Duration.ofSeconds(4);

  /** A few seconds of words with timestamps are far smaller. */
  private static final int MAX_MESSAGE = 1024 * 1024;

  /** Deepgram's close code for audio that it cannot decode. */
  private static final int UNDECODABLE = 1008;

  private static final String KEEP_ALIVE = "{\"type\":\"KeepAlive\"}";
  private static final String FINALIZE = "{\"type\":\"Finalize\"}";
  private static final String CLOSE_STREAM = "{\"type\":\"CloseStream\"}";

  private interface Send {
    CompletableFuture<WebSocket> to(WebSocket socket);
  }

  private final Listener listener;
  private final Json json;
  private final LongSupplier nanoTime;
  private final ReentrantLock sending = new ReentrantLock();
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile @Nullable WebSocket socket;
  private volatile long lastReceivedNanos;
  private volatile long sentNanos;

  DeepgramStream(Listener listener, Json json, LongSupplier nanoTime) {
    this.listener = listener;
    this.json = json;
    this.nanoTime = nanoTime;
    this.lastReceivedNanos = nanoTime.getAsLong();
    this.sentNanos = lastReceivedNanos;
  }

  WebSocket.Listener listener() {
    return new Receiver();
  }

  void opened(WebSocket opened) {
    socket = opened;
    lastReceivedNanos = nanoTime.getAsLong();
  }

  @Override
  public SendResult send(byte[] audio) throws InterruptedException {
    SendResult result = send(to -> to.sendBinary(ByteBuffer.wrap(audio), true));
    sentNanos = nanoTime.getAsLong();
    return result;
  }

  @Override
  public void heartbeat() throws InterruptedException {
    if (nanoTime.getAsLong() - sentNanos > KEEP_ALIVE_AFTER.toNanos()) {
      sentNanos = nanoTime.getAsLong();
      send(to -> to.sendText(KEEP_ALIVE, true));
    }
    send(to -> to.sendPing(ByteBuffer.allocate(0)));
  }

  @Override
  public long lastReceivedNanos() {
    return lastReceivedNanos;
  }

  @Override
  public void finish() throws InterruptedException {
    if (send(to -> to.sendText(FINALIZE, true)) == SendResult.SENT) {
      send(to -> to.sendText(CLOSE_STREAM, true));
    }
  }

  @Override
  public void abort() {
    ended.set(true);
    WebSocket open = socket;
    if (open != null) {
      open.abort();
    }
  }

  private SendResult send(Send message) throws InterruptedException {
    WebSocket open = socket;
    if (open == null || ended.get()) {
      return SendResult.LOST;
    }
    if (!sending.tryLock(SEND_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
      return SendResult.TOO_SLOW;
    }
    try {
      message.to(open).get(SEND_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      return SendResult.SENT;
    } catch (TimeoutException e) {
      // The message may be sent in part, so no other can follow.
      return SendResult.TOO_SLOW;
    } catch (ExecutionException e) {
      return SendResult.LOST;
    } finally {
      sending.unlock();
    }
  }

  private void end(StreamEnd end) {
    if (!ended.getAndSet(true)) {
      listener.onEnd(end);
    }
  }

  private void handle(String message) {
    try {
      JsonNode parsed = json.parse(message);
      if (!parsed.path("type").asString("").equals("Results")) {
        // SpeechStarted, UtteranceEnd, Metadata and future types carry no words.
        return;
      }
      JsonNode best = parsed.path("channel").path("alternatives").path(0);
      double start = seconds(parsed.path("start"));
      listener.onTranscript(
          new Transcript(
              best.path("transcript").asString(""),
              parsed.path("is_final").asBoolean(false),
              Math.clamp(best.path("confidence").asDouble(0), 0, 1),
              start,
              start + seconds(parsed.path("duration")),
              best.path("words").valueStream().map(DeepgramStream::word).toList()));
    } catch (JacksonException e) {
      LOG.log(System.Logger.Level.WARNING, "ignored a message from Deepgram that is not JSON");
    }
  }

  private static Word word(JsonNode word) {
    String plain = word.path("word").asString("");
    return new Word(word.path("punctuated_word").asString(plain), seconds(word.path("end")));
  }

  private static double seconds(JsonNode number) {
    double seconds = number.asDouble(0);
    return Double.isFinite(seconds) ? Math.max(0, seconds) : 0;
  }

  /** Requests the next message only when it has handled the current one. */
  private final class Receiver implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public void onOpen(WebSocket opened) {
      if (ended.get()) {
        opened.abort();
        return;
      }
      opened.request(1);
    }

    @Override
    public @Nullable CompletionStage<?> onText(
        WebSocket from, CharSequence fragment, boolean last) {
      lastReceivedNanos = nanoTime.getAsLong();
      if (text.length() + fragment.length() > MAX_MESSAGE) {
        from.abort();
        end(StreamEnd.LOST);
        return null;
      }
      text.append(fragment);
      if (last) {
        String message = text.toString();
        text.setLength(0);
        handle(message);
      }
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer bytes, boolean last) {
      return ignore(from);
    }

    @Override
    public @Nullable CompletionStage<?> onPing(WebSocket from, ByteBuffer bytes) {
      return ignore(from);
    }

    @Override
    public @Nullable CompletionStage<?> onPong(WebSocket from, ByteBuffer bytes) {
      return ignore(from);
    }

    private @Nullable CompletionStage<?> ignore(WebSocket from) {
      lastReceivedNanos = nanoTime.getAsLong();
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      if (code == WebSocket.NORMAL_CLOSURE) {
        end(StreamEnd.COMPLETED);
      } else {
        LOG.log(System.Logger.Level.WARNING, "Deepgram closed the connection with code {0}", code);
        end(code == UNDECODABLE ? StreamEnd.UNDECODABLE : StreamEnd.LOST);
      }
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the connection to Deepgram failed: {0}",
          error.getClass().getSimpleName());
      end(StreamEnd.LOST);
    }
  }
}
