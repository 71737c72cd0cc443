package app.perpetua.flow.voice;

import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Json;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Both sides of live sessions, which do as a test tells them, in the test's own thread. */
final class FakeVoices {
  private FakeVoices() {}

  /** What may be interrupted, as a step of a test. */
  interface Step {
    void run() throws InterruptedException;
  }

  /** A provider with one stream. */
  static final class Provider implements Transcriber, Transcriber.Stream {
    final ByteArrayOutputStream received = new ByteArrayOutputStream();
    final AtomicInteger beats = new AtomicInteger();
    final CountDownLatch aborted = new CountDownLatch(1);
    volatile Step opening = () -> {};
    volatile Step beating = () -> {};

    /** By default all has been understood at once. */
    volatile Step finishing = () -> tell(Ended.DONE);

    volatile Step sending = () -> {};
    volatile Relayed relayed = Relayed.SENT;
    volatile boolean unreachable;
    volatile long heardNanos;
    private volatile @Nullable Listener listener;

    Provider(LongSupplier nanos) {
      heardNanos = nanos.getAsLong();
    }

    @Override
    public Stream open(Listener opened) throws Unreachable, InterruptedException {
      listener = opened;
      opening.run();
      if (unreachable) {
        throw new Unreachable("as the test wants it");
      }
      return this;
    }

    void say(String text) {
      listener().heard(new Words(text, true, 0.9, 0));
    }

    void tell(Ended how) {
      listener().ended(how);
    }

    private Listener listener() {
      return Objects.requireNonNull(listener);
    }

    @Override
    public Relayed audio(byte[] audio) throws InterruptedException {
      sending.run();
      received.writeBytes(audio);
      return relayed;
    }

    @Override
    public void beat() throws InterruptedException {
      beating.run();
      beats.incrementAndGet();
    }

    @Override
    public long heardNanos() {
      return heardNanos;
    }

    @Override
    public void finish() throws InterruptedException {
      finishing.run();
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

  /** A client that remembers what it is told. */
  static final class Client implements VoiceClient {
    /** The end of a connection; the code is 0 if it was cut. */
    record Closed(int code, String reason) {}

    final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
    final BlockingQueue<Closed> closes = new LinkedBlockingQueue<>();
    final BlockingQueue<Long> pings = new LinkedBlockingQueue<>();
    volatile Step hearing = () -> {};
    volatile long heardNanos;
    private final Json json = new Json();

    Client(LongSupplier nanos) {
      heardNanos = nanos.getAsLong();
    }

    @Override
    public void say(Object message) {
      try {
        hearing.run();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      messages.add(json.parse(json.text(message)));
    }

    @Override
    public void ping() {
      pings.add(heardNanos);
    }

    @Override
    public long heardNanos() {
      return heardNanos;
    }

    @Override
    public void close(int code, String reason) {
      closes.add(new Closed(code, reason));
    }

    @Override
    public void cut() {
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
      throw new AssertionError("nothing comes");
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
