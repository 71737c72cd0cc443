package app.perpetua.flow.billing;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.billing.Order.Status;
import app.perpetua.flow.billing.Payments.Kind;
import app.perpetua.flow.billing.Subscription.Payment;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Applies the outcome of a payment to its order, and grants or revokes credits or Pro: once,
 * however often and in whichever order events arrive (promise 16). Thread-safe.
 */
final class PaymentApplication {
  /** The result of applying an event. */
  enum Result implements WireName {
    APPLIED,
    OUTDATED,
    /** The event's type has no effect. */
    IGNORED,
    /** The event belongs to no order or user. */
    UNMATCHED,
    /** Amount or currency differ from the order's. */
    MISMATCHED
  }

  private final OrderStore orders;
  private final Subscriptions subscriptions;
  private final Credits credits;
  private final Json json;
  private final BillingMetrics metrics;

  PaymentApplication(
      OrderStore orders,
      Subscriptions subscriptions,
      Credits credits,
      Json json,
      BillingMetrics metrics) {
    this.orders = orders;
    this.subscriptions = subscriptions;
    this.credits = credits;
    this.json = json;
    this.metrics = metrics;
  }

  /**
   * Applies an event of the order's payment.
   *
   * @param tx acts for the order's user, whose row is locked
   */
  Result apply(Tx tx, Order order, PaymentEvent event) {
    Optional<Status> status = status(event);
    if (status.isEmpty()) {
      return approved(tx, order, event);
    }
    if (status.get().hasMovedMoney() && !event.isAbout(order.price())) {
      metrics.payment(order.kind(), "mismatched");
      return Result.MISMATCHED;
    }
    Optional<Order> after = order.apply(status.get(), event.order(), event.paymentId());
    if (after.isEmpty()) {
      return Result.OUTDATED;
    }
    String instrument = event.instrumentId();
    if (instrument == null
        && after.get().status() == Status.CAPTURED
        && order.kind() != Kind.CREDITS) {
      instrument = approvedInstrument(tx, after.get().paymentId());
    }
    transition(tx, order, after.get(), instrument, event.order());
    return Result.APPLIED;
  }

  private static Optional<Status> status(PaymentEvent event) {
    return switch (event.kind()) {
      case PAYMENT_CAPTURED -> Optional.of(Status.CAPTURED);
      case PAYMENT_DECLINED, PAYMENT_CAPTURE_DECLINED -> Optional.of(Status.DECLINED);
      case PAYMENT_VOIDED, PAYMENT_CANCELED -> Optional.of(Status.VOIDED);
      case PAYMENT_EXPIRED -> Optional.of(Status.EXPIRED);
      case PAYMENT_REFUNDED -> Optional.of(Status.REFUNDED);
      case DISPUTE_RECEIVED -> Optional.of(Status.DISPUTED);
      default -> Optional.empty();
    };
  }

  /** An approval grants nothing, but has the payment's id and instrument. */
  private Result approved(Tx tx, Order order, PaymentEvent event) {
    String payment = event.paymentId();
    if (payment == null) {
      return Result.OUTDATED;
    }
    if (order.status() == Status.OPEN && order.paymentId() == null) {
      orders.store(tx, order.withPayment(payment));
      return Result.APPLIED;
    }
    String instrument = event.instrumentId();
    if (instrument != null && order.grantedAt() != null && order.kind() != Kind.CREDITS) {
      Optional<Subscription> outdated =
          subscriptions
              .find(tx)
              .filter(found -> payment.equals(found.payment().id()))
              .filter(found -> !instrument.equals(found.payment().instrumentId()));
      outdated.ifPresent(found -> subscriptions.store(tx, found.withInstrument(instrument)));
      return outdated.isPresent() ? Result.APPLIED : Result.OUTDATED;
    }
    return Result.OUTDATED;
  }

  /** The approval's instrument, because the capture's event may lack it. */
  private @Nullable String approvedInstrument(Tx tx, @Nullable String paymentId) {
    if (paymentId == null) {
      return null;
    }
    return tx.sql("billing.find_approvals").list(row -> PaymentEvent.of(row, json)).stream()
        .filter(approval -> paymentId.equals(approval.paymentId()))
        .map(PaymentEvent::instrumentId)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  /**
   * Stores an order's new state, with its effects.
   *
   * @param before as read under the lock
   * @param instrument that paid; null if unknown
   * @param event the cause; null for a response of the provider
   */
  void transition(
      Tx tx, Order before, Order after, @Nullable String instrument, @Nullable EventOrder event) {
    Order stored = after;
    if (after.status() == Status.CAPTURED && before.grantedAt() == null) {
      stored = after.granted(tx.now());
      grant(tx, stored, instrument, event);
    } else if (after.status().isFailure() && before.status() == Status.OPEN) {
      if (after.renewal() != null) {
        subscriptions.paymentFailed(tx, after.renewal().periodStart());
      }
    } else if (before.status() == Status.CAPTURED && after.status() != Status.CAPTURED) {
      revoke(tx, after, Objects.requireNonNull(event));
    }
    if (before.status() != after.status()) {
      metrics.payment(after.kind(), after.status().wireName());
    }
    orders.store(tx, stored);
  }

  private void grant(Tx tx, Order order, @Nullable String instrument, @Nullable EventOrder event) {
    if (order.kind() == Kind.CREDITS) {
      credits.grantPurchased(tx, order.id(), Objects.requireNonNull(order.credits()));
      return;
    }
    Subscription found = subscriptions.find(tx).orElse(null);
    Instant cancelled = found == null ? null : found.cancelledAt();
    // A renewal that was charged during the cancellation does not resume the subscription.
    boolean resume =
        order.kind() == Kind.SUBSCRIPTION
            && (cancelled == null || !order.createdAt().isBefore(cancelled));
    Payment payment = new Payment(order.paymentId(), instrument);
    subscriptions.paid(tx, found, payment, resume, order.id(), event, null);
  }

  private void revoke(Tx tx, Order order, EventOrder event) {
    if (order.kind() == Kind.CREDITS) {
      credits.revokePurchased(tx, order.id());
    } else {
      subscriptions.moneyReturned(tx, order.paymentId(), order.status().wireName(), event);
    }
  }
}
