package app.perpetua.flow.billing;

import app.perpetua.flow.billing.Order.Month;
import app.perpetua.flow.billing.Order.Provision;
import app.perpetua.flow.billing.Order.Revocation;
import app.perpetua.flow.billing.Subscription.Payment;
import app.perpetua.flow.billing.Subscription.Period;
import app.perpetua.flow.billing.Subscription.Status;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The months of Pro that orders pay for (FR-077). A month begins when the one before it ends; its
 * credits are granted then, and those of the month before carried over. Runs under the owner's
 * lock. Thread-safe.
 */
final class PaidMonths implements TransactionalHandler {
  /** The kind of the job that begins a month; its key is the order's id. */
  static final String BEGIN = "subscription_month";

  private final OrderStore orders;
  private final Subscriptions subscriptions;
  private final Credits credits;
  private final Jobs jobs;

  PaidMonths(OrderStore orders, Subscriptions subscriptions, Credits credits, Jobs jobs) {
    this.orders = orders;
    this.subscriptions = subscriptions;
    this.credits = credits;
    this.jobs = jobs;
  }

  /**
   * How a payment changes the subscription.
   *
   * @param resume true if a cancelled subscription continues
   * @param externalId the subscription manager's id; null without a manager
   */
  record Terms(boolean resume, @Nullable String externalId) {}

  /**
   * Adds the month of a paid order.
   *
   * @param event the cause; null for a response of the provider
   */
  Provision add(Tx tx, UUID orderId, Payment payment, Terms terms, @Nullable EventOrder event) {
    Month month = subscriptions.paid(tx, payment, terms, event);
    return new Provision(tx.now(), begin(tx, orderId, month), null);
  }

  /** Grants the month's credits if it has begun, or when it begins. */
  private Month begin(Tx tx, UUID orderId, Month month) {
    if (month.creditedAt() != null) {
      return month;
    }
    if (!month.start().isAfter(tx.now())) {
      credits.beginMonth(tx, orderId.toString());
      return new Month(month.start(), month.end(), tx.now());
    }
    String key = orderId.toString();
    jobs.enqueue(tx, BEGIN, key, month.start(), Map.of());
    jobs.reschedule(tx, BEGIN, key, month.start());
    return month;
  }

  @Override
  public Next run(Tx tx, Job job) {
    Order order = orders.find(tx, UUID.fromString(job.key())).orElse(null);
    Provision provision = order == null ? null : order.provision();
    Month month = provision == null ? null : provision.month();
    if (order == null
        || provision == null
        || month == null
        || provision.revocation() != null
        || month.creditedAt() != null) {
      return new Next.Done();
    }
    if (month.start().isAfter(tx.now())) {
      return new Next.Snooze(month.start());
    }
    orders.store(tx, order.provided(provision.with(begin(tx, order.id(), month))));
    return new Next.Done();
  }

  /**
   * Takes the order's month back: what is left of it, if it has begun. Later months move up; Pro
   * ends if there are none, also if the month is over and nothing has been paid since.
   *
   * @param reason {@code refunded} or {@code disputed}
   */
  Provision revoke(Tx tx, Order order, String reason, EventOrder event) {
    Provision provision = Objects.requireNonNull(order.provision());
    Month month = provision.month();
    Subscription found = subscriptions.find(tx).orElse(null);
    if (month == null
        || found == null
        || found.status() == Status.EXPIRED
        || (!month.end().isAfter(tx.now()) && month.end().isBefore(found.period().end()))) {
      return provision.revoked(new Revocation(tx.now(), 0));
    }
    Subscription updated = found.withEvent(event, null);
    List<Order> later =
        orders.paidMonths(tx).stream()
            .filter(other -> !other.id().equals(order.id()))
            .filter(other -> !monthOf(other).start().isBefore(month.end()))
            .toList();
    boolean begun = !month.start().isAfter(tx.now());
    if (begun && later.isEmpty()) {
      return provision.revoked(new Revocation(tx.now(), subscriptions.end(tx, updated, reason)));
    }
    Subscription moved =
        moveUp(tx, updated, later, begun ? tx.now() : month.start(), provision.at());
    // The month is not charged again: its money was just returned.
    boolean ends = later.isEmpty() && order.kind() == Payments.Kind.RENEWAL;
    subscriptions.store(tx, ends ? moved.cancelled(tx.now(), Duration.ZERO) : moved);
    return provision.revoked(new Revocation(tx.now(), 0));
  }

  /**
   * Lets months follow each other from {@code start} on, and the subscription end with the last.
   *
   * @param paidAt before {@code start}
   */
  private Subscription moveUp(
      Tx tx, Subscription found, List<Order> months, Instant start, Instant paidAt) {
    int anchorDay = months.isEmpty() ? found.period().anchorDay() : dayOfMonth(start);
    Instant next = start;
    for (Order order : months) {
      Month before = monthOf(order);
      // What was given back of a month keeps its length, and its credits were granted.
      Instant end =
          before.creditedAt() == null
              ? Period.monthAfter(next, anchorDay)
              : next.plus(Duration.between(before.start(), before.end()));
      Month month = new Month(next, end, before.creditedAt());
      Provision provision = Objects.requireNonNull(order.provision());
      orders.store(tx, order.provided(provision.with(begin(tx, order.id(), month))));
      next = month.end();
    }
    Instant from = found.period().start().isBefore(next) ? found.period().start() : paidAt;
    return found.withPeriod(new Period(from, next, anchorDay));
  }

  /** Gives back what {@link #revoke} took: as it was while the month lasts, later what was left. */
  Provision restore(Tx tx, Order order, EventOrder event) {
    Provision provision = Objects.requireNonNull(order.provision());
    Revocation revoked = Objects.requireNonNull(provision.revocation());
    Month month = provision.month();
    Provision restored = provision.revoked(null);
    Subscription found = subscriptions.find(tx).orElse(null);
    if (month == null || found == null || !month.end().isAfter(revoked.at())) {
      return restored;
    }
    Instant lostFrom = month.start().isAfter(revoked.at()) ? month.start() : revoked.at();
    Duration lost = Duration.between(lostFrom, month.end());
    boolean expired = found.status() == Status.EXPIRED;
    Instant free =
        expired || found.period().end().isBefore(tx.now()) ? tx.now() : found.period().end();
    boolean isFree = expired ? month.end().isAfter(tx.now()) : free.equals(month.start());
    Month back = isFree ? month : new Month(free, free.plus(lost), month.creditedAt());
    Instant start = expired ? back.start() : found.period().start();
    int anchorDay = back.equals(month) ? found.period().anchorDay() : dayOfMonth(back.end());
    subscriptions.restore(
        tx, found.restored(new Period(start, back.end(), anchorDay)).withEvent(event, null));
    credits.restoreMonthly(tx, revoked.credits());
    return restored.with(begin(tx, order.id(), back));
  }

  private static Month monthOf(Order order) {
    return Objects.requireNonNull(Objects.requireNonNull(order.provision()).month());
  }

  private static int dayOfMonth(Instant time) {
    return time.atOffset(ZoneOffset.UTC).getDayOfMonth();
  }
}
