package app.perpetua.flow.credits;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.BiPredicate;

/**
 * Gives back what was taken for a request whose process died before it could settle it, and frees
 * its idempotency key (promise 17). Whoever comes second, this or the settlement, does nothing.
 * Thread-safe.
 */
public final class ReservationSettleJob implements TransactionalHandler {
  private final Credits credits;
  private final BiPredicate<Tx, UUID> release;
  private final Json json;

  /**
   * @param release frees an open key; false if it is not open any more
   */
  public ReservationSettleJob(Credits credits, BiPredicate<Tx, UUID> release, Json json) {
    this.credits = credits;
    this.release = release;
    this.json = json;
  }

  @Override
  public Next run(Tx tx, Job job) {
    Reservations.Pending pending = json.read(job.payload(), Reservations.Pending.class);
    if (release.test(tx, pending.key())) {
      credits.refund(tx, job.key(), pending.amount());
    }
    return new Next.Done();
  }
}
