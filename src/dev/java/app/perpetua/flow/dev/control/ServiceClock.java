package app.perpetua.flow.dev.control;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Moves the service's clock, for one caller at a time. Thread-safe. */
public final class ServiceClock {
  /** Bounds of the clock: years of four digits that every library handles. */
  private static final Instant EARLIEST = Instant.parse("2000-01-01T00:00:00Z");

  private static final Instant LATEST = Instant.parse("2100-01-01T00:00:00Z");

  private final OffsetClock clock;
  private final Consumer<Instant> makeDays;
  private final Runnable beforeMove;
  private final ReentrantLock moving = new ReentrantLock();

  /**
   * @param makeDays prepares the database for the time to which the clock is about to move
   * @param beforeMove called before each move
   */
  public ServiceClock(OffsetClock clock, Consumer<Instant> makeDays, Runnable beforeMove) {
    this.clock = clock;
    this.makeDays = makeDays;
    this.beforeMove = beforeMove;
  }

  /** The service's current time. */
  public Instant instant() {
    return clock.instant();
  }

  /** The offset from real time; negative if the clock is behind. */
  public Duration offset() {
    return clock.offset();
  }

  /**
   * Moves the clock, unless it is held by another thread, in which case it waits.
   *
   * @param offset the new offset; evaluated twice, because preparing the database takes time
   * @return false, and nothing has changed, if it leads to a time outside of 2000 to 2099
   */
  public boolean move(Supplier<Duration> offset) {
    moving.lock();
    try {
      Instant target = Clock.systemUTC().instant().plus(offset.get());
      if (target.isBefore(EARLIEST) || !target.isBefore(LATEST)) {
        return false;
      }
      makeDays.accept(target);
      beforeMove.run();
      clock.setOffset(offset.get());
      return true;
    } finally {
      moving.unlock();
    }
  }

  /** Returns to an earlier offset, for whose time the database has been prepared. */
  public void restore(Duration offset) {
    moving.lock();
    try {
      beforeMove.run();
      clock.setOffset(offset);
    } finally {
      moving.unlock();
    }
  }

  /** Prevents other threads from moving the clock; false if one is moving or holding it. */
  public boolean tryHold() {
    return moving.tryLock();
  }

  /** Ends a hold of this thread. */
  public void release() {
    moving.unlock();
  }
}
