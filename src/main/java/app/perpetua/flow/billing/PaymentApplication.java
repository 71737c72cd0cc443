package app.perpetua.flow.billing;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.billing.Order.Provision;
import app.perpetua.flow.billing.Order.Revocation;
import app.perpetua.flow.billing.Order.Status;
import app.perpetua.flow.billing.PaidMonths.Terms;
import app.perpetua.flow.billing.Payments.Kind;
import app.perpetua.flow.billing.Receipts.Receipt;
import app.perpetua.flow.billing.Subscription.Payment;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Applies the outcome of a payment to its order, and grants, revokes or gives back credits or Pro:
 * once, however often and in whichever order events arrive (promise 16). Thread-safe.
 */
final class PaymentApplication {
  /** The result of applying an event. */
  enum Result implements WireName {
    APPLIED,
    OUTDATED,
    /** A second payment of a paid order. */
    DUPLICATE,
    /** The event's type has no effect. */
    IGNORED,
    /** The event belongs to no order or user. */
    UNMATCHED,
    /** Amount or currency differ from the order's. */
    MISMATCHED
  }

  private static final System.Logger LOG = System.getLogger(PaymentApplication.class.getName());

  private final OrderStore orders;
  private final Subscriptions subscriptions;
  private final PaidMonths months;
  private final Credits credits;
  private final Json json;
  private final Events events;
  private final BillingMetrics metrics;

  PaymentApplication(
      OrderStore orders,
      Subscriptions subscriptions,
      PaidMonths months,
      Credits credits,
      Json json,
      Events events,
      BillingMetrics metrics) {
    this.orders = orders;
    this.subscriptions = subscriptions;
    this.months = months;
    this.credits = credits;
    this.json = json;
    this.events = events;
    this.metrics = metrics;
  }

  /**
   * Applies an event of the order's payment.
   *
   * @param tx acts for the order's user, whose row is locked
   */
  Result apply(Tx tx, Order order, PaymentEvent event) {
    if (event.kind().effect() != PaymentEvent.Effect.NONE) {
      return moneyMoved(tx, order, event, terms(tx, order));
    }
    Optional<Status> failure = failure(event);
    if (failure.isEmpty()) {
      return approved(tx, order, event);
    }
    Optional<Order> after = order.failed(failure.get(), event.order(), event.paymentId());
    after.ifPresent(failed -> fail(tx, order, failed));
    return after.isPresent() ? Result.APPLIED : Result.OUTDATED;
  }

  private static Optional<Status> failure(PaymentEvent event) {
    return switch (event.kind()) {
      case PAYMENT_DECLINED, PAYMENT_CAPTURE_DECLINED -> Optional.of(Status.DECLINED);
      case PAYMENT_VOIDED, PAYMENT_CANCELED -> Optional.of(Status.VOIDED);
      case PAYMENT_EXPIRED -> Optional.of(Status.EXPIRED);
      default -> Optional.empty();
    };
  }

