package app.perpetua.flow.credits;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.util.UUID;

/**
 * Credits taken before somebody else is asked, and settled by what came of it. A job stands by for
 * the process that dies in between ({@link ReservationSettleJob}). Thread-safe.
 */
public final class Reservations {
  /** The kind of the job that gives back what nobody settled; its key is the charge's. */
  public static final String SETTLE = "reservation_settle";

  /**
   * For the job.
   *
   * @param key the idempotency key whose record is open
   * @param amount credits
   */
  record Pending(UUID key, int amount) {}

  /**
   * What asking has cost.
   *
   * @param used credits
   * @param left what the user has now
   */
  public record Settled(int used, int left) {}

  private final Credits credits;
  private final Jobs jobs;

  public Reservations(Credits credits, Jobs jobs) {
    this.credits = credits;
    this.jobs = jobs;
  }

  /**
   * Takes credits for what is about to be asked.
   *
   * @param key of the idempotency record that opens with it
   * @param ref names the charge, uniquely
   * @param description for the history
   * @param within longer than asking and the work around it may take
   * @throws Refusal {@code INSUFFICIENT_CREDITS}
   */
  public void take(Tx tx, UUID key, String ref, int amount, String description, Duration within) {
    credits.spend(tx, amount, ref, description);
    jobs.enqueue(tx, SETTLE, ref, tx.now().plus(within), new Pending(key, amount));
  }

  /**
   * It was worth it.
   *
   * @return what the user has left
   */
  public int commit(Tx tx, String ref) {
    jobs.cancel(tx, SETTLE, ref);
    return credits.statement(tx).balance().total();
  }

  /** It was not. */
  public void release(Tx tx, String ref, int amount) {
    jobs.cancel(tx, SETTLE, ref);
    credits.refund(tx, ref, amount);
  }

  /**
   * It was worth something else: what was not used goes back; of what was used beyond it, no more
   * is taken than there is.
   *
   * @param reserved as it was taken
   * @param used what it has cost
   */
  public Settled settle(Tx tx, String ref, int reserved, int used, String description) {
    jobs.cancel(tx, SETTLE, ref);
    if (used < reserved) {
      return new Settled(used, credits.refund(tx, ref, reserved - used));
    }
    int available = credits.statement(tx).balance().total();
    int beyond = Math.min(used - reserved, available);
    return new Settled(
        reserved + beyond,
        beyond > 0 ? credits.spend(tx, beyond, ref + ":beyond", description) : available);
  }
}
