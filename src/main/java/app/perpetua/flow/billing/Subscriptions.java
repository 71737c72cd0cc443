package app.perpetua.flow.billing;

import app.perpetua.flow.account.Users;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.billing.Subscription.Paid;
import app.perpetua.flow.billing.Subscription.Status;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Event.SubscriptionChange;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.LockedUser.Tier;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The state machine of subscriptions (FR-047 to FR-050): what follows when one is paid for, not
 * paid for, cancelled or over. Tier, monthly credits and activity entries change with it.
 * Thread-safe.
 */
public final class Subscriptions {
  /**
   * How a user stands.
   *
   * @param tier what they are entitled to
   * @param status the subscription's, as the contract has it; null if there never was one
   * @param periodEnd null if there never was one
   * @param graceEnd null outside of the grace period
   */
  public record BillingState(
      Tier tier, @Nullable String status, @Nullable Instant periodEnd, @Nullable Instant graceEnd) {
    /** True if it ends with its period. */
    public boolean endsWithPeriod() {
      return "cancelled".equals(status);
    }
  }

  private final BillingConfig config;
  private final Users users;
  private final Credits credits;
  private final Ids ids;
  private final Events events;

  public Subscriptions(BillingConfig config, Users users, Credits credits, Ids ids, Events events) {
    this.config = config;
    this.users = users;
    this.credits = credits;
    this.ids = ids;
    this.events = events;
  }

  /**
   * How the user stands now.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public BillingState standing(Tx tx) {
    return tx.sql("billing.find_billing_state")
        .one(
            row ->
                new BillingState(
                    row.wireName("tier", Tier.class),
                    row.textOrNull("status"),
                    row.instantOrNull("current_period_end"),
                    row.instantOrNull("grace_period_end")))
        .orElseThrow(Refusal::accountDeleted);
  }

  /** The acting user's subscription, for whoever holds the lock. */
  Optional<Subscription> find(Tx tx) {
    return tx.sql("billing.find_subscription").one(Subscription::of);
  }

  /**
   * An order of a month of Pro. A user who cancelled may pay to continue after the period, and a
   * user whose payment failed to pay what is due.
   *
   * @throws Refusal {@code CONFLICT} if the subscription is active
   */
  Order order(Tx tx) {
    if (find(tx).filter(found -> found.status() == Status.ACTIVE).isPresent()) {
      throw Refusal.of(ErrorCode.CONFLICT, "this account has Pro already");
    }
    return Order.open(
        ids.next(),
        Payments.Kind.SUBSCRIPTION,
        null,
        config.proPriceCents(),
        config.currency(),
        tx.now());
  }

  /**
   * Ends the subscription with its period; at once if that is over, and unpaid. Nothing happens to
   * one that was cancelled before.
   *
   * @return until when Pro can be used
   * @throws Refusal {@code CONFLICT} if there is nothing to cancel
   */
  public Instant cancel(Tx tx) {
    Subscription found =
        find(tx)
            .filter(subscription -> subscription.status() != Status.EXPIRED)
            .orElseThrow(
                () -> Refusal.of(ErrorCode.CONFLICT, "there is no subscription to cancel"));
    if (found.status() != Status.CANCELLED) {
      cancel(tx, found);
    }
    return found.periodEnd().isBefore(tx.now()) ? tx.now() : found.periodEnd();
  }

  /** Cancels one that is not cancelled yet. */
  void cancel(Tx tx, Subscription found) {
    Subscription cancelled = found.cancelled(tx.now());
    store(tx, cancelled);
    emit(tx, cancelled, SubscriptionChange.CANCELLED, cancelled.periodEnd(), null);
    if (!tx.now().isBefore(cancelled.periodEnd())) {
      end(tx, cancelled, "cancelled");
    }
  }

