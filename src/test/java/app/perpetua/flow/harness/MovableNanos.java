package app.perpetua.flow.harness;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * {@link System#nanoTime()} that a test can move on, so that a wait of minutes takes none.
 * Thread-safe.
 */
public final class MovableNanos implements LongSupplier {
  private final AtomicLong ahead = new AtomicLong();

  /** Moves on, beside the time that passes anyway. */
  public void advance(Duration duration) {
    ahead.addAndGet(duration.toNanos());
  }

  @Override
  public long getAsLong() {
    return System.nanoTime() + ahead.get();
  }
}
