package app.perpetua.flow.billing;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A user's subscription at one instant, and what can become of it. There is one for life: whoever
 * comes back takes it up again. Immutable.
 *
 * @param managedId what the manager in front calls it; null without one
 * @param instrumentId what further charges are made to; null if nobody told
 * @param lastPaymentId the payment that the running period was paid with; null if unknown
 * @param periodEnd where the period that is paid for ends
 * @param anchorDay the day of the month on which periods end, 1 to 31; shorter months end on their
 *     last
 * @param graceEnd when an unpaid subscription is given up; null outside of the grace period
 * @param graceWarnedAt when the user was warned of that; null for not yet
 * @param failures payments that failed since the last one that did not
 * @param lastEvent the manager's event that moved it last; null for none
 */
record Subscription(
    UUID id,
    Status status,
    @Nullable String managedId,
    @Nullable String instrumentId,
    @Nullable String lastPaymentId,
    Instant periodStart,
    Instant periodEnd,
    int anchorDay,
    @Nullable Instant graceEnd,
    @Nullable Instant graceWarnedAt,
    int failures,
    @Nullable Instant cancelledAt,
    @Nullable EventOrder lastEvent) {
  /** How it stands. All but {@link #EXPIRED} are Pro. */
  enum Status implements WireName {
    /** Paid for. */
    ACTIVE,
    /** A payment failed; others will be tried. */
    PAST_DUE,
    /** Too many failed: the user has some days left to pay. */
    GRACE,
    /** Paid for to the period's end, and no further. */
    CANCELLED,
    /** Over. */
    EXPIRED
  }

  /**
   * Months of Pro that a payment has bought.
   *
   * @param by the payment; null if it has no id
   * @param instrument what it was paid with; null if unknown
   */
  record Paid(@Nullable String by, @Nullable String instrument) {}

  /** The first month, from now on. */
  static Subscription begin(UUID id, Instant now, Paid paid) {
    int day = now.atOffset(ZoneOffset.UTC).getDayOfMonth();
    return new Subscription(
        id,
        Status.ACTIVE,
        null,
        paid.instrument(),
        paid.by(),
        now,
        monthAfter(now, day),
        day,
        null,
        null,
        0,
        null,
        null);
  }

  /**
   * One more month. It follows the one before, however late it was paid; only what was over begins
   * anew. The running period of somebody who pays early grows.
   *
   * @param chosen whether the user has asked for it: then it is no longer cancelled
   */
  Subscription paid(Instant now, Paid paid, boolean chosen) {
    if (status == Status.EXPIRED) {
      Subscription anew = begin(id, now, paid);
      return new Subscription(
          id,
          Status.ACTIVE,
          managedId,
          paid.instrument() == null ? instrumentId : paid.instrument(),
          paid.by(),
          anew.periodStart,
          anew.periodEnd,
          anew.anchorDay,
          null,
          null,
          0,
          null,
          lastEvent);
    }
    boolean stays = status == Status.CANCELLED && !chosen;
    boolean early = !isDue(now);
    return new Subscription(
        id,
        stays ? Status.CANCELLED : Status.ACTIVE,
        managedId,
        paid.instrument() == null ? instrumentId : paid.instrument(),
        paid.by(),
        early ? periodStart : periodEnd,
        monthAfter(periodEnd, anchorDay),
        anchorDay,
        null,
        null,
        0,
        stays ? cancelledAt : null,
        lastEvent);
  }

  /** A payment for the next month failed. */
  Subscription failed(Instant now, int most, Duration grace) {
    int count = failures + 1;
    boolean last = count >= most;
    return with(
        last ? Status.GRACE : Status.PAST_DUE,
        last ? now.plus(grace) : null,
        null,
        count,
        cancelledAt);
  }

  /** The user, or the manager for them, wants no further month. */
  Subscription cancelled(Instant now) {
    return with(Status.CANCELLED, null, null, failures, now);
  }

  /** Over. */
  Subscription expired() {
    return with(Status.EXPIRED, null, null, 0, cancelledAt);
  }

  /** The user knows that the grace is about to end. */
  Subscription warned(Instant now) {
    return with(status, graceEnd, now, failures, cancelledAt);
  }

  /** Its instrument known. */
  Subscription paidWith(String instrument) {
    return new Subscription(
        id,
        status,
        managedId,
        instrument,
        lastPaymentId,
        periodStart,
        periodEnd,
        anchorDay,
        graceEnd,
        graceWarnedAt,
        failures,
        cancelledAt,
        lastEvent);
  }

  /** Moved by that event, or by a later one before. */
  Subscription told(EventOrder event, @Nullable String managed) {
    boolean later = lastEvent == null || lastEvent.compareTo(event) < 0;
    return new Subscription(
        id,
        status,
        managed == null ? managedId : managed,
        instrumentId,
        lastPaymentId,
        periodStart,
        periodEnd,
        anchorDay,
        graceEnd,
        graceWarnedAt,
        failures,
        cancelledAt,
        later ? event : lastEvent);
  }

  /** True if the next month is to be paid on the day of that time, or was before. */
  boolean isDue(Instant now) {
    return !day(periodEnd).isAfter(day(now));
  }

  private static LocalDate day(Instant time) {
    return LocalDate.ofInstant(time, ZoneOffset.UTC);
  }

  private Subscription with(
      Status next,
      @Nullable Instant grace,
      @Nullable Instant warned,
      int failed,
      @Nullable Instant cancelled) {
    return new Subscription(
        id,
        next,
        managedId,
        instrumentId,
        lastPaymentId,
        periodStart,
        periodEnd,
        anchorDay,
        grace,
        warned,
        failed,
        cancelled,
        lastEvent);
  }

  private static Instant monthAfter(Instant end, int anchorDay) {
    ZonedDateTime next = end.atZone(ZoneOffset.UTC).withDayOfMonth(1).plusMonths(1);
    return next.withDayOfMonth(Math.min(anchorDay, next.toLocalDate().lengthOfMonth())).toInstant();
  }

  static Subscription of(Row row) {
    return new Subscription(
        row.uuid("id"),
        row.wireName("status", Status.class),
        row.textOrNull("checkout_subscription_id"),
        row.textOrNull("instrument_id"),
        row.textOrNull("last_payment_id"),
        row.instant("current_period_start"),
        row.instant("current_period_end"),
        row.integer("anchor_day"),
        row.instantOrNull("grace_period_end"),
        row.instantOrNull("grace_warned_at"),
        row.integer("failed_payment_count"),
        row.instantOrNull("cancelled_at"),
        EventOrder.of(row));
  }
}
