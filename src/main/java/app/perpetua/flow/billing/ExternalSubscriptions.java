package app.perpetua.flow.billing;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.billing.Order.Attempt;
import app.perpetua.flow.billing.Order.Status;
import app.perpetua.flow.billing.PaidMonths.Terms;
import app.perpetua.flow.billing.PaymentApplication.Result;
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
    if (event.kind() == PaymentEvent.Kind.SUBSCRIPTION_RENEWED
        && config.charges() != BillingConfig.Charges.EXTERNAL) {
      // Nobody but this service charges, so nobody was paid.
      return new Applied(Result.UNMATCHED, user.get());
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
    if (event.kind() != PaymentEvent.Kind.SUBSCRIPTION_RENEWED) {
      return new Applied(cancelled(acting, found, event), user.get());
    }
    return renewed(
        acting, found, event, known.flatMap(located -> orders.find(acting, located.orderId())));
  }

  /**
   * The user whose subscription or id the event names, if there is one.
   *
   * @param tx the system's
   */
  Optional<UUID> subscriber(Tx tx, PaymentEvent event) {
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
  private Applied renewed(
      Tx tx, @Nullable Subscription found, PaymentEvent event, Optional<Order> known) {
    if (!event.isAbout(config.proPrice())) {
      metrics.payment(Payments.Kind.RENEWAL, "mismatched");
      return new Applied(Result.MISMATCHED, tx.userId());
    }
    Instant periodStart =
        found == null || found.status() == Subscription.Status.EXPIRED
            ? tx.now()
            : found.period().end();
    Order order = known.orElseGet(() -> newAttempt(tx, periodStart));
    Instant cancelled = found == null ? null : found.cancelledAt();
    boolean resume = cancelled == null || !event.at().isBefore(cancelled);
    Result result =
        payments.moneyMoved(tx, order, event, new Terms(resume, event.subscriptionId()));
    return new Applied(result, tx.userId(), order.id());
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
        event.kind() == PaymentEvent.Kind.PAYMENT_DECLINED
            || event.kind() == PaymentEvent.Kind.PAYMENT_CAPTURE_DECLINED;
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
    payments.fail(
        acting,
        order,
        order.failed(Status.DECLINED, event.order(), event.paymentId()).orElseThrow());
    return new Applied(Result.APPLIED, user.get(), order.id());
  }

  private Order newAttempt(Tx tx, Instant periodStart) {
    Attempt next = Attempt.next(periodStart, orders.lastAttempt(tx, periodStart));
    return Order.renewal(ids.next(), config.proPrice(), next, tx.now());
  }
}
