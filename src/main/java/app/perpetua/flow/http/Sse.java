package app.perpetua.flow.http;

import app.perpetua.flow.base.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A stream of server-sent events (WHATWG HTML, 9.2). A heartbeat keeps proxies awake and finds out
 * that nobody listens any more; from then on nothing is written. Thread-safe.
 */
final class Sse implements AutoCloseable {
  private final OutputStream out;
  private final Json json;
  private final Runnable gone;
  private final ReentrantLock writing = new ReentrantLock();
  private final CountDownLatch closed = new CountDownLatch(1);
  private boolean broken;

  /**
   * Begins to write; the caller closes {@code out}.
   *
   * @param beat how long it stays silent at most
   * @param gone told once, by whichever thread finds out, that the client has gone
   */
  Sse(OutputStream out, Json json, Duration beat, Runnable gone) {
    this.out = out;
    this.json = json;
    this.gone = gone;
    Thread.startVirtualThread(() -> keepAwake(beat));
  }

  /** An unnamed event. */
  void data(Object value) {
    write("data: " + json.text(value) + "\n\n");
  }

  /**
   * A named event.
   *
   * @param json one JSON document without line breaks
   */
  void event(String name, String json) {
    write("event: " + name + "\ndata: " + json + "\n\n");
  }

  /** The last event. */
  void done() {
    write("data: [DONE]\n\n");
  }

  /** True if the client has gone. */
  boolean broken() {
    writing.lock();
    try {
      return broken;
    } finally {
      writing.unlock();
    }
  }

  @Override
  public void close() {
    closed.countDown();
  }

  private void keepAwake(Duration beat) {
    try {
      while (!closed.await(beat.toMillis(), TimeUnit.MILLISECONDS)) {
        write(": still here\n\n");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void write(String lines) {
    boolean brokeNow = false;
    writing.lock();
    try {
      // A beat that waited while the stream was closed has nothing to add.
      if (!broken && closed.getCount() > 0) {
        out.write(lines.getBytes(StandardCharsets.UTF_8));
        out.flush();
      }
    } catch (IOException | RuntimeException e) {
      broken = true;
      brokeNow = true;
    } finally {
      writing.unlock();
    }
    if (brokeNow) {
      gone.run();
    }
  }
}
