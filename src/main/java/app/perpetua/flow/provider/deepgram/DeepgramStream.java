package app.perpetua.flow.provider.deepgram;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.voice.Transcriber.Ended;
import app.perpetua.flow.voice.Transcriber.Listener;
import app.perpetua.flow.voice.Transcriber.Relayed;
import app.perpetua.flow.voice.Transcriber.Stream;
import app.perpetua.flow.voice.Transcriber.Words;
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

  /** A message that takes longer means that audio arrives faster than it can be relayed. */
  private static final Duration SEND_TIMEOUT = Duration.ofSeconds(1);

  /** Deepgram closes the connection after ten seconds without audio. */
  private static final Duration KEEP_ALIVE_AFTER = Duration.ofSeconds(4);

  /** Far above a few seconds of words with their timestamps. */
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
  private volatile long heardNanos;
  private volatile long sentNanos;

  DeepgramStream(Listener listener, Json json, LongSupplier nanoTime) {
    this.listener = listener;
    this.json = json;
    this.nanoTime = nanoTime;
    this.heardNanos = nanoTime.getAsLong();
    this.sentNanos = heardNanos;
  }

  WebSocket.Listener listener() {
    return new Receiver();
  }

  void opened(WebSocket opened) {
    socket = opened;
    heardNanos = nanoTime.getAsLong();
  }

  @Override
  public Relayed audio(byte[] audio) throws InterruptedException {
    Relayed relayed = send(to -> to.sendBinary(ByteBuffer.wrap(audio), true));
    sentNanos = nanoTime.getAsLong();
    return relayed;
  }

  @Override
  public void beat() throws InterruptedException {
    if (nanoTime.getAsLong() - sentNanos > KEEP_ALIVE_AFTER.toNanos()) {
      sentNanos = nanoTime.getAsLong();
      send(to -> to.sendText(KEEP_ALIVE, true));
    }
    send(to -> to.sendPing(ByteBuffer.allocate(0)));
  }

  @Override
  public long heardNanos() {
    return heardNanos;
  }

  @Override
  public void finish() throws InterruptedException {
    if (send(to -> to.sendText(FINALIZE, true)) == Relayed.SENT) {
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

  private Relayed send(Send message) throws InterruptedException {
    WebSocket open = socket;
    if (open == null || ended.get()) {
      return Relayed.LOST;
    }
    if (!sending.tryLock(SEND_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
      return Relayed.TOO_SLOW;
    }
    try {
      message.to(open).get(SEND_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      return Relayed.SENT;
    } catch (TimeoutException e) {
      // A message may be half sent, so nothing can follow it.
      return Relayed.TOO_SLOW;
    } catch (ExecutionException e) {
      return Relayed.LOST;
    } finally {
      sending.unlock();
    }
  }

  private void end(Ended how) {
    if (!ended.getAndSet(true)) {
      listener.ended(how);
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
      listener.heard(
          new Words(
              best.path("transcript").asString(""),
              parsed.path("is_final").asBoolean(false),
              Math.clamp(best.path("confidence").asDouble(0), 0, 1),
              parsed.path("start").asDouble(0) + parsed.path("duration").asDouble(0)));
    } catch (JacksonException e) {
      LOG.log(System.Logger.Level.WARNING, "ignored a message from Deepgram that is not JSON");
    }
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
      heardNanos = nanoTime.getAsLong();
      if (text.length() + fragment.length() > MAX_MESSAGE) {
        from.abort();
        end(Ended.LOST);
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
      heardNanos = nanoTime.getAsLong();
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      if (code == WebSocket.NORMAL_CLOSURE) {
        end(Ended.DONE);
      } else {
        LOG.log(System.Logger.Level.WARNING, "Deepgram closed the connection with code {0}", code);
        end(code == UNDECODABLE ? Ended.UNDECODABLE : Ended.LOST);
      }
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the connection to Deepgram failed: {0}",
          error.getClass().getSimpleName());
      end(Ended.LOST);
    }
  }
}
