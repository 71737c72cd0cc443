package app.perpetua.flow.billing;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.billing.Payments.Kind;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An order of credits or Pro, and the state of its payment. Immutable.
 *
 * @param id the reference that the provider gets
 * @param credits number of credits; null for Pro
 * @param paymentId the provider's; null until it is known
 * @param renewal null unless the order is an attempt to charge for a further month
 * @param lastEvent the event that set the status; null if no event did
 * @param provision what the user got for the payment; null before
 */
record Order(
    UUID id,
    Kind kind,
    @Nullable Integer credits,
    Price price,
    Status status,
    @Nullable String paymentId,
    @Nullable Attempt renewal,
    @Nullable EventOrder lastEvent,
    @Nullable Provision provision,
    Instant createdAt) {
  /**
   * @param cents in the currency's minor unit
   * @param currency ISO 4217
   */
  record Price(int cents, String currency) {}

  /**
   * An attempt to charge for a month.
   *
   * @param periodStart the start of that month
   * @param number from 1
   */
  record Attempt(Instant periodStart, int number) {
    static Attempt next(Instant periodStart, Optional<Order> last) {
      return new Attempt(periodStart, last.map(Order::renewal).map(Attempt::number).orElse(0) + 1);
    }
  }

  /**
   * Credits or a month of Pro, given once.
   *
   * @param month null for credits, and for months that ended before V15
   * @param revocation null while the order is paid
   */
  record Provision(Instant at, @Nullable Month month, @Nullable Revocation revocation) {
    Provision with(@Nullable Month changed) {
      return new Provision(at, changed, revocation);
    }

    Provision revoked(@Nullable Revocation changed) {
      return new Provision(at, month, changed);
    }
  }

  /**
   * A paid month of Pro.
   *
   * @param creditedAt when its credits were granted; null before it begins
   */
  record Month(Instant start, Instant end, @Nullable Instant creditedAt) {}

  /**
   * Taken back after a refund or dispute.
   *
   * @param credits monthly credits that were lost by that
   */
  record Revocation(Instant at, int credits) {}

  enum Status implements WireName {
    OPEN,
    DECLINED,
    VOIDED,
    EXPIRED,
    CAPTURED,
    REFUNDED,
    DISPUTED;

    /** True once money has moved; then a failure no longer changes the status. */
    boolean hasMovedMoney() {
      return this == CAPTURED || this == REFUNDED || this == DISPUTED;
    }
  }

  static Order open(UUID id, Kind kind, @Nullable Integer credits, Price price, Instant now) {
    return new Order(id, kind, credits, price, Status.OPEN, null, null, null, null, now);
  }

  static Order renewal(UUID id, Price price, Attempt attempt, Instant now) {
    return new Order(id, Kind.RENEWAL, null, price, Status.OPEN, null, attempt, null, null, now);
  }

  /**
   * Applies a failure, unless money has moved or a later failure is known: events arrive in any
   * order.
   *
   * @return empty if the event is outdated
   */
  Optional<Order> failed(Status failure, EventOrder event, @Nullable String eventPaymentId) {
    boolean isLater = lastEvent == null || lastEvent.compareTo(event) < 0;
    return status.hasMovedMoney() || !isLater
        ? Optional.empty()
        : Optional.of(
            with(failure, paymentId == null ? eventPaymentId : paymentId, event, provision));
  }

  /**
   * Sets the status that follows from all receipts.
   *
   * @param payment the payment that the order was paid with; null if unknown
   */
  Order settled(Status next, EventOrder event, @Nullable String payment) {
    boolean isLater = lastEvent == null || lastEvent.compareTo(event) < 0;
    return with(
        next, payment == null ? paymentId : payment, isLater ? event : lastEvent, provision);
  }

  /** Sets a status that no event has reported. */
  Order withStatus(Status next, @Nullable String payment) {
    return with(next, payment == null ? paymentId : payment, lastEvent, provision);
  }

  Order withPayment(String payment) {
    return with(status, payment, lastEvent, provision);
  }

  Order provided(Provision given) {
    return with(status, paymentId, lastEvent, given);
  }

  private Order with(
      Status next,
      @Nullable String payment,
      @Nullable EventOrder event,
      @Nullable Provision given) {
    return new Order(id, kind, credits, price, next, payment, renewal, event, given, createdAt);
  }

  static Order of(Row row) {
    Instant periodStart = row.instantOrNull("period_start");
    return new Order(
        row.uuid("id"),
        row.wireName("kind", Kind.class),
        row.integerOrNull("credits"),
        new Price(row.integer("amount_cents"), row.text("currency")),
        row.wireName("status", Status.class),
        row.textOrNull("payment_id"),
        periodStart == null ? null : new Attempt(periodStart, row.integer("attempt")),
        EventOrder.of(row),
        provision(row),
        row.instant("created_at"));
  }

  private static @Nullable Provision provision(Row row) {
    Instant grantedAt = row.instantOrNull("granted_at");
    if (grantedAt == null) {
      return null;
    }
    Instant start = row.instantOrNull("month_start");
    Instant revokedAt = row.instantOrNull("revoked_at");
    return new Provision(
        grantedAt,
        start == null
            ? null
            : new Month(start, row.instant("month_end"), row.instantOrNull("credited_at")),
        revokedAt == null ? null : new Revocation(revokedAt, row.integer("revoked_credits")));
  }
}
