package app.perpetua.flow.jobs;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * When a worker claims jobs: when it was woken, when a job becomes due, when a lease expires, and
 * otherwise just often enough for its promises, so that an idle worker hardly queries the database.
 * {@code nanos} are {@link System#nanoTime}; times of jobs are on the service's clock, which tests
 * and the dev server move. Used by one thread.
 */
final class ClaimSchedule {
  /** Half of the second within which due jobs start. */
  static final Duration POLL_INTERVAL = Duration.ofMillis(500);

  /**
   * The longest sleep. Leases that were created since the last claim expire in the meantime, and
   * the jobs of a dead worker have to run again within a minute. The statements in {@code jobs.sql}
   * notify the workers of every job that becomes due before the next claim.
   */
  static final Duration MAX_SLEEP = Duration.ofSeconds(50);

  /** How far the service's clock may get ahead of real time before it counts as moved. */
  private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(1);

  private boolean woken = true;
  private boolean repeat;

  /** When the latest claim was tried. */
  private long triedNanos;

  /** When the latest claim succeeded, on both clocks. */
  private long claimedNanos;

  private @Nullable Long leaseExpiresNanos;
  private @Nullable Instant claimedAt;
  private @Nullable Instant nextRunAt;

  /** The next claim is due now. */
  void wake() {
    woken = true;
  }

  /**
   * Plans the next claim after one.
   *
   * @param withLeases whether that looked at leases; if not, what is known of them stays
   */
  void claimed(long nanos, Instant now, Lease.Claim claim, boolean withLeases) {
    plan(nanos, claim.limited());
    claimedNanos = nanos;
    claimedAt = now;
    nextRunAt = claim.nextRunAt();
    if (withLeases) {
      Duration left = claim.leaseExpired() ? POLL_INTERVAL : claim.leaseLeft();
      leaseExpiresNanos = left == null ? null : Long.valueOf(nanos + left.toNanos());
    }
  }

  /** Plans a claim after one that failed, or for which there was no free slot. */
  void postponed(long nanos) {
    plan(nanos, true);
  }

  private void plan(long nanos, boolean soon) {
    woken = false;
    repeat = soon;
    triedNanos = nanos;
  }

  /**
   * Whether to claim now.
   *
   * @param poll whether not to rely on notifications, or whether jobs wait in this worker
   */
  boolean isDue(long nanos, Instant now, boolean poll) {
    long elapsed = nanos - triedNanos;
    if (woken || elapsed >= MAX_SLEEP.toNanos()) {
      return true;
    }
    if (leaseExpiresNanos != null && nanos - leaseExpiresNanos >= 0) {
      return true;
    }
    // No notification was sent for jobs of the far future, but they may be due now: the clock was
    // moved, or the machine was suspended.
    if (isAhead(nanos, now)) {
      return true;
    }
    Instant next = nextRunAt;
    Instant last = claimedAt;
    if (next == null || next.isAfter(now)) {
      return elapsed >= POLL_INTERVAL.toNanos() && (poll || repeat);
    }
    // A job that was due at the last claim already is locked by a transaction.
    return elapsed >= POLL_INTERVAL.toNanos() || (last != null && next.isAfter(last));
  }

  private boolean isAhead(long nanos, Instant now) {
    Instant last = claimedAt;
    return last != null && now.isAfter(last.plusNanos(nanos - claimedNanos).plus(CLOCK_TOLERANCE));
  }

  /** How long to wait for a wake-up before the next call of {@link #isDue}. */
  Duration untilNextCheck(Instant now) {
    Instant next = nextRunAt;
    if (next == null || !next.isAfter(now)) {
      return POLL_INTERVAL;
    }
    Duration untilDue = Duration.between(now, next);
    return untilDue.compareTo(POLL_INTERVAL) < 0 ? untilDue.plusMillis(1) : POLL_INTERVAL;
  }
}
