package app.perpetua.flow.billing;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.billing.BillingConfig.Charges;
import app.perpetua.flow.billing.Order.Attempt;
import app.perpetua.flow.billing.Order.Status;
import app.perpetua.flow.billing.Payments.Outcome;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler.Next;
import app.perpetua.flow.jobs.TwoPhaseHandler;
import app.perpetua.flow.notifications.Notification;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * The daily step of one subscription: ends it, warns its user, or charges for the next month if
 * this service charges. There is one attempt a day, each with an idempotency key of its own. An
 * attempt whose outcome is unknown is repeated with the same key before another one starts.
 * Thread-safe.
 */
final class RenewalJob implements TwoPhaseHandler<RenewalJob.ChargeRequest, Outcome> {
  static final String KIND = "subscription_move";

  /**
   * @param paymentId of the attempt's payment, which is then fetched instead of charged
   */
  record ChargeRequest(UUID orderId, Optional<String> paymentId, Payments.Charge charge) {}

  /** How long a subscription manager may take to report a renewal or a failure. */
  private static final Duration MAX_SILENCE = Duration.ofDays(3);

  private static final System.Logger LOG = System.getLogger(RenewalJob.class.getName());

  private final BillingConfig config;
  private final Optional<Payments> payments;
  private final OrderStore orders;
  private final Subscriptions subscriptions;
  private final PaymentApplication application;
  private final Notifications notifications;
  private final Ids ids;
  private final BillingMetrics metrics;

  RenewalJob(
      BillingConfig config,
      Optional<Payments> payments,
      OrderStore orders,
      Subscriptions subscriptions,
      PaymentApplication application,
      Notifications notifications,
      Ids ids,
      BillingMetrics metrics) {
    this.config = config;
    this.payments = payments;
    this.orders = orders;
    this.subscriptions = subscriptions;
    this.application = application;
    this.notifications = notifications;
    this.ids = ids;
    this.metrics = metrics;
  }

  @Override
  public Prepared<ChargeRequest> prepare(Tx tx, Job job) {
    Subscription found = subscriptions.find(tx).orElse(null);
    if (found == null) {
      return Prepared.done();
    }
    return switch (found.status()) {
      case EXPIRED -> Prepared.done();
      case CANCELLED -> {
        if (!tx.now().isBefore(found.accessEnd())) {
          subscriptions.end(tx, found, "cancelled");
        }
        yield Prepared.done();
      }
      case GRACE -> {
        endOrWarn(tx, found, Objects.requireNonNull(found.grace()));
        yield Prepared.done();
      }
      case ACTIVE, PAST_DUE -> renew(tx, found);
    };
  }

  private void endOrWarn(Tx tx, Subscription found, Subscription.Grace grace) {
    Instant end = grace.end();
    if (!tx.now().isBefore(end)) {
      subscriptions.end(tx, found, "unpaid");
    } else if (grace.warnedAt() == null
        && !Subscription.day(end).isAfter(Subscription.day(tx.now()).plusDays(1))) {
      notifications.add(
          tx,
          Notification.Type.SUBSCRIPTION,
          "Pro is about to end",
          "Your payment is still missing. Pro ends on " + SubscriptionListener.day(end) + ".",
          notifications.pages().subscription(),
          null,
          "grace:" + end,
          false);
      subscriptions.store(tx, found.warned(tx.now()));
    }
  }

