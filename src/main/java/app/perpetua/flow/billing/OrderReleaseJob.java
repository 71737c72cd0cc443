package app.perpetua.flow.billing;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.BiPredicate;

/**
 * Gives up an order whose request died while it asked for a page: nobody was sent there, and the
 * request's key is free again. Thread-safe.
 */
public final class OrderReleaseJob implements TransactionalHandler {
  /** The job's kind. */
  public static final String KIND = "order_release";

  /** What the job is enqueued with. */
  record Payload(UUID key) {}

  private final Orders orders;
  private final BiPredicate<Tx, UUID> release;
  private final Json json;

  /**
   * @param release frees an open key; false if it is not open any more
   */
  public OrderReleaseJob(Billing billing, BiPredicate<Tx, UUID> release, Json json) {
    this.orders = billing.orders();
    this.release = release;
    this.json = json;
  }

  @Override
  public Next run(Tx tx, Job job) {
    if (release.test(tx, json.read(job.payload(), Payload.class).key())) {
      orders
          .find(tx, UUID.fromString(job.key()))
          .filter(order -> order.status() == Order.Status.OPEN)
          .ifPresent(order -> orders.store(tx, order.found(Order.Status.VOIDED, null)));
    }
    return new Next.Done();
  }
}
