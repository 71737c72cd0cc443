package app.perpetua.flow.harness.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * {@link System#nanoTime()} plus an offset that a test can advance, so that a wait of minutes takes
 * no time. Thread-safe.
 */
public final class MovableNanos implements LongSupplier {
  private final AtomicLong ahead = new AtomicLong();

  /** Advances the offset. */
  public void advance(Duration duration) {
    ahead.addAndGet(duration.toNanos());
  }

  @Override
  public long getAsLong() {
    return System.nanoTime() + ahead.get();
  }
}
