package app.perpetua.flow.credits;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.jobs.Handler;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;

/**
 * Credits taken before another company is asked, and settled by what came of it. One job per
 * reservation gives back what a process that ended in between has left. Thread-safe.
 */
public final class Reservations implements Handler {
  /** The kind of the job; its key is what the charge is named by. */
  public static final String SETTLE = "reservation_settle";

  /** Longer than any call, and the work around it, may take. */
  private static final Duration ABANDONED = Duration.ofSeconds(90);

  private record Reserved(int amount) {}

  private final Credits credits;
  private final Jobs jobs;
  private final Json json;

  /** Over these credits. */
  public Reservations(Credits credits, Jobs jobs, Json json) {
    this.credits = credits;
    this.jobs = jobs;
    this.json = json;
  }

  /**
   * Takes credits for a call that is about to be made.
   *
   * @param ref names the charge, uniquely
   * @throws Refusal {@code INSUFFICIENT_CREDITS}
   */
  public void reserve(Tx tx, int amount, String ref, String description) {
    credits.spend(tx, amount, ref, description);
    jobs.enqueue(tx, SETTLE, ref, tx.now().plus(ABANDONED), new Reserved(amount));
  }

  /**
   * Settles a reservation: what was not used goes back; of what was used beyond it, no more is
   * taken than there is.
   *
   * @param reserved as it was reserved
   * @param used what the call cost, 0 for nothing
   * @return what the call has cost in the end, and what is left
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

  /**
   * What a call has cost.
   *
   * @param left what its user has now
   */
  public record Settled(int used, int left) {}

  /** Its process is gone: everything goes back. */
  @Override
  public Next run(Tx tx, Job job) {
    credits.refund(tx, job.key(), json.read(job.payload(), Reserved.class).amount());
    return new Next.Done();
  }
}
