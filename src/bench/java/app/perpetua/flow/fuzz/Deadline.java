package app.perpetua.flow.fuzz;

import java.time.Duration;

/** A time limit. Immutable. */
public record Deadline(long nanos) {
  public static Deadline in(Duration time) {
    return new Deadline(System.nanoTime() + time.toNanos());
  }

  public boolean isOver() {
    return System.nanoTime() - nanos >= 0;
  }

  /** Negative if it is over. */
  public Duration left() {
    return Duration.ofNanos(nanos - System.nanoTime());
  }
}
