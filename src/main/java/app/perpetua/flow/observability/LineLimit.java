package app.perpetua.flow.observability;

import app.perpetua.flow.base.LogFields;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * Limits the lines of each second that report no failure, because platforms drop lines above a rate
 * of their own, whatever they say. Failures are never left out. Lock-free; thread-safe.
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
    /** 5xx, a failed job, a warning, an error. */
    FAILED
  }

  /** Lines that were not written, by kind. */
  record LeftOut(long debug, long ok, long refused) {
    long all() {
      return debug + ok + refused;
    }
  }

  /** The lines of one kind in the second that began at {@code start}. */
  private record Second(long start, AtomicInteger lines) {}

  /** The share of one kind. */
  private final class Share {
    private final int max;
    private final AtomicReference<Second> current;
    private final AtomicLong leftOut = new AtomicLong();

    Share(int max) {
      this.max = max;
      this.current = new AtomicReference<>(new Second(nanos.getAsLong(), new AtomicInteger()));
    }

    boolean admits() {
      long now = nanos.getAsLong();
      Second second =
          current.updateAndGet(
              latest ->
                  now - latest.start < SECOND ? latest : new Second(now, new AtomicInteger()));
      // Not incremented beyond the share, so that it cannot overflow.
      if (second.lines.get() < max && second.lines.getAndIncrement() < max) {
        return true;
      }
      leftOut.incrementAndGet();
      return false;
    }
  }

  private final boolean isLimited;
  private final LongSupplier nanos;
  private final Share debug;
  private final Share ok;
  private final Share refused;

  /**
   * @param perSecond for all kinds that are limited: half of it for successes, a quarter each for
   *     refusals, which clients can cause at will, and details; 0 for no limit
   * @param nanos a monotonic clock
   */
  LineLimit(int perSecond, LongSupplier nanos) {
    this.isLimited = perSecond > 0;
    this.nanos = nanos;
    this.debug = new Share(perSecond / 4);
    this.ok = new Share(perSecond / 2);
    this.refused = new Share(perSecond / 4);
  }

  /** What the line reports, by its level and its field {@code outcome}. */
  static Kind kind(LogRecord line) {
    if (line.getLevel().intValue() >= Level.WARNING.intValue()) {
      return Kind.FAILED;
    }
    if (line.getLevel().intValue() < Level.INFO.intValue()) {
      return Kind.DEBUG;
    }
    if (line.getParameters() != null) {
      for (Object parameter : line.getParameters()) {
        Object outcome =
            switch (parameter) {
              case LogFields fields -> fields.get("outcome");
              case AccessLog.Entry request -> request.outcome();
              case null, default -> null;
            };
        if (outcome instanceof String known) {
          return switch (known) {
            case "refused", "disconnected" -> Kind.REFUSED;
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
    return !isLimited
        || switch (kind) {
          case DEBUG -> debug.admits();
          case OK -> ok.admits();
          case REFUSED -> refused.admits();
          case FAILED -> true;
        };
  }

  /** The lines left out since the last call. */
  LeftOut takeLeftOut() {
    return new LeftOut(
        debug.leftOut.getAndSet(0), ok.leftOut.getAndSet(0), refused.leftOut.getAndSet(0));
  }
}
