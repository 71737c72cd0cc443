package app.perpetua.flow.billing;

import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Keeps orders. Thread-safe. */
final class Orders {
  /** A provider that has not answered by then never will: its deadline is a fraction of this. */
  private static final Duration TIMEOUT = Duration.ofMinutes(1);

  private final Jobs jobs;

  Orders(Jobs jobs) {
    this.jobs = jobs;
  }

  /** Whose order it is. */
  record Located(UUID userId, UUID order) {}

  /**
   * Finds out whose order a payment belongs to.
   *
   * @param tx the system's
   * @param reference ours, as the provider repeats it; outweighs the payment
   */
  Optional<Located> locate(Tx tx, @Nullable UUID reference, @Nullable String paymentId) {
    record Match(Located located, boolean named) {}
    return tx
        .sql("billing.locate_order")
        .bind("reference", reference)
        .bind("payment_id", paymentId)
        .list(
            row ->
                new Match(new Located(row.uuid("user_id"), row.uuid("id")), row.bool("is_named")))
        .stream()
        .max(Comparator.comparing(Match::named))
        .map(Match::located);
  }

  /** The acting user's order, for whoever holds the lock. */
  Optional<Order> find(Tx tx, UUID id) {
    return tx.sql("billing.find_order").bind("id", id).one(Order::of);
  }

  /** The last attempt at that month, for whoever holds the lock. */
  Optional<Order> lastAttempt(Tx tx, Instant periodStart) {
    return tx.sql("billing.find_last_attempt").bind("period_start", periodStart).one(Order::of);
  }

  /** Stores it as it is now, new or not. */
  void store(Tx tx, Order order) {
    EventOrder event = order.decidedBy();
    tx.sql("billing.store_order")
        .bind("id", order.id())
        .bind("kind", order.kind())
        .bind("credits", order.credits())
        .bind("amount_cents", order.amountCents())
        .bind("currency", order.currency())
        .bind("status", order.status())
        .bind("payment_id", order.paymentId())
        .bind("period_start", order.periodStart())
        .bind("attempt", order.attempt())
        .bind("last_event_at", event == null ? null : event.at())
        .bind("last_event_rank", event == null ? null : event.rank())
        .bind("last_event_id", event == null ? null : event.id())
        .bind("granted_at", order.grantedAt())
        .bind("created_at", order.createdAt())
        .atCommit();
  }

  /**
   * Stores an order for which a page is going to be asked for, and a job in case nobody comes back.
   *
   * @param key the request's, open meanwhile
   */
  void reserve(Tx tx, Order order, UUID key) {
    store(tx, order);
    jobs.enqueue(
        tx,
        OrderReleaseJob.KIND,
        order.id().toString(),
        tx.now().plus(TIMEOUT),
        new OrderReleaseJob.Payload(key));
  }

  /** Notes the page on which it can be paid. */
  void opened(Tx tx, Order order, String sessionId) {
    tx.sql("billing.open_order").bind("id", order.id()).bind("session_id", sessionId).atCommit();
    jobs.cancel(tx, OrderReleaseJob.KIND, order.id().toString());
  }

  /** There is no page, so nobody can pay. */
  void voided(Tx tx, Order order) {
    store(tx, order.found(Order.Status.VOIDED, null));
    jobs.cancel(tx, OrderReleaseJob.KIND, order.id().toString());
  }
}
