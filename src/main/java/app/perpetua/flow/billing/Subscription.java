package app.perpetua.flow.billing;

import app.perpetua.flow.base.UtcDay;
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
 * A user's only subscription, and its transitions. An expired one can be resumed. Immutable.
 *
 * @param externalId the subscription manager's id; null without a manager
 * @param payment the payment of the current period
 * @param grace null unless the status is {@link Status#GRACE}, or {@link Status#CANCELLED} after
 *     the end of the period
 * @param failures failed payments since the last successful one
 * @param lastEvent the latest event that changed it; null for none
 */
record Subscription(
    UUID id,
    Status status,
    @Nullable String externalId,
    Payment payment,
    Period period,
    @Nullable Grace grace,
    int failures,
    @Nullable Instant cancelledAt,
    @Nullable EventOrder lastEvent) {
  /** All but {@link #EXPIRED} have Pro. */
  enum Status implements WireName {
    ACTIVE,
    /** A payment failed; further attempts follow. */
    PAST_DUE,
    /** Too many payments failed; the user has some days left to pay. */
    GRACE,
    /** Ends with its period or its days of grace. */
    CANCELLED,
    EXPIRED
  }

  /**
   * @param id the provider's; null if unknown
   * @param instrumentId identifies the card or account for later charges; null if unknown
   */
  record Payment(@Nullable String id, @Nullable String instrumentId) {}

  /**
   * A paid period.
   *
   * @param anchorDay the day of the month on which periods end, 1 to 31; shorter months end on
   *     their last day
   */
  record Period(Instant start, Instant end, int anchorDay) {
    static Period startingAt(Instant start) {
      int day = start.atOffset(ZoneOffset.UTC).getDayOfMonth();
      return new Period(start, monthAfter(start, day), day);
    }

    Period next() {
      return new Period(end, monthAfter(end, anchorDay), anchorDay);
    }

    /** One month longer. */
    Period extended() {
      return new Period(start, monthAfter(end, anchorDay), anchorDay);
    }

    /** The end of a month that starts then. */
    static Instant monthAfter(Instant end, int anchorDay) {
      ZonedDateTime next = end.atZone(ZoneOffset.UTC).withDayOfMonth(1).plusMonths(1);
      return next.withDayOfMonth(Math.min(anchorDay, next.toLocalDate().lengthOfMonth()))
          .toInstant();
    }
  }

  /**
   * @param end when an unpaid subscription expires
   * @param warnedAt when the user was warned; null before
   */
  record Grace(Instant end, @Nullable Instant warnedAt) {}

  static Subscription start(UUID id, Instant now, Payment payment) {
    return new Subscription(
        id, Status.ACTIVE, null, payment, Period.startingAt(now), null, 0, null, null);
  }

  /**
   * Adds a month. It follows the current period, even if it is paid late; an early payment extends
   * the current period, and an expired subscription starts a new one.
   *
   * @param resume true if the user has ordered the month, so a cancelled subscription continues
   */
  Subscription paid(Instant now, Payment latest, boolean resume) {
    boolean staysCancelled = status == Status.CANCELLED && !resume;
    Period paid;
    if (status == Status.EXPIRED) {
      paid = Period.startingAt(now);
    } else {
      paid = isDue(now) ? period.next() : period.extended();
    }
    String instrument =
        latest.instrumentId() == null ? payment.instrumentId() : latest.instrumentId();
    return with(new Payment(latest.id(), instrument), paid)
        .with(
            staysCancelled ? Status.CANCELLED : Status.ACTIVE,
            null,
            0,
            staysCancelled ? cancelledAt : null);
  }

  Subscription paymentFailed(Instant now, int maxFailures, Duration gracePeriod) {
    int count = failures + 1;
    return count >= maxFailures
        ? with(Status.GRACE, new Grace(now.plus(gracePeriod), null), count, cancelledAt)
        : with(Status.PAST_DUE, null, count, cancelledAt);
  }

  /**
   * Ends with the paid period. If that is over, the user keeps the days of grace: those that are
   * left, or all if they had not begun.
   */
  Subscription cancelled(Instant now, Duration gracePeriod) {
    if (now.isBefore(period.end())) {
      return with(Status.CANCELLED, null, failures, now);
    }
    Grace left = grace == null ? new Grace(now.plus(gracePeriod), null) : grace;
    return with(Status.CANCELLED, left, failures, now);
  }

  /** When Pro ends unless something is paid. */
  Instant accessEnd() {
    return grace == null || grace.end().isBefore(period.end()) ? period.end() : grace.end();
  }

  Subscription expired() {
    return with(Status.EXPIRED, null, 0, cancelledAt);
  }

  /** Continues with this period, cancelled if the user had cancelled. */
  Subscription restored(Period current) {
    return with(payment, current)
        .with(cancelledAt == null ? Status.ACTIVE : Status.CANCELLED, null, 0, cancelledAt);
  }

  Subscription withPeriod(Period current) {
    return with(payment, current);
  }

  Subscription warned(Instant now) {
    return with(status, grace == null ? null : new Grace(grace.end(), now), failures, cancelledAt);
  }

  Subscription withInstrument(String instrumentId) {
    return with(new Payment(payment.id(), instrumentId), period);
  }

  /** Records an event unless a later one is recorded. */
  Subscription withEvent(EventOrder event, @Nullable String eventExternalId) {
    boolean isLater = lastEvent == null || lastEvent.compareTo(event) < 0;
    return new Subscription(
        id,
        status,
        eventExternalId == null ? externalId : eventExternalId,
        payment,
        period,
        grace,
        failures,
        cancelledAt,
        isLater ? event : lastEvent);
  }

  /** True if the current period ends on the day of {@code now} (UTC) or before. */
  boolean isDue(Instant now) {
    return !day(period.end()).isAfter(day(now));
  }

  static LocalDate day(Instant time) {
    return UtcDay.of(time);
  }

  private Subscription with(
      Status next, @Nullable Grace nextGrace, int count, @Nullable Instant cancelled) {
    return new Subscription(
        id, next, externalId, payment, period, nextGrace, count, cancelled, lastEvent);
  }

  private Subscription with(Payment latest, Period current) {
    return new Subscription(
        id, status, externalId, latest, current, grace, failures, cancelledAt, lastEvent);
  }

  static Subscription of(Row row) {
    Instant graceEnd = row.instantOrNull("grace_period_end");
    return new Subscription(
        row.uuid("id"),
        row.wireName("status", Status.class),
        row.textOrNull("checkout_subscription_id"),
        new Payment(row.textOrNull("last_payment_id"), row.textOrNull("instrument_id")),
        new Period(
            row.instant("current_period_start"),
            row.instant("current_period_end"),
            row.integer("anchor_day")),
        graceEnd == null ? null : new Grace(graceEnd, row.instantOrNull("grace_warned_at")),
        row.integer("failed_payment_count"),
        row.instantOrNull("cancelled_at"),
        EventOrder.of(row));
  }
}
