package app.perpetua.flow.sql;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Polls a condition of another process or thread that sends no signal. */
public final class Eventually {
  private static final long SHORTEST_PAUSE = Duration.ofMillis(10).toNanos();

  /** A condition may cost the processes that it waits for more than their own work. */
  private static final long LONGEST_PAUSE = Duration.ofMillis(100).toNanos();

  /** Of the time waited so far, so that the result is right within 5 %. */
  private static final int PAUSE_DIVISOR = 20;

  private Eventually() {}

  /**
   * Returns how long it took, at most 5 % or 10 ms too much.
   *
   * @throws AssertionError if the condition does not come true in time
   */
  public static Duration within(Duration limit, BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > limit.toNanos()) {
        throw new AssertionError("not within " + limit);
      }
      long waited = System.nanoTime() - start;
      LockSupport.parkNanos(Math.clamp(waited / PAUSE_DIVISOR, SHORTEST_PAUSE, LONGEST_PAUSE));
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
