package app.perpetua.flow.http.connection;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The clock of deadlines. It counts only time in which the process runs: a pause of the process or
 * of its machine delays the service and not its clients, whose bytes may have arrived meanwhile.
 * Never decreases. Thread-safe, except that {@link #tick} has one caller.
 */
final class DeadlineClock {
  /**
   * A tick.
   *
   * @param at its time, as the source has it
   * @param counted until then
   */
  private record Tick(long at, long counted) {}

  private final LongSupplier source;
  private final long longest;
  private volatile Tick last;

  /**
   * @param source in nanoseconds
   * @param longest time between two ticks that counts
   */
  DeadlineClock(LongSupplier source, Duration longest) {
    this.source = source;
    this.longest = longest.toNanos();
    this.last = new Tick(source.getAsLong(), 0);
  }

  /** Nanoseconds that have been counted since construction. */
  long nanoTime() {
    Tick tick = last;
    return countedAt(source.getAsLong(), tick);
  }

  /**
   * As {@link #nanoTime}; to be called in regular intervals, because what follows a tick counts.
   */
  long tick() {
    long at = source.getAsLong();
    long counted = countedAt(at, last);
    last = new Tick(at, counted);
    return counted;
  }

  private long countedAt(long at, Tick tick) {
    return tick.counted() + Math.clamp(at - tick.at(), 0, longest);
  }
}
