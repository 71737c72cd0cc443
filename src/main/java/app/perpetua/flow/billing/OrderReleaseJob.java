package app.perpetua.flow.billing;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.BiPredicate;

/**
 * Voids an order whose process died before it had a payment page, and releases the request's
 * idempotency key. Thread-safe.
 */
final class OrderReleaseJob implements TransactionalHandler {
  static final String KIND = "order_release";

  record Payload(UUID key) {}

  private final OrderStore orders;
  private final BiPredicate<Tx, UUID> releaseKey;
  private final Json json;

  /**
   * @param releaseKey releases an open idempotency key; returns false if it is not open
   */
  OrderReleaseJob(OrderStore orders, BiPredicate<Tx, UUID> releaseKey, Json json) {
    this.orders = orders;
    this.releaseKey = releaseKey;
    this.json = json;
  }

  @Override
  public Next run(Tx tx, Job job) {
    if (releaseKey.test(tx, json.read(job.payload(), Payload.class).key())) {
      orders
          .find(tx, UUID.fromString(job.key()))
          .filter(order -> order.status() == Order.Status.OPEN)
          .ifPresent(order -> orders.store(tx, order.withStatus(Order.Status.VOIDED, null)));
    }
    return new Next.Done();
  }
}
