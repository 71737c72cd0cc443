package app.perpetua.flow.billing;

import app.perpetua.flow.account.Users;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.billing.Order.Month;
import app.perpetua.flow.billing.PaidMonths.Terms;
import app.perpetua.flow.billing.Subscription.Payment;
import app.perpetua.flow.billing.Subscription.Status;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Event.SubscriptionChange;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.LockedUser.Tier;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Changes subscriptions (FR-047 to FR-050), with the user's tier, monthly credits and activity
 * entries. Thread-safe.
 */
final class Subscriptions {
  /**
   * @param status null if there never was a subscription
   * @param periodEnd null if there never was a subscription
   * @param graceEnd null outside of the grace period
   */
  record BillingState(
      Tier tier, @Nullable String status, @Nullable Instant periodEnd, @Nullable Instant graceEnd) {
    boolean cancelsAtPeriodEnd() {
      return "cancelled".equals(status);
    }
  }

  private final BillingConfig config;
  private final Users users;
  private final Credits credits;
  private final Jobs jobs;
  private final Ids ids;
  private final Events events;

  Subscriptions(
      BillingConfig config, Users users, Credits credits, Jobs jobs, Ids ids, Events events) {
    this.config = config;
    this.users = users;
    this.credits = credits;
    this.jobs = jobs;
    this.ids = ids;
    this.events = events;
  }

  /**
   * @throws Refusal {@code UNAUTHORIZED} if the account was deleted
   */
  BillingState state(Tx tx) {
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

  Optional<Subscription> find(Tx tx) {
    return tx.sql("billing.find_subscription").one(Subscription::of);
  }

  /**
   * Cancels the subscription at the end of its period, or of its days of grace if the period has
   * ended. Does nothing if it is cancelled already.
   *
   * @return when Pro ends
   * @throws Refusal {@code CONFLICT} if there is nothing to cancel
   */
  Instant cancel(Tx tx) {
    Subscription found =
        find(tx)
            .filter(subscription -> subscription.status() != Status.EXPIRED)
            .orElseThrow(
                () -> Refusal.of(ErrorCode.CONFLICT, "there is no subscription to cancel"));
    return found.status() == Status.CANCELLED ? found.accessEnd() : cancel(tx, found);
  }

  /** Returns when Pro ends. */
  Instant cancel(Tx tx, Subscription found) {
    Subscription cancelled = found.cancelled(tx.now(), config.grace());
    Instant end = cancelled.accessEnd();
    store(tx, cancelled);
    emit(tx, cancelled, SubscriptionChange.CANCELLED, end, null);
    endAt(tx, end);
    return end;
  }

  /** Lets Pro end at its time; the daily job may run hours later. */
  private void endAt(Tx tx, Instant end) {
    jobs.enqueue(tx, RenewalJob.KIND, tx.userId() + ":" + end, end, Map.of());
  }

  /**
   * Adds a paid month, without its credits.
   *
   * @param event the cause; null for a response of the provider
   * @return the month; it starts when the present one ends
   */
  Month paid(Tx tx, Payment payment, Terms terms, @Nullable EventOrder event) {
    Subscription found = find(tx).orElse(null);
    boolean isNew = found == null || found.status() == Status.EXPIRED;
    Subscription next =
        found == null
            ? Subscription.start(ids.next(), tx.now(), payment)
            : found.paid(tx.now(), payment, terms.resume());
    store(tx, event == null ? next : next.withEvent(event, terms.externalId()));
    users.changeTier(tx, Tier.PRO);
    emit(
        tx,
        next,
        isNew ? SubscriptionChange.CREATED : SubscriptionChange.RENEWED,
        next.period().end(),
        null);
    Instant start = found == null || isNew ? next.period().start() : found.period().end();
    return new Month(start, next.period().end(), null);
  }

  /** Returns Pro, which a refund or dispute had ended or shortened. */
  void restore(Tx tx, Subscription restored) {
    store(tx, restored);
    users.changeTier(tx, Tier.PRO);
    emit(tx, restored, SubscriptionChange.RESTORED, restored.period().end(), null);
  }

  /** Counts a failed payment, unless the month that starts at {@code periodStart} is paid. */
  void paymentFailed(Tx tx, Instant periodStart) {
    Subscription found = find(tx).orElse(null);
    if (found == null
        || !found.period().end().equals(periodStart)
        || (found.status() != Status.ACTIVE && found.status() != Status.PAST_DUE)) {
      return;
    }
    Subscription next = found.paymentFailed(tx.now(), config.paymentFailures(), config.grace());
    store(tx, next);
    Subscription.Grace grace = next.grace();
    if (grace != null) {
      endAt(tx, grace.end());
    }
    emit(
        tx,
        next,
        grace == null ? SubscriptionChange.PAST_DUE : SubscriptionChange.GRACE,
        grace == null ? next.period().end() : grace.end(),
        null);
  }

  /**
   * Returns the user to the free tier (FR-050). Data beyond its limits stays, and some of the
   * monthly credits are carried over.
   *
   * @return the number of monthly credits that expired
   */
  int end(Tx tx, Subscription found, String reason) {
    Subscription ended = found.expired();
    store(tx, ended);
    users.changeTier(tx, Tier.FREE);
    int expired = credits.endMonth(tx, "end:" + ids.next());
    emit(tx, ended, SubscriptionChange.EXPIRED, null, reason);
    return expired;
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

  void store(Tx tx, Subscription subscription) {
    Subscription.Grace grace = subscription.grace();
    EventOrder event = subscription.lastEvent();
    tx.sql("billing.store_subscription")
        .bind("id", subscription.id())
        .bind("status", subscription.status())
        .bind("managed_id", subscription.externalId())
        .bind("instrument_id", subscription.payment().instrumentId())
        .bind("last_payment_id", subscription.payment().id())
        .bind("period_start", subscription.period().start())
        .bind("period_end", subscription.period().end())
        .bind("anchor_day", subscription.period().anchorDay())
        .bind("grace_end", grace == null ? null : grace.end())
        .bind("grace_warned_at", grace == null ? null : grace.warnedAt())
        .bind("failures", subscription.failures())
        .bind("cancelled_at", subscription.cancelledAt())
        .bind("last_event_at", event == null ? null : event.at())
        .bind("last_event_rank", event == null ? null : event.rank())
        .bind("last_event_id", event == null ? null : event.id())
        .atCommit();
  }
}
