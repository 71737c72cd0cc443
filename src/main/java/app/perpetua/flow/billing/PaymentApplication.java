package app.perpetua.flow.billing;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.billing.Order.Status;
import app.perpetua.flow.billing.Payments.Kind;
import app.perpetua.flow.billing.Subscription.Paid;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What follows for an order, and for what it paid for, from what became of its payment: each effect
 * once, whatever is told how often and in which order (promise 16). Thread-safe.
 */
final class PaymentApplication {
  /** What an event turned out to be. */
  enum Result implements WireName {
    /** News. */
    APPLIED,
    /** Overtaken by others. */
    OUTDATED,
    /** Of a type that we only keep. */
    IGNORED,
    /** Nobody's. */
    UNMATCHED,
    /** Of another amount or currency than was ordered. */
    MISMATCHED
  }

  private final Orders orders;
  private final Subscriptions subscriptions;
  private final Credits credits;
  private final Json json;
  private final BillingMetrics metrics;

  PaymentApplication(
      Orders orders,
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
   * What the provider tells of the payment of that order.
   *
   * @param tx acts for the order's user, whose row is locked
   */
  Result apply(Tx tx, Order order, PaymentEvent event) {
    Optional<Status> told = status(event);
    if (told.isEmpty()) {
      return approved(tx, order, event);
    }
    if (told.get().isMoney() && !matches(order, event)) {
      metrics.payment(order.kind(), "mismatched");
      return Result.MISMATCHED;
    }
    Optional<Order> after = order.after(told.get(), event.order(), event.paymentId());
    if (after.isEmpty()) {
      return Result.OUTDATED;
    }
    String instrument = event.instrumentId();
    if (instrument == null
        && after.get().status() == Status.CAPTURED
        && order.kind() != Kind.CREDITS) {
      instrument = approvedInstrument(tx, after.get().paymentId());
    }
    settle(tx, order, after.get(), instrument, event.order());
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

  /** A part of the money is neither paid nor given back. */
  private static boolean matches(Order order, PaymentEvent event) {
    return Objects.equals(event.amountCents(), order.amountCents())
        && order.currency().equals(event.currency());
  }

  /** Grants nothing, but tells the payment and what it is made with. */
  private Result approved(Tx tx, Order order, PaymentEvent event) {
    String payment = event.paymentId();
    if (payment == null) {
      return Result.OUTDATED;
    }
    if (order.status() == Status.OPEN && order.paymentId() == null) {
      orders.store(tx, order.paidBy(payment));
      return Result.APPLIED;
    }
    String instrument = event.instrumentId();
    if (instrument != null && order.grantedAt() != null && order.kind() != Kind.CREDITS) {
      Optional<Subscription> without =
          subscriptions
              .find(tx)
              .filter(found -> payment.equals(found.lastPaymentId()))
              .filter(found -> !instrument.equals(found.instrumentId()));
      without.ifPresent(found -> subscriptions.store(tx, found.paidWith(instrument)));
      return without.isPresent() ? Result.APPLIED : Result.OUTDATED;
    }
    return Result.OUTDATED;
  }

  /** The provider need not repeat with the capture what it said with the approval. */
  private @Nullable String approvedInstrument(Tx tx, @Nullable String paymentId) {
    if (paymentId == null) {
      return null;
    }
    record Stored(byte[] body, Instant receivedAt) {}
    return tx
        .sql("billing.find_approvals")
        .list(
            row ->
                new Stored(
                    Objects.requireNonNullElse(row.bytesOrNull("body"), new byte[0]),
                    row.instant("received_at")))
        .stream()
        .map(stored -> PaymentEvent.parse(json, stored.body(), stored.receivedAt()))
        .filter(approval -> paymentId.equals(approval.paymentId()))
        .map(PaymentEvent::instrumentId)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  /**
   * Stores what became of an order, and does what follows.
   *
   * @param before as it was read under the lock
   * @param instrument what it was paid with; null if unknown
   * @param told the event that says so; null if we have asked
   */
  void settle(
      Tx tx, Order before, Order after, @Nullable String instrument, @Nullable EventOrder told) {
    Order stored = after;
    if (after.status() == Status.CAPTURED && before.grantedAt() == null) {
      stored = after.granted(tx.now());
      grant(tx, stored, instrument, told);
    } else if (after.status().isFailure() && before.status() == Status.OPEN) {
      if (after.kind() == Kind.RENEWAL && after.periodStart() != null) {
        subscriptions.failed(tx, after.periodStart());
      }
    } else if (before.status() == Status.CAPTURED && after.status() != Status.CAPTURED) {
      revoke(tx, after, Objects.requireNonNull(told));
    }
    if (before.status() != after.status()) {
      metrics.payment(after.kind(), after.status().wireName());
    }
    orders.store(tx, stored);
  }

  private void grant(Tx tx, Order order, @Nullable String instrument, @Nullable EventOrder told) {
    if (order.kind() == Kind.CREDITS) {
      credits.grantPurchased(tx, order.id(), Objects.requireNonNull(order.credits()));
      return;
    }
    Subscription found = subscriptions.find(tx).orElse(null);
    Instant cancelled = found == null ? null : found.cancelledAt();
    // A charge of ours that was under way says nothing of what the user wants by now.
    boolean chosen =
        order.kind() == Kind.SUBSCRIPTION
            && (cancelled == null || !order.createdAt().isBefore(cancelled));
    Paid paid = new Paid(order.paymentId(), instrument);
    subscriptions.paid(tx, found, paid, chosen, order.id(), told, null);
  }

  private void revoke(Tx tx, Order order, EventOrder told) {
    if (order.kind() == Kind.CREDITS) {
      credits.revokePurchased(tx, order.id());
    } else {
      subscriptions.returned(tx, order.paymentId(), order.status().wireName(), told);
    }
  }
}