  private Prepared<ChargeRequest> renew(Tx tx, Subscription found) {
    if (!found.isDue(tx.now())) {
      return Prepared.done();
    }
    if (config.charges() == Charges.EXTERNAL) {
      countSilence(tx, found);
      return Prepared.done();
    }
    if (payments.isEmpty()) {
      LOG.log(
          System.Logger.Level.WARNING, "cannot renew a subscription: payments are not configured");
      return Prepared.done();
    }
    Instant periodStart = found.period().end();
    Optional<Order> last = orders.lastAttempt(tx, periodStart);
    if (last.isPresent() && last.get().status() == Status.OPEN) {
      return request(tx, last.get(), found);
    }
    if (last.isPresent()
        && !Subscription.day(last.get().createdAt()).isBefore(Subscription.day(tx.now()))) {
      return Prepared.done();
    }
    Order next =
        Order.renewal(ids.next(), config.proPrice(), Attempt.next(periodStart, last), tx.now());
    if (found.payment().instrumentId() == null) {
      application.fail(tx, next, next.withStatus(Status.DECLINED, null));
      return Prepared.done();
    }
    orders.store(tx, next);
    return request(tx, next, found);
  }

  /**
   * Counts a failed payment if the subscription manager has been silent for too long after the end
   * of the period, and another one on each further day.
   */
  private void countSilence(Tx tx, Subscription found) {
    Instant periodStart = found.period().end();
    Optional<Order> last = orders.lastAttempt(tx, periodStart);
    boolean counted = last.isPresent() && last.get().lastEvent() == null;
    Instant heard = last.map(Order::createdAt).orElse(periodStart);
    Instant heardOrDue = heard.isBefore(periodStart) ? periodStart : heard;
    boolean isDue =
        counted
            ? Subscription.day(heard).isBefore(Subscription.day(tx.now()))
            : !tx.now().isBefore(heardOrDue.plus(MAX_SILENCE));
    if (isDue) {
      Order missing =
          Order.renewal(ids.next(), config.proPrice(), Attempt.next(periodStart, last), tx.now());
      application.fail(tx, missing, missing.withStatus(Status.DECLINED, null));
    }
  }

  private static Prepared<ChargeRequest> request(Tx tx, Order order, Subscription found) {
    Attempt attempt = Objects.requireNonNull(order.renewal());
    String key =
        found.id() + ":" + Subscription.day(attempt.periodStart()) + ":" + attempt.number();
    return new Prepared.Call<>(
        new ChargeRequest(
            order.id(),
            Optional.ofNullable(order.paymentId()),
            new Payments.Charge(
                key,
                order.id(),
                tx.userId(),
                order.price().cents(),
                order.price().currency(),
                Objects.requireNonNullElse(found.payment().instrumentId(), ""),
                found.payment().id())));
  }

  @Override
  public Outcome call(ChargeRequest request) throws InterruptedException {
    Payments provider = payments.orElseThrow();
    return request.paymentId().isPresent()
        ? provider.fetch(request.paymentId().get())
        : provider.charge(request.charge());
  }

  @Override
  public Next settle(Tx tx, Job job, ChargeRequest request, Outcome outcome) {
    Order order = orders.find(tx, request.orderId()).orElse(null);
    if (order == null || order.status() != Status.OPEN) {
      // A webhook has already reported the outcome.
      return new Next.Done();
    }
    switch (outcome) {
      case Outcome.Captured(String payment) -> application.captured(tx, order, payment);
      case Outcome.Pending(String payment) -> {
        if (order.paymentId() == null) {
          orders.store(tx, order.withPayment(payment));
        }
      }
      case Outcome.Declined(Optional<String> payment, String code) -> {
        LOG.log(
            System.Logger.Level.INFO,
            "a charge was declined",
            LogFields.of("order_id", order.id()).with("response_code", code));
        application.fail(tx, order, order.withStatus(Status.DECLINED, payment.orElse(null)));
      }
      case Outcome.Unknown(String reason) -> {
        return unknown(job, order, reason);
      }
    }
    return new Next.Done();
  }

  /** The attempt stays open, so the next day repeats it before another one starts. */
  private Next unknown(Job job, Order order, String reason) {
    metrics.payment(order.kind(), "unknown");
    if (!job.isLastAttempt()) {
      return new Next.Retry(Duration.ZERO, reason);
    }
    LOG.log(
        System.Logger.Level.WARNING,
        "charge outcome unknown: " + reason,
        LogFields.of("order_id", order.id()));
    return new Next.Done();
  }
}
