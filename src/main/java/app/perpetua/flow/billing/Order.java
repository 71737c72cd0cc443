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
 * @param grantedAt when the user got credits or Pro; null before
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
    @Nullable Instant grantedAt,
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

    boolean isFailure() {
      return this == DECLINED || this == VOIDED || this == EXPIRED;
    }
  }

  static Order open(UUID id, Kind kind, @Nullable Integer credits, Price price, Instant now) {
    return new Order(id, kind, credits, price, Status.OPEN, null, null, null, null, now);
  }

  static Order renewal(UUID id, Price price, Attempt attempt, Instant now) {
    return new Order(id, Kind.RENEWAL, null, price, Status.OPEN, null, attempt, null, null, now);
  }

  /**
   * Applies an event, independently of the order in which events arrive: a status that has moved
   * money replaces a failure, and otherwise the later event applies.
   *
   * @return empty if the event is outdated
   */
  Optional<Order> apply(Status next, EventOrder event, @Nullable String eventPaymentId) {
    if (status.hasMovedMoney() && !next.hasMovedMoney()) {
      return Optional.empty();
    }
    // A refund or dispute may have an id of its own; the captured payment's id stays.
    String payment = next == Status.CAPTURED || paymentId == null ? eventPaymentId : paymentId;
    boolean replacesFailure = next.hasMovedMoney() && !status.hasMovedMoney();
    boolean isLater = lastEvent == null || lastEvent.compareTo(event) < 0;
    return replacesFailure || isLater
        ? Optional.of(with(next, payment == null ? paymentId : payment, event, grantedAt))
        : Optional.empty();
  }

  /** Sets a status that no event has reported. */
  Order withStatus(Status next, @Nullable String payment) {
    return with(next, payment == null ? paymentId : payment, lastEvent, grantedAt);
  }

  Order withPayment(String payment) {
    return with(status, payment, lastEvent, grantedAt);
  }

  Order granted(Instant now) {
    return with(status, paymentId, lastEvent, now);
  }

  private Order with(
      Status next,
      @Nullable String payment,
      @Nullable EventOrder event,
      @Nullable Instant granted) {
    return new Order(id, kind, credits, price, next, payment, renewal, event, granted, createdAt);
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
        row.instantOrNull("granted_at"),
        row.instant("created_at"));
  }
}
