package app.perpetua.flow.voice;

import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Json;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Scripted fakes of both sides of live sessions; they call back in the test's thread. */
final class FakeVoices {
  private FakeVoices() {}

  interface Step {
    void run() throws InterruptedException;
  }

  /** A provider with one stream. */
  static final class Provider implements Transcriber, Transcriber.Stream {
    final ByteArrayOutputStream received = new ByteArrayOutputStream();
    final AtomicInteger heartbeats = new AtomicInteger();
    final CountDownLatch aborted = new CountDownLatch(1);
    volatile Step onOpen = () -> {};
    volatile Step onHeartbeat = () -> {};

    volatile Step onFinish = () -> end(StreamEnd.COMPLETED);

    volatile Step onAudio = () -> {};
    volatile SendResult sendResult = SendResult.SENT;
    volatile boolean unreachable;
    volatile long lastReceivedNanos;
    private volatile @Nullable Listener listener;

    Provider(LongSupplier nanos) {
      lastReceivedNanos = nanos.getAsLong();
    }

    @Override
    public Stream open(Listener opened) throws Unreachable, InterruptedException {
      listener = opened;
      onOpen.run();
      if (unreachable) {
        throw new Unreachable("simulated failure");
      }
      return this;
    }

    void result(String text) {
      result(text, true, 0, 0);
    }

    /** A result for the audio between these seconds. */
    void result(String text, boolean isFinal, double start, double end, Word... words) {
      listener().onTranscript(new Transcript(text, isFinal, 0.9, start, end, List.of(words)));
    }

    void end(StreamEnd end) {
      listener().onEnd(end);
    }

    private Listener listener() {
      return Objects.requireNonNull(listener);
    }

    @Override
    public SendResult send(byte[] audio) throws InterruptedException {
      onAudio.run();
      received.writeBytes(audio);
      return sendResult;
    }

    @Override
    public void heartbeat() throws InterruptedException {
      onHeartbeat.run();
      heartbeats.incrementAndGet();
    }

    @Override
    public long lastReceivedNanos() {
      return lastReceivedNanos;
    }

    @Override
    public void finish() throws InterruptedException {
      onFinish.run();
    }

    @Override
    public void abort() {
      aborted.countDown();
    }

    @Override
    public Recognition recognize(String url, Cancellation cancellation) {
      throw new AssertionError("no recordings here");
    }
  }

  /** A client that records what it receives. */
  static final class Client implements VoiceClient {
    /** The end of a connection; the code is 0 if it was aborted. */
    record Closed(int code, String reason) {}

    final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
    final BlockingQueue<Closed> closes = new LinkedBlockingQueue<>();
    final BlockingQueue<Long> pings = new LinkedBlockingQueue<>();
    volatile Step onMessage = () -> {};
    volatile long lastReceivedNanos;
    private final Json json = new Json();

    Client(LongSupplier nanos) {
      lastReceivedNanos = nanos.getAsLong();
    }

    @Override
    public void send(VoiceMessage message) {
      try {
        onMessage.run();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      messages.add(json.parse(json.text(message)));
    }

    @Override
    public void ping() {
      pings.add(lastReceivedNanos);
    }

    @Override
    public long lastReceivedNanos() {
      return lastReceivedNanos;
    }

    @Override
    public void close(int code, String reason) {
      closes.add(new Closed(code, reason));
    }

    @Override
    public void abort() {
      closes.add(new Closed(0, ""));
    }

    JsonNode next(String type) throws InterruptedException {
      JsonNode message = taken(messages);
      if (!message.get("type").stringValue().equals(type)) {
        throw new AssertionError("no " + type + " but " + message);
      }
      return message;
    }

    Closed closed() throws InterruptedException {
      return taken(closes);
    }
  }

  static <T> T taken(BlockingQueue<T> queue) throws InterruptedException {
    T next = queue.poll(VoiceFixture.LIMIT.toSeconds(), TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("no message");
    }
    return next;
  }

  static void await(CountDownLatch latch) throws InterruptedException {
    Duration limit = VoiceFixture.LIMIT;
    if (!latch.await(limit.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("not within " + limit);
    }
  }
}
