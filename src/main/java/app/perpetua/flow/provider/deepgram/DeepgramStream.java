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

/** One live connection to Deepgram. Thread-safe; sends one message at a time. */
final class DeepgramStream implements Stream {
  private static final System.Logger LOG = System.getLogger(DeepgramStream.class.getName());

  /** A second of audio that has not left is too much. */
  private static final Duration SEND = Duration.ofSeconds(1);

  /** It hangs up after ten seconds without audio. */
  private static final Duration IDLE = Duration.ofSeconds(4);

  /** Words of some seconds with the time of each are far below. */
  private static final int MAX_MESSAGE = 1024 * 1024;

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
    if (nanoTime.getAsLong() - sentNanos > IDLE.toNanos()) {
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
    if (!sending.tryLock(SEND.toMillis(), TimeUnit.MILLISECONDS)) {
      return Relayed.TOO_SLOW;
    }
    try {
      message.to(open).get(SEND.toMillis(), TimeUnit.MILLISECONDS);
      return Relayed.SENT;
    } catch (TimeoutException e) {
      // What is half sent cannot be followed by anything.
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

  private void understand(String message) {
    try {
      JsonNode parsed = json.parse(message);
      if (!parsed.path("type").asString("").equals("Results")) {
        // SpeechStarted, UtteranceEnd, Metadata, and whatever comes later.
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
      LOG.log(System.Logger.Level.WARNING, "Deepgram sent what is no JSON");
    }
  }

  /** What arrives, one thing at a time; the next is asked for when this one is done with. */
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
        understand(message);
      }
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer bytes, boolean last) {
      heardNanos = nanoTime.getAsLong();
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPing(WebSocket from, ByteBuffer bytes) {
      heardNanos = nanoTime.getAsLong();
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPong(WebSocket from, ByteBuffer bytes) {
      heardNanos = nanoTime.getAsLong();
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      if (code == WebSocket.NORMAL_CLOSURE) {
        end(Ended.DONE);
      } else {
        LOG.log(System.Logger.Level.WARNING, "Deepgram closed with {0}", code);
        end(code == UNDECODABLE ? Ended.UNDECODABLE : Ended.LOST);
      }
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the connection to Deepgram broke: {0}",
          error.getClass().getSimpleName());
      end(Ended.LOST);
    }
  }
}
