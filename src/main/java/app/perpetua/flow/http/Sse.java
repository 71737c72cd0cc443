package app.perpetua.flow.http;

import app.perpetua.flow.base.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A stream of server-sent events (WHATWG HTML, 9.2). Heartbeats keep the connection open and detect
 * a client that has disconnected; after that nothing is written. Thread-safe.
 */
final class Sse implements AutoCloseable {
  private final OutputStream out;
  private final Json json;
  private final Runnable onDisconnect;
  private final CountDownLatch closed = new CountDownLatch(1);
  private boolean disconnected;

  /**
   * Starts the heartbeats.
   *
   * @param out closed by the caller
   * @param onDisconnect called once, by the thread whose write fails
   */
  Sse(OutputStream out, Json json, Duration heartbeat, Runnable onDisconnect) {
    this.out = out;
    this.json = json;
    this.onDisconnect = onDisconnect;
    Thread.startVirtualThread(() -> sendHeartbeats(heartbeat));
  }

  /** Sends an unnamed event. */
  void data(Object value) {
    write("data: " + json.text(value) + "\n\n");
  }

  /**
   * Sends a named event.
   *
   * @param json a JSON document without line breaks
   */
  void event(String name, String json) {
    write("event: " + name + "\ndata: " + json + "\n\n");
  }

  /** Sends the last event. */
  void done() {
    write("data: [DONE]\n\n");
  }

  synchronized boolean isDisconnected() {
    return disconnected;
  }

  @Override
  public void close() {
    closed.countDown();
  }

  private void sendHeartbeats(Duration heartbeat) {
    try {
      while (!closed.await(heartbeat.toMillis(), TimeUnit.MILLISECONDS)) {
        write(": heartbeat\n\n");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void write(String lines) {
    if (!writeLocked(lines)) {
      onDisconnect.run();
    }
  }

  /** Returns false if the write fails. */
  private synchronized boolean writeLocked(String lines) {
    // A heartbeat may have waited for the lock while the stream was closed.
    if (disconnected || closed.getCount() == 0) {
      return true;
    }
    try {
      out.write(lines.getBytes(StandardCharsets.UTF_8));
      out.flush();
      return true;
    } catch (IOException | RuntimeException e) {
      disconnected = true;
      return false;
    }
  }
}
