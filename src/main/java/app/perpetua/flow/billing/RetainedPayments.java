package app.perpetua.flow.billing;

import app.perpetua.flow.billing.PaymentApplication.Result;
import app.perpetua.flow.billing.Receipts.Receipt;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.UUID;

/**
 * Payment records that outlive their account (FR-078): ids of the provider, the order's id, amount,
 * currency, times, kind and state, without a user. Deletes them when the time for which the law of
 * bookkeeping requires them is over. All transactions are the system's. Thread-safe.
 */
final class RetainedPayments {
  /**
   * How long bodies, events of no order and unpaid orders are kept. The provider repeats an event
   * for about 30 hours.
   */
  private static final Duration DIAGNOSIS = Duration.ofDays(90);

  private final int years;

  /**
   * @param years calendar years after the one of the last change
   */
  RetainedPayments(int years) {
    this.years = years;
  }

  /**
   * Records an event of an order whose account was deleted; there is nobody to grant to or to take
   * from.
   *
   * @return {@code UNMATCHED} for a payment that arrived after the deletion: it is to be refunded
   */
  Result apply(Tx tx, UUID orderId, PaymentEvent event) {
    Optional<Order> found =
        tx.sql("billing.find_retained_order").bind("id", orderId).one(Order::of);
    if (found.isEmpty()) {
      return Result.UNMATCHED;
    }
    Order order = found.get();
    Receipts before =
        new Receipts(
            tx.sql("billing.list_retained_receipts").bind("id", orderId).list(Receipt::of).stream()
                .filter(receipt -> receipt.type().effect() != PaymentEvent.Effect.NONE)
                .toList());
    Receipt receipt = Receipt.of(event);
    if (receipt.type().effect() == PaymentEvent.Effect.NONE || before.repeats(receipt)) {
      return Result.OUTDATED;
    }
    Receipts after = before.with(receipt);
    after
        .status(order.price())
        .map(
            status ->
                order.settled(
                    status, event.order(), after.firstPayment(order.price()).orElse(null)))
        .ifPresent(settled -> store(tx, settled));
    if (receipt.isCapture()) {
      return Result.UNMATCHED;
    }
    return receipt.isCountable(order.price()) ? Result.APPLIED : Result.MISMATCHED;
  }

  private static void store(Tx tx, Order order) {
    EventOrder event = order.lastEvent();
    tx.sql("billing.update_retained_order")
        .bind("id", order.id())
        .bind("status", order.status())
        .bind("payment_id", order.paymentId())
        .bind("last_event_at", event == null ? null : event.at())
        .bind("last_event_rank", event == null ? null : event.rank())
        .bind("last_event_id", event == null ? null : event.id())
        .atCommit();
  }

  /** Deletes up to {@code batch} events that belong to no order; returns their number. */
  int deleteEvents(Tx tx, int batch) {
    return tx.sql("billing.delete_old_events")
        .bind("horizon", tx.now().minus(DIAGNOSIS))
        .bind("count", batch)
        .run();
  }

  /** Reduces up to {@code batch} events of orders to what the books need; returns their number. */
  int reduceEvents(Tx tx, int batch) {
    return tx.sql("billing.reduce_old_events")
        .bind("horizon", tx.now().minus(DIAGNOSIS))
        .bind("count", batch)
        .run();
  }

  /** Deletes up to {@code batch} unpaid orders of deleted accounts; returns their number. */
  int deleteUnpaid(Tx tx, int batch) {
    return tx.sql("billing.delete_retained_unpaid")
        .bind("horizon", tx.now().minus(DIAGNOSIS))
        .bind("count", batch)
        .run();
  }

  /** Deletes up to {@code batch} paid orders whose years are over; returns their number. */
  int deletePaid(Tx tx, int batch) {
    Instant thisYear =
        Subscription.day(tx.now()).withDayOfYear(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    return tx.sql("billing.delete_retained")
        .bind("horizon", thisYear.atOffset(ZoneOffset.UTC).minusYears(years).toInstant())
        .bind("count", batch)
        .run();
  }
}