  /**
   * A month was paid for.
   *
   * @param found null for the first one ever
   * @param chosen whether the user wanted it after whatever they cancelled
   * @param order what was paid; names the month
   * @param told the event that says so; null if we have asked
   */
  void paid(
      Tx tx,
      @Nullable Subscription found,
      Paid paid,
      boolean chosen,
      UUID order,
      @Nullable EventOrder told,
      @Nullable String managed) {
    boolean begins = found == null || found.status() == Status.EXPIRED;
    Subscription next =
        found == null
            ? Subscription.begin(ids.next(), tx.now(), paid)
            : found.paid(tx.now(), paid, chosen);
    store(tx, told == null ? next : next.told(told, managed));
    users.changeTier(tx, Tier.PRO);
    credits.beginMonth(tx, order.toString());
    emit(
        tx,
        next,
        begins ? SubscriptionChange.CREATED : SubscriptionChange.RENEWED,
        next.periodEnd(),
        null);
  }

  /** A payment for the month that begins there failed; it may not concern anybody any more. */
  void failed(Tx tx, Instant periodStart) {
    Subscription found = find(tx).orElse(null);
    if (found == null
        || !found.periodEnd().equals(periodStart)
        || (found.status() != Status.ACTIVE && found.status() != Status.PAST_DUE)) {
      return;
    }
    Subscription next = found.failed(tx.now(), config.paymentFailures(), config.grace());
    store(tx, next);
    boolean grace = next.status() == Status.GRACE;
    emit(
        tx,
        next,
        grace ? SubscriptionChange.GRACE : SubscriptionChange.PAST_DUE,
        grace ? next.graceEnd() : next.periodEnd(),
        null);
  }

  /**
   * The money for the running month went back.
   *
   * @param reason {@code refunded} or {@code disputed}
   * @param told the event that says so
   */
  void returned(Tx tx, @Nullable String paymentId, String reason, EventOrder told) {
    find(tx)
        .filter(found -> found.status() != Status.EXPIRED)
        .filter(found -> paymentId != null && paymentId.equals(found.lastPaymentId()))
        .ifPresent(found -> end(tx, found.told(told, null), reason));
  }

  /**
   * Back to free, at once (FR-050). Nothing that the user has beyond the smaller limits goes; of
   * the monthly credits some carry on.
   */
  void end(Tx tx, Subscription found, String reason) {
    Subscription ended = found.expired();
    store(tx, ended);
    users.changeTier(tx, Tier.FREE);
    credits.endMonth(tx, "end:" + ids.next());
    emit(tx, ended, SubscriptionChange.EXPIRED, null, reason);
  }

  private void emit(
      Tx tx,
      Subscription subscription,
      SubscriptionChange change,
      @Nullable Instant until,
      @Nullable String reason) {
    Tier tier = subscription.status() == Status.EXPIRED ? Tier.FREE : Tier.PRO;
    events.emit(
        tx,
        new Event.SubscriptionChanged(
            subscription.id(), change, tier, subscription.status().wireName(), until, reason));
  }

  /** Stores it as it is now, new or not. */
  void store(Tx tx, Subscription subscription) {
    EventOrder event = subscription.lastEvent();
    tx.sql("billing.store_subscription")
        .bind("id", subscription.id())
        .bind("status", subscription.status())
        .bind("managed_id", subscription.managedId())
        .bind("instrument_id", subscription.instrumentId())
        .bind("last_payment_id", subscription.lastPaymentId())
        .bind("period_start", subscription.periodStart())
        .bind("period_end", subscription.periodEnd())
        .bind("anchor_day", subscription.anchorDay())
        .bind("grace_end", subscription.graceEnd())
        .bind("grace_warned_at", subscription.graceWarnedAt())
        .bind("failures", subscription.failures())
        .bind("cancelled_at", subscription.cancelledAt())
        .bind("last_event_at", event == null ? null : event.at())
        .bind("last_event_rank", event == null ? null : event.rank())
        .bind("last_event_id", event == null ? null : event.id())
        .atCommit();
  }
}
