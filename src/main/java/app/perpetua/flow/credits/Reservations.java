package app.perpetua.flow.credits;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.util.UUID;

/**
 * Reserves credits before a call to a provider and settles them by its result. If the process dies
 * in between, a job releases them ({@link ReservationReleaseJob}). Thread-safe.
 */
public final class Reservations {
  /** The kind of {@link ReservationReleaseJob}; its key is the charge's id. */
  static final String RELEASE = "reservation_settle";

  /** The job's payload, with the request's idempotency key. */
  record Pending(UUID key, int amount) {}

  /**
   * The result of {@link #settle}.
   *
   * @param used credits spent
   * @param left credits available in all
   */
  public record Settled(int used, int left) {}

  private final Credits credits;
  private final Jobs jobs;

  Reservations(Credits credits, Jobs jobs) {
    this.credits = credits;
    this.jobs = jobs;
  }

  /**
   * Reserves credits.
   *
   * @param key the idempotency key of the request
   * @param ref id of the charge; unique
   * @param description for the history
   * @param timeout until the job releases them; longer than the request can take
   * @throws Refusal {@code INSUFFICIENT_CREDITS}
   */
  public void reserve(
      Tx tx, UUID key, String ref, int amount, String description, Duration timeout) {
    credits.spend(tx, amount, ref, description);
    jobs.enqueue(tx, RELEASE, ref, tx.now().plus(timeout), new Pending(key, amount));
  }

  /**
   * Spends the reserved credits.
   *
   * @return the credits available in all
   */
  public int commit(Tx tx, String ref) {
    jobs.cancel(tx, RELEASE, ref);
    return credits.statement(tx).balance().total();
  }

  /** Refunds the reserved credits. */
  public void release(Tx tx, String ref, int amount) {
    jobs.cancel(tx, RELEASE, ref);
    credits.refund(tx, ref, amount);
  }

  /**
   * Spends the actual cost: refunds what was reserved beyond it, or spends more, as far as the user
   * has credits.
   *
   * @param reserved the amount reserved
   * @param used the actual cost
   */
  public Settled settle(Tx tx, String ref, int reserved, int used, String description) {
    jobs.cancel(tx, RELEASE, ref);
    if (used < reserved) {
      return new Settled(used, credits.refund(tx, ref, reserved - used));
    }
    int available = credits.statement(tx).balance().total();
    int more = Math.min(used - reserved, available);
    return new Settled(
        reserved + more,
        more > 0 ? credits.spend(tx, more, ref + ":beyond", description) : available);
  }
}
