package app.perpetua.flow.bench.scale;

import app.perpetua.flow.bench.process.Service;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Reads a large export, and measures the service's heap meanwhile. */
final class Export {
  /**
   * What an export took.
   *
   * @param complete whether the answer ended as announced
   * @param heapMegabytes the most that the heap grew, measured after full collections
   * @param megabytes size of the answer
   */
  record Result(boolean complete, double seconds, double heapMegabytes, double megabytes) {
    boolean isWithinTargets() {
      return complete && seconds < SECONDS && heapMegabytes < HEAP_MEGABYTES;
    }
  }

  static final double SECONDS = 60;
  static final double HEAP_MEGABYTES = 32;

  private static final Duration SILENCE = Duration.ofSeconds(30);

  /** A longer export counts as incomplete. */
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private static final Duration SAMPLE = Duration.ofSeconds(4);
  private static final double MEGABYTE = 1024.0 * 1024;

  private Export() {}

  static Result of(Service service, String token) throws IOException {
    long idle = service.heapBytes();
    AtomicLong bytes = new AtomicLong();
    AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
    CountDownLatch done = new CountDownLatch(1);
    long begun = System.nanoTime();
    long most = idle;
    try (HttpConnection connection = new HttpConnection(service.port(), SILENCE)) {
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  int status = connection.get("/api/v1/users/me/export", token, counting(bytes));
                  if (status != 200) {
                    throw new IOException("status " + status);
                  }
                } catch (IOException e) {
                  failure.set(e);
                } finally {
                  done.countDown();
                }
              });
      while (!done.await(SAMPLE.toMillis(), TimeUnit.MILLISECONDS)
          && System.nanoTime() - begun < LIMIT.toNanos()) {
        most = Math.max(most, service.heapBytes());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new Result(
        done.getCount() == 0 && failure.get() == null,
        (System.nanoTime() - begun) / 1e9,
        (most - idle) / MEGABYTE,
        bytes.get() / MEGABYTE);
  }

  private static OutputStream counting(AtomicLong bytes) {
    return new OutputStream() {
      @Override
      public void write(int b) {
        bytes.incrementAndGet();
      }

      @Override
      public void write(byte[] buffer, int offset, int length) {
        bytes.addAndGet(length);
      }
    };
  }
}