  /** A renewal that was charged during the cancellation does not resume the subscription. */
  private Terms terms(Tx tx, Order order) {
    if (order.kind() != Kind.SUBSCRIPTION) {
      return new Terms(false, null);
    }
    Instant cancelled = subscriptions.find(tx).map(Subscription::cancelledAt).orElse(null);
    return new Terms(cancelled == null || !order.createdAt().isBefore(cancelled), null);
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
    if (instrument != null && order.provision() != null && order.kind() != Kind.CREDITS) {
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
   * Applies an event that moved money: the order's state follows from all of its receipts.
   *
   * @param terms of the month, if the order gets one
   */
  Result moneyMoved(Tx tx, Order order, PaymentEvent event, Terms terms) {
    Receipt receipt = Receipt.of(event);
    Receipts before = earlier(tx, order, receipt);
    if (before.repeats(receipt)) {
      return receipt.isCountable(order.price()) ? Result.OUTDATED : Result.MISMATCHED;
    }
    addEntry(tx, order, receipt);
    Receipts after = before.with(receipt);
    boolean duplicate = before.isSecondPayment(receipt);
    if (duplicate) {
      metrics.payment(order.kind(), "duplicate");
      events.emit(
          tx,
          new Event.PaymentDuplicated(
              order.id(),
              order.kind().wireName(),
              event.amount().cents(),
              event.amount().currency()));
      LOG.log(
          System.Logger.Level.WARNING,
          "a second payment of one order was captured",
          LogFields.of("order_id", order.id())
              .with("payment_id", event.paymentId())
              .with("user_id", tx.userId()));
    }
    Optional<Status> status = after.status(order.price());
    boolean changed =
        status.isPresent()
            && settle(
                tx,
                order,
                order.settled(
                    status.get(), event.order(), after.firstPayment(order.price()).orElse(null)),
                new Cause(event.order(), event.instrumentId(), terms));
    if (duplicate) {
      return Result.DUPLICATE;
    }
    if (!receipt.isCountable(order.price())) {
      metrics.payment(order.kind(), "mismatched");
      return Result.MISMATCHED;
    }
    return changed || event.kind().effect() != PaymentEvent.Effect.CAPTURE
        ? Result.APPLIED
        : Result.OUTDATED;
  }

  private Receipts earlier(Tx tx, Order order, Receipt receipt) {
    Receipts known = orders.receipts(tx, order.id());
    String payment = receipt.paymentId();
    if (receipt.isCapture() && payment != null) {
      for (Receipt adopted : orders.adopt(tx, order.id(), payment)) {
        addEntry(tx, order, adopted);
        known = known.with(adopted);
      }
    }
    return known;
  }

  /** Writes the activity entry of a refund or dispute, whatever follows from it. */
  private void addEntry(Tx tx, Order order, Receipt receipt) {
    String kind = order.kind().wireName();
    Integer cents = receipt.amount().cents();
    String currency = receipt.amount().currency();
    switch (receipt.type().effect()) {
      case REFUND -> events.emit(tx, new Event.PaymentRefunded(order.id(), kind, cents, currency));
      case DISPUTE_OPENED, DISPUTE_LOST, DISPUTE_CLOSED -> {
        String stage = receipt.type().wireName().substring("dispute_".length());
        events.emit(tx, new Event.PaymentDisputed(order.id(), kind, stage, cents, currency));
      }
      case CAPTURE, NONE -> {
        // Granting what was paid for has an entry of its own.
      }
    }
  }

  /** Applies a captured payment that a response of the provider reported. */
  void captured(Tx tx, Order order, String paymentId) {
    orders.recordCapture(tx, order, paymentId);
    settle(
        tx,
        order,
        order.withStatus(Status.CAPTURED, paymentId),
        new Cause(null, null, terms(tx, order)));
  }

  /** Stores a failed payment, and counts it if it was to renew the subscription. */
  void fail(Tx tx, Order before, Order after) {
    if (before.status() == Status.OPEN && after.renewal() != null) {
      subscriptions.paymentFailed(tx, after.renewal().periodStart());
    }
    store(tx, before, after);
  }

  /**
   * Why an order's state changes.
   *
   * @param event null for a response of the provider
   * @param instrument that paid; null if unknown
   */
  private record Cause(@Nullable EventOrder event, @Nullable String instrument, Terms terms) {}

  /**
   * Stores an order's new state, and gives, takes or returns what it is for.
   *
   * @return false if that changes nothing
   */
  private boolean settle(Tx tx, Order before, Order after, Cause cause) {
    boolean paid = after.status() == Status.CAPTURED;
    Provision provision = before.provision();
    Provision next = provision;
    if (provision == null && paid) {
      next = grant(tx, after, cause);
    } else if (provision != null && cause.event() != null) {
      if (paid && provision.revocation() != null) {
        next = restore(tx, after, cause.event());
      } else if (!paid && provision.revocation() == null) {
        next = revoke(tx, after, cause.event());
      }
    }
    store(tx, before, next == null ? after : after.provided(next));
    return before.status() != after.status() || !Objects.equals(next, provision);
  }

  private void store(Tx tx, Order before, Order after) {
    if (before.status() != after.status()) {
      metrics.payment(after.kind(), after.status().wireName());
    }
    orders.store(tx, after);
  }

  private Provision grant(Tx tx, Order order, Cause cause) {
    if (order.kind() == Kind.CREDITS) {
      credits.grantPurchased(tx, order.id(), Objects.requireNonNull(order.credits()));
      return new Provision(tx.now(), null, null);
    }
    String instrument =
        cause.instrument() == null ? approvedInstrument(tx, order.paymentId()) : cause.instrument();
    Payment payment = new Payment(order.paymentId(), instrument);
    return months.add(tx, order.id(), payment, cause.terms(), cause.event());
  }

  private Provision revoke(Tx tx, Order order, EventOrder event) {
    if (order.kind() == Kind.CREDITS) {
      credits.revokePurchased(tx, order.id());
      return Objects.requireNonNull(order.provision()).revoked(new Revocation(tx.now(), 0));
    }
    return months.revoke(tx, order, order.status().wireName(), event);
  }

  private Provision restore(Tx tx, Order order, EventOrder event) {
    if (order.kind() == Kind.CREDITS) {
      credits.restorePurchased(tx, order.id());
      return Objects.requireNonNull(order.provision()).revoked(null);
    }
    return months.restore(tx, order, event);
  }
}
