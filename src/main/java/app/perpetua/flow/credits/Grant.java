package app.perpetua.flow.credits;

import app.perpetua.flow.sql.Row;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.time.LocalDate;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Credits granted together. Always {@code amount = remaining + spent + expired}.
 *
 * @param spent without what was refunded
 * @param expired includes what was carried over
 * @param entitledOn the UTC day to whose entitlement it counts; null if it is not a daily grant
 * @param purchaseId null if it was not bought
 * @param dedupKey unique per user, so that nothing is granted twice
 * @param expiresAt exclusive end of its validity; null for none
 */
record Grant(
    UUID id,
    @JsonProperty("credit_type") CreditType type,
    int amount,
    int remaining,
    int spent,
    int expired,
    @Nullable LocalDate entitledOn,
    @Nullable UUID purchaseId,
    String dedupKey,
    @Nullable Instant expiresAt,
    Instant createdAt) {
  static Grant of(Row row) {
    String day = row.textOrNull("entitled_on");
    return new Grant(
        row.uuid("id"),
        row.wireName("credit_type", CreditType.class),
        row.integer("amount"),
        row.integer("remaining"),
        row.integer("spent"),
        row.integer("expired"),
        day == null ? null : LocalDate.parse(day),
        row.uuidOrNull("purchase_id"),
        row.text("dedup_key"),
        row.instantOrNull("expires_at"),
        row.instant("created_at"));
  }

  boolean isExpired(Instant now) {
    return expiresAt != null && !now.isBefore(expiresAt);
  }

  Grant spend(int count) {
    return with(remaining - count, spent + count, expired);
  }

  Grant refund(int count) {
    return with(remaining + count, spent - count, expired);
  }

  Grant expire(int count) {
    return with(remaining - count, spent, expired + count);
  }

  private Grant with(int remaining, int spent, int expired) {
    return new Grant(
        id,
        type,
        amount,
        remaining,
        spent,
        expired,
        entitledOn,
        purchaseId,
        dedupKey,
        expiresAt,
        createdAt);
  }
}
