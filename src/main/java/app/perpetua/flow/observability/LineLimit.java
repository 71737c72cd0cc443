package app.perpetua.flow.observability;

import app.perpetua.flow.base.LogFields;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * Limits the lines of each second, because platforms drop any lines above a rate of their own.
 * Failures come first: other lines leave a quarter of the limit to them, and refusals, which
 * clients can cause at will, have a quarter at most. Lock-free; thread-safe.
 */
final class LineLimit {
  private static final long SECOND = 1_000_000_000;

  /** What a line reports. */
  enum Kind {
    /** Details, if they are logged at all. */
    DEBUG,
    /** A success, or an event of the process. */
    OK,
    /** A request that the client must change or delay: 4xx. */
    REFUSED,
    /** 5xx, a failed job, a warning. */
    FAILED,
    /** A defect, or work that is given up. */
    ERROR
  }

  /** Lines that were not written, by kind. */
  record LeftOut(long debug, long ok, long refused, long failed, long errors) {
    long all() {
      return debug + ok + refused + failed + errors;
    }
  }

  private static final class Second {
    private final long start;
    private final AtomicInteger all = new AtomicInteger();
    private final AtomicInteger ok = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();

    Second(long start) {
      this.start = start;
    }
  }

  private final int perSecond;
  private final LongSupplier nanos;
  private final AtomicReference<Second> current;
  private final AtomicLongArray leftOut = new AtomicLongArray(Kind.values().length);

  /**
   * @param perSecond 0 for no limit
   * @param nanos a monotonic clock
   */
  LineLimit(int perSecond, LongSupplier nanos) {
    this.perSecond = perSecond;
    this.nanos = nanos;
    this.current = new AtomicReference<>(new Second(nanos.getAsLong()));
  }

  /** What the line reports, by its level and its field {@code outcome}. */
  static Kind kind(LogRecord line) {
    if (line.getLevel().intValue() >= Level.SEVERE.intValue()) {
      return Kind.ERROR;
    }
    if (line.getLevel().intValue() >= Level.WARNING.intValue()) {
      return Kind.FAILED;
    }
    if (line.getLevel().intValue() < Level.INFO.intValue()) {
      return Kind.DEBUG;
    }
    if (line.getParameters() != null) {
      for (Object parameter : line.getParameters()) {
        if (parameter instanceof LogFields fields
            && fields.members().get("outcome") instanceof String outcome) {
          return switch (outcome) {
            case "refused" -> Kind.REFUSED;
            case "failed", "dead", "lost" -> Kind.FAILED;
            default -> Kind.OK;
          };
        }
      }
    }
    return Kind.OK;
  }

  /** Whether a line of this kind may be written now; counts it as written or as left out. */
  boolean admits(Kind kind) {
    if (perSecond == 0) {
      return true;
    }
    Second second = second();
    boolean admitted =
        switch (kind) {
          case DEBUG -> takes(second.all, perSecond / 4);
          case OK -> takes(second.ok, perSecond / 2) && takes(second.all, perSecond * 3 / 4);
          case REFUSED ->
              takes(second.refused, perSecond / 4) && takes(second.all, perSecond * 3 / 4);
          case FAILED -> takes(second.all, perSecond - perSecond / 8);
          case ERROR -> takes(second.all, perSecond);
        };
    if (!admitted) {
      leftOut.incrementAndGet(kind.ordinal());
    }
    return admitted;
  }

  /** The lines left out since the last call. */
  LeftOut takeLeftOut() {
    return new LeftOut(
        leftOut.getAndSet(Kind.DEBUG.ordinal(), 0),
        leftOut.getAndSet(Kind.OK.ordinal(), 0),
        leftOut.getAndSet(Kind.REFUSED.ordinal(), 0),
        leftOut.getAndSet(Kind.FAILED.ordinal(), 0),
        leftOut.getAndSet(Kind.ERROR.ordinal(), 0));
  }

  private Second second() {
    long now = nanos.getAsLong();
    Second second = current.get();
    if (now - second.start < SECOND) {
      return second;
    }
    current.compareAndSet(second, new Second(now));
    return current.get();
  }

  private static boolean takes(AtomicInteger counter, int max) {
    int taken = counter.get();
    while (taken < max) {
      if (counter.compareAndSet(taken, taken + 1)) {
        return true;
      }
      taken = counter.get();
    }
    return false;
  }
}
