package app.perpetua.flow.billing;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.billing.Order.Attempt;
import app.perpetua.flow.billing.Order.Status;
import app.perpetua.flow.billing.PaymentApplication.Result;
import app.perpetua.flow.billing.Subscription.Payment;
import app.perpetua.flow.billing.Webhooks.Applied;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Applies the events of a subscription manager in front of the provider. The manager charges, so an
 * order is created when an event reports its payment. Events that are older than the subscription's
 * last one change nothing. Thread-safe.
 */
final class ExternalSubscriptions {
  private final BillingConfig config;
  private final OrderStore orders;
  private final Subscriptions subscriptions;
  private final PaymentApplication payments;
  private final Ids ids;
  private final BillingMetrics metrics;

  ExternalSubscriptions(
      BillingConfig config,
      OrderStore orders,
      Subscriptions subscriptions,
      PaymentApplication payments,
      Ids ids,
      BillingMetrics metrics) {
    this.config = config;
    this.orders = orders;
    this.subscriptions = subscriptions;
    this.payments = payments;
    this.ids = ids;
    this.metrics = metrics;
  }

  /**
   * Applies a renewal or cancellation.
   *
   * @param tx the system's
   */
  Applied apply(Tx tx, PaymentEvent event) {
    Optional<UUID> user = subscriber(tx, event);
    if (user.isEmpty()) {
      return new Applied(Result.UNMATCHED, null);
    }
    Optional<OrderStore.Located> known = orders.locate(tx, null, event.paymentId());
    Tx acting = tx.actingFor(user.get(), Actor.Source.SYSTEM);
    acting.lockOwner();
    Subscription found = subscriptions.find(acting).orElse(null);
    if (found != null
        && found.lastEvent() != null
        && found.lastEvent().compareTo(event.order()) >= 0) {
      return new Applied(Result.OUTDATED, user.get());
    }
    Result result =
        event.kind() == PaymentEvent.Type.SUBSCRIPTION_RENEWED
            ? renewed(
                acting,
                found,
                event,
                known.flatMap(located -> orders.find(acting, located.orderId())))
            : cancelled(acting, found, event);
    return new Applied(result, user.get());
  }

  private static Optional<UUID> subscriber(Tx tx, PaymentEvent event) {
    record Match(UUID userId, boolean bySubscription) {}
    return tx
        .sql("billing.locate_subscriber")
        .bind("managed_id", event.subscriptionId())
        .bind("named", event.userId())
        .list(row -> new Match(row.uuid("user_id"), row.bool("is_managed")))
        .stream()
        .max(Comparator.comparing(Match::bySubscription))
        .map(Match::userId);
  }

  /**
   * @param known the payment's order, if it has one
   */
  private Result renewed(
      Tx tx, @Nullable Subscription found, PaymentEvent event, Optional<Order> known) {
    if (!event.isAbout(config.proPrice())) {
      metrics.payment(Payments.Kind.RENEWAL, "mismatched");
      return Result.MISMATCHED;
    }
    Instant periodStart =
        found == null || found.status() == Subscription.Status.EXPIRED
            ? tx.now()
            : found.period().end();
    Order order =
        known
            .orElseGet(() -> newAttempt(tx, periodStart))
            .apply(Status.CAPTURED, event.order(), event.paymentId())
            .orElse(null);
    if (order == null || order.grantedAt() != null) {
      return Result.OUTDATED;
    }
    orders.store(tx, order.granted(tx.now()));
    metrics.payment(Payments.Kind.RENEWAL, Status.CAPTURED.wireName());
    Instant cancelled = found == null ? null : found.cancelledAt();
    boolean resume = cancelled == null || !event.at().isBefore(cancelled);
    Payment payment = new Payment(event.paymentId(), event.instrumentId());
    subscriptions.paid(
        tx, found, payment, resume, order.id(), event.order(), event.subscriptionId());
    return Result.APPLIED;
  }

  private Result cancelled(Tx tx, @Nullable Subscription found, PaymentEvent event) {
    if (found == null || found.status() == Subscription.Status.EXPIRED) {
      return found == null ? Result.UNMATCHED : Result.OUTDATED;
    }
    Subscription updated = found.withEvent(event.order(), event.subscriptionId());
    if (found.status() == Subscription.Status.CANCELLED) {
      subscriptions.store(tx, updated);
    } else {
      subscriptions.cancel(tx, updated);
    }
    return Result.APPLIED;
  }

  /**
   * Applies a failed payment without an order. Successful ones are reported by renewals.
   *
   * @param tx the system's
   */
  Applied payment(Tx tx, PaymentEvent event) {
    boolean isFailure =
        event.kind() == PaymentEvent.Type.PAYMENT_DECLINED
            || event.kind() == PaymentEvent.Type.PAYMENT_CAPTURE_DECLINED;
    Optional<UUID> user = isFailure ? subscriber(tx, event) : Optional.empty();
    if (user.isEmpty()) {
      return new Applied(Result.UNMATCHED, null);
    }
    Tx acting = tx.actingFor(user.get(), Actor.Source.SYSTEM);
    acting.lockOwner();
    Optional<Subscription> found = subscriptions.find(acting);
    if (found.isEmpty()) {
      return new Applied(Result.UNMATCHED, user.get());
    }
    Order order = newAttempt(acting, found.get().period().end());
    payments.transition(
        acting,
        order,
        order.apply(Status.DECLINED, event.order(), event.paymentId()).orElseThrow(),
        null,
        event.order());
    return new Applied(Result.APPLIED, user.get());
  }

  private Order newAttempt(Tx tx, Instant periodStart) {
    Attempt next = Attempt.next(periodStart, orders.lastAttempt(tx, periodStart));
    return Order.renewal(ids.next(), config.proPrice(), next, tx.now());
  }
}
