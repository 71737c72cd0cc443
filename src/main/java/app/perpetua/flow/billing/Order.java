package app.perpetua.flow.billing;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.billing.Payments.Kind;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Something that was ordered and may be paid for. What the provider says is held against it.
 *
 * @param id the reference that the provider is given
 * @param credits how many, for an order of credits; null for others
 * @param amountCents what it costs, in the currency's minor unit
 * @param paymentId the provider's payment; null until it is known
 * @param periodStart for a renewal: where the month begins that it pays for; null for others
 * @param attempt for a renewal: which attempt at that month, from 1; null for others
 * @param decidedBy the event that its status comes from; null for none
 * @param grantedAt when what it is for was given; null for not yet
 */
record Order(
    UUID id,
    Kind kind,
    @Nullable Integer credits,
    int amountCents,
    String currency,
    Status status,
    @Nullable String paymentId,
    @Nullable Instant periodStart,
    @Nullable Integer attempt,
    @Nullable EventOrder decidedBy,
    @Nullable Instant grantedAt,
    Instant createdAt) {
  /** How it stands. */
  enum Status implements WireName {
    OPEN,
    DECLINED,
    VOIDED,
    EXPIRED,
    CAPTURED,
    REFUNDED,
    DISPUTED;

    /** True once money has moved: what failed before or elsewhere does not count any more. */
    boolean isMoney() {
      return this == CAPTURED || this == REFUNDED || this == DISPUTED;
    }

    /** True if nothing was paid and nothing will be. */
    boolean isFailure() {
      return this == DECLINED || this == VOIDED || this == EXPIRED;
    }
  }

  static Order open(
      UUID id,
      Kind kind,
      @Nullable Integer credits,
      int amountCents,
      String currency,
      Instant now) {
    return new Order(
        id, kind, credits, amountCents, currency, Status.OPEN, null, null, null, null, null, now);
  }

  static Order renewal(
      UUID id, int amountCents, String currency, Instant periodStart, int attempt, Instant now) {
    return new Order(
        id,
        Kind.RENEWAL,
        null,
        amountCents,
        currency,
        Status.OPEN,
        null,
        periodStart,
        attempt,
        null,
        null,
        now);
  }

  /**
   * What an event makes of it; none if it is late. Money outweighs what failed, whenever either
   * happened; of what is alike, the later event counts. So the order in which events arrive does
   * not matter.
   */
  Optional<Order> after(Status told, EventOrder event, @Nullable String payment) {
    if (status.isMoney() && !told.isMoney()) {
      return Optional.empty();
    }
    // What a refund or dispute is called does not change what was paid.
    String paying = told == Status.CAPTURED || paymentId == null ? payment : paymentId;
    boolean outweighs = told.isMoney() && !status.isMoney();
    boolean later = decidedBy == null || decidedBy.compareTo(event) < 0;
    return outweighs || later
        ? Optional.of(with(told, paying == null ? paymentId : paying, event, grantedAt))
        : Optional.empty();
  }

  /** The same, found out by asking. */
  Order found(Status asked, @Nullable String payment) {
    return with(asked, payment == null ? paymentId : payment, decidedBy, grantedAt);
  }

  /** The same, its payment known. */
  Order paidBy(String payment) {
    return with(status, payment, decidedBy, grantedAt);
  }

  /** The same, what it is for given. */
  Order granted(Instant now) {
    return with(status, paymentId, decidedBy, now);
  }

  private Order with(
      Status next,
      @Nullable String payment,
      @Nullable EventOrder event,
      @Nullable Instant granted) {
    return new Order(
        id,
        kind,
        credits,
        amountCents,
        currency,
        next,
        payment,
        periodStart,
        attempt,
        event,
        granted,
        createdAt);
  }

  static Order of(Row row) {
    return new Order(
        row.uuid("id"),
        row.wireName("kind", Kind.class),
        row.integerOrNull("credits"),
        row.integer("amount_cents"),
        row.text("currency"),
        row.wireName("status", Status.class),
        row.textOrNull("payment_id"),
        row.instantOrNull("period_start"),
        row.integerOrNull("attempt"),
        EventOrder.of(row),
        row.instantOrNull("granted_at"),
        row.instant("created_at"));
  }
}
