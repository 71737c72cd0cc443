package app.perpetua.flow.billing;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.billing.BillingConfig.Charges;
import app.perpetua.flow.billing.Order.Status;
import app.perpetua.flow.billing.Payments.Outcome;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.jobs.TwoPhaseHandler;
import app.perpetua.flow.notifications.Notification;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * What a day has in store for one subscription: it ends if its time is up, its user is warned, or
 * the next month is charged, where that is left to us. One attempt a day, each under an idempotency
 * key of its own; an attempt of which nobody knows what became is repeated under the same key, and
 * no other begins before that is known. Thread-safe.
 */
public final class RenewalJob implements TwoPhaseHandler<RenewalJob.Asking, Outcome> {
  /** The job's kind. */
  public static final String KIND = "subscription_move";

  /**
   * What is asked.
   *
   * @param order the attempt
   * @param paymentId to look at, if it is known already
   * @param charge to make, if not
   */
  public record Asking(UUID order, Optional<String> paymentId, Payments.Charge charge) {}

  private static final System.Logger LOG = System.getLogger(RenewalJob.class.getName());

  private final BillingConfig config;
  private final Optional<Payments> payments;
  private final Orders orders;
  private final Subscriptions subscriptions;
  private final PaymentApplication settlement;
  private final Notifications notifications;
  private final Ids ids;
  private final BillingMetrics metrics;

  RenewalJob(
      BillingConfig config,
      Optional<Payments> payments,
      Orders orders,
      Subscriptions subscriptions,
      PaymentApplication settlement,
      Notifications notifications,
      Ids ids,
      BillingMetrics metrics) {
    this.config = config;
    this.payments = payments;
    this.orders = orders;
    this.subscriptions = subscriptions;
    this.settlement = settlement;
    this.notifications = notifications;
    this.ids = ids;
    this.metrics = metrics;
  }

  @Override
  public Prepared<Asking> reserve(Tx tx, Job job) {
    Subscription found = subscriptions.find(tx).orElse(null);
    if (found == null) {
      return Prepared.done();
    }
    return switch (found.status()) {
      case EXPIRED -> Prepared.done();
      case CANCELLED -> {
        if (!tx.now().isBefore(found.periodEnd())) {
          subscriptions.end(tx, found, "cancelled");
        }
        yield Prepared.done();
      }
      case GRACE -> {
        grace(tx, found, Objects.requireNonNull(found.graceEnd()));
        yield Prepared.done();
      }
      case ACTIVE, PAST_DUE -> due(tx, found);
    };
  }

  private void grace(Tx tx, Subscription found, Instant end) {
    if (!tx.now().isBefore(end)) {
      subscriptions.end(tx, found, "unpaid");
    } else if (found.graceWarnedAt() == null && !day(end).isAfter(day(tx.now()).plusDays(1))) {
      notifications.add(
          tx,
          Notification.Type.SUBSCRIPTION,
          "Pro is about to end",
          "Your payment is still missing. Pro ends on " + SubscriptionListener.day(end) + ".",
          SubscriptionListener.WHERE,
          null,
          "grace:" + end,
          false);
      subscriptions.store(tx, found.warned(tx.now()));
    }
  }

  private Prepared<Asking> due(Tx tx, Subscription found) {
    if (!found.isDue(tx.now()) || config.charges() != Charges.OWN) {
      return Prepared.done();
    }
    if (payments.isEmpty()) {
      LOG.log(System.Logger.Level.WARNING, "a month is due, but payments are not configured");
      return Prepared.done();
    }
    Order last = orders.lastAttempt(tx, found.periodEnd()).orElse(null);
    if (last != null && last.status() == Status.OPEN) {
      return asking(last, found, tx);
    }
    if (last != null && !day(last.createdAt()).isBefore(day(tx.now()))) {
      return Prepared.done();
    }
    int attempt = last == null ? 1 : Objects.requireNonNullElse(last.attempt(), 0) + 1;
    Order next =
        Order.renewal(
            ids.next(),
            config.proPriceCents(),
            config.currency(),
            found.periodEnd(),
            attempt,
            tx.now());
    if (found.instrumentId() == null) {
      settlement.settle(tx, next, next.found(Status.DECLINED, null), null, null);
      return Prepared.done();
    }
    orders.store(tx, next);
    return asking(next, found, tx);
  }

  private static Prepared<Asking> asking(Order order, Subscription found, Tx tx) {
    String key =
        found.id() + ":" + day(Objects.requireNonNull(order.periodStart())) + ":" + order.attempt();
    return new Prepared.Call<>(
        new Asking(
            order.id(),
            Optional.ofNullable(order.paymentId()),
            new Payments.Charge(
                key,
                order.id(),
                tx.userId(),
                order.amountCents(),
                order.currency(),
                Objects.requireNonNullElse(found.instrumentId(), ""),
                found.lastPaymentId())));
  }

  @Override
  public Outcome call(Asking asking) throws InterruptedException {
    Payments provider = payments.orElseThrow();
    return asking.paymentId().isPresent()
        ? provider.look(asking.paymentId().get())
        : provider.charge(asking.charge());
  }

  @Override
  public TransactionalHandler.Next settle(Tx tx, Job job, Asking asking, Outcome outcome) {
    Order order = orders.find(tx, asking.order()).orElse(null);
    if (order == null || order.status() != Status.OPEN) {
      // A webhook was faster.
      return new TransactionalHandler.Next.Done();
    }
    switch (outcome) {
      case Outcome.Captured(String payment) ->
          settlement.settle(tx, order, order.found(Status.CAPTURED, payment), null, null);
      case Outcome.Pending(String payment) -> {
        if (order.paymentId() == null) {
          orders.store(tx, order.paidBy(payment));
        }
      }
      case Outcome.Declined(Optional<String> payment, String code) -> {
        LOG.log(
            System.Logger.Level.INFO,
            "a charge was declined",
            LogFields.of("order_id", order.id()).with("response_code", code));
        settlement.settle(
            tx, order, order.found(Status.DECLINED, payment.orElse(null)), null, null);
      }
      case Outcome.Unknown(String why) -> {
        return unknown(job, order, why);
      }
    }
    return new TransactionalHandler.Next.Done();
  }

  /** The attempt stays open: tomorrow it is this one that is asked about, not another. */
  private TransactionalHandler.Next unknown(Job job, Order order, String why) {
    metrics.payment(order.kind(), "unknown");
    if (!job.isLastAttempt()) {
      return new TransactionalHandler.Next.Retry(Duration.ZERO, why);
    }
    LOG.log(
        System.Logger.Level.WARNING,
        "nobody knows what became of a charge: " + why,
        LogFields.of("order_id", order.id()));
    return new TransactionalHandler.Next.Done();
  }

  private static LocalDate day(Instant time) {
    return LocalDate.ofInstant(time, ZoneOffset.UTC);
  }
}
