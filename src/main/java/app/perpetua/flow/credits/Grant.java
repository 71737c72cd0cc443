package app.perpetua.flow.credits;

import app.perpetua.flow.sql.Row;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.time.LocalDate;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Credits granted together.
 *
 * @param entitledOn the UTC day to whose entitlement it counts; null if it is not a daily grant
 * @param purchaseId null if it was not bought
 * @param dedupKey unique per user, so that nothing is granted twice
 * @param expiresAt exclusive end of its validity; null for none
 */
record Grant(
    UUID id,
    @JsonProperty("credit_type") CreditType type,
    @JsonUnwrapped Amounts amounts,
    @Nullable LocalDate entitledOn,
    @Nullable UUID purchaseId,
    String dedupKey,
    @Nullable Instant expiresAt,
    Instant createdAt) {
  /**
   * Always {@code amount = remaining + spent + expired}.
   *
   * @param spent without what was refunded
   * @param expired includes what was carried over
   */
  record Amounts(int amount, int remaining, int spent, int expired) {}

  static Grant of(Row row) {
    String day = row.textOrNull("entitled_on");
    return new Grant(
        row.uuid("id"),
        row.wireName("credit_type", CreditType.class),
        new Amounts(
            row.integer("amount"),
            row.integer("remaining"),
            row.integer("spent"),
            row.integer("expired")),
        day == null ? null : LocalDate.parse(day),
        row.uuidOrNull("purchase_id"),
        row.text("dedup_key"),
        row.instantOrNull("expires_at"),
        row.instant("created_at"));
  }

  int remaining() {
    return amounts.remaining();
  }

  boolean isExpired(Instant now) {
    return expiresAt != null && !now.isBefore(expiresAt);
  }

  /** Spends credits, or refunds them if the count is negative. */
  Grant spend(int count) {
    return with(count, 0);
  }

  /** Expires credits, or makes expired ones available if the count is negative. */
  Grant expire(int count) {
    return with(0, count);
  }

  private Grant with(int newlySpent, int newlyExpired) {
    Amounts changed =
        new Amounts(
            amounts.amount(),
            amounts.remaining() - newlySpent - newlyExpired,
            amounts.spent() + newlySpent,
            amounts.expired() + newlyExpired);
    return new Grant(id, type, changed, entitledOn, purchaseId, dedupKey, expiresAt, createdAt);
  }
}
