package app.perpetua.flow.credits;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.BiPredicate;

/**
 * Releases the credits and the idempotency key of a request whose process died before it completed.
 * Does nothing if the request completed (promise 17). Thread-safe.
 */
final class ReservationReleaseJob implements TransactionalHandler {
  private final Credits credits;
  private final BiPredicate<Tx, UUID> release;
  private final Json json;

  /**
   * @param release releases a key; false if its request completed
   */
  ReservationReleaseJob(Credits credits, BiPredicate<Tx, UUID> release, Json json) {
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
