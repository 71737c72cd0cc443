package app.perpetua.flow.sql;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Polls a condition of another process or thread that sends no signal. */
public final class Eventually {
  private static final long LOOK_AGAIN = Duration.ofMillis(10).toNanos();

  private Eventually() {}

  /**
   * Returns how long it took.
   *
   * @throws AssertionError if the condition does not come true in time
   */
  public static Duration within(Duration limit, BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > limit.toNanos()) {
        throw new AssertionError("not within " + limit);
      }
      LockSupport.parkNanos(LOOK_AGAIN);
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
