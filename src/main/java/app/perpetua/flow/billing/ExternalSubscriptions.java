package app.perpetua.flow.billing;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.billing.Order.Status;
import app.perpetua.flow.billing.PaymentApplication.Result;
import app.perpetua.flow.billing.Subscription.Paid;
import app.perpetua.flow.billing.Webhooks.Applied;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a subscription manager in front of the provider tells: it charges by itself, so its payments
 * have no order of ours until they are told of. Its events count in the order of their times; one
 * that others have overtaken changes nothing. Thread-safe.
 */
final class ExternalSubscriptions {
  private final BillingConfig config;
  private final Orders orders;
  private final Subscriptions subscriptions;
  private final PaymentApplication settlement;
  private final Ids ids;
  private final BillingMetrics metrics;

  ExternalSubscriptions(
      BillingConfig config,
      Orders orders,
      Subscriptions subscriptions,
      PaymentApplication settlement,
      Ids ids,
      BillingMetrics metrics) {
    this.config = config;
    this.orders = orders;
    this.subscriptions = subscriptions;
    this.settlement = settlement;
    this.ids = ids;
    this.metrics = metrics;
  }

  /**
   * The manager has renewed or cancelled.
   *
   * @param tx the system's
   */
  Applied apply(Tx tx, PaymentEvent event) {
    Optional<UUID> user = subscriber(tx, event);
    if (user.isEmpty()) {
      return new Applied(Result.UNMATCHED, null);
    }
    Optional<Orders.Located> known = orders.locate(tx, null, event.paymentId());
    Tx acting = tx.actingFor(user.get(), Actor.Source.SYSTEM);
    acting.lockOwner();
    Subscription found = subscriptions.find(acting).orElse(null);
    boolean late =
        found != null
            && found.lastEvent() != null
            && found.lastEvent().compareTo(event.order()) >= 0;
    if (late) {
      return new Applied(Result.OUTDATED, user.get());
    }
    Result result =
        event.kind() == PaymentEvent.Type.SUBSCRIPTION_RENEWED
            ? renewed(
                acting,
                found,
                event,
                known.flatMap(located -> orders.find(acting, located.order())))
            : cancelled(acting, found, event);
    return new Applied(result, user.get());
  }

  private static Optional<UUID> subscriber(Tx tx, PaymentEvent event) {
    record Match(UUID userId, boolean managed) {}
    return tx
        .sql("billing.locate_subscriber")
        .bind("managed_id", event.subscriptionId())
        .bind("named", event.userId())
        .list(row -> new Match(row.uuid("user_id"), row.bool("is_managed")))
        .stream()
        .max(Comparator.comparing(Match::managed))
        .map(Match::userId);
  }

  /**
   * @param known the order that the payment is known by, if it is
   */
  private Result renewed(
      Tx tx, @Nullable Subscription found, PaymentEvent event, Optional<Order> known) {
    if (!Objects.equals(event.amountCents(), config.proPriceCents())
        || !config.currency().equals(event.currency())) {
      metrics.payment(Payments.Kind.RENEWAL, "mismatched");
      return Result.MISMATCHED;
    }
    boolean over = found == null || found.status() == Subscription.Status.EXPIRED;
    Instant from = over ? tx.now() : Objects.requireNonNull(found).periodEnd();
    Order order =
        known
            .orElseGet(() -> attempt(tx, from))
            .after(Status.CAPTURED, event.order(), event.paymentId())
            .orElse(null);
    if (order == null || order.grantedAt() != null) {
      return Result.OUTDATED;
    }
    orders.store(tx, order.granted(tx.now()));
    metrics.payment(Payments.Kind.RENEWAL, Status.CAPTURED.wireName());
    Instant cancelled = found == null ? null : found.cancelledAt();
    boolean chosen = cancelled == null || !event.at().isBefore(cancelled);
    Paid paid = new Paid(event.paymentId(), event.instrumentId());
    subscriptions.paid(tx, found, paid, chosen, order.id(), event.order(), event.subscriptionId());
    return Result.APPLIED;
  }

  private Result cancelled(Tx tx, @Nullable Subscription found, PaymentEvent event) {
    if (found == null || found.status() == Subscription.Status.EXPIRED) {
      return found == null ? Result.UNMATCHED : Result.OUTDATED;
    }
    Subscription told = found.told(event.order(), event.subscriptionId());
    if (found.status() == Subscription.Status.CANCELLED) {
      subscriptions.store(tx, told);
    } else {
      subscriptions.cancel(tx, told);
    }
    return Result.APPLIED;
  }

  /**
   * A payment that we have no order for: one of the manager's, which is told of by a renewal if it
   * succeeds. One that fails counts here.
   *
   * @param tx the system's
   */
  Applied payment(Tx tx, PaymentEvent event) {
    boolean failure =
        switch (event.kind()) {
          case PAYMENT_DECLINED, PAYMENT_CAPTURE_DECLINED -> true;
          default -> false;
        };
    Optional<UUID> user = failure ? subscriber(tx, event) : Optional.empty();
    if (user.isEmpty()) {
      return new Applied(Result.UNMATCHED, null);
    }
    Tx acting = tx.actingFor(user.get(), Actor.Source.SYSTEM);
    acting.lockOwner();
    Optional<Subscription> found = subscriptions.find(acting);
    if (found.isEmpty()) {
      return new Applied(Result.UNMATCHED, user.get());
    }
    Order order = attempt(acting, found.get().periodEnd());
    settlement.settle(
        acting,
        order,
        order.after(Status.DECLINED, event.order(), event.paymentId()).orElseThrow(),
        null,
        event.order());
    return new Applied(Result.APPLIED, user.get());
  }

  private Order attempt(Tx tx, Instant from) {
    int attempts = orders.lastAttempt(tx, from).map(Order::attempt).orElse(0);
    return Order.renewal(
        ids.next(), config.proPriceCents(), config.currency(), from, attempts + 1, tx.now());
  }
}
