package app.perpetua.flow.credits;

import app.perpetua.flow.sql.Row;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.time.LocalDate;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Credits that were added at one time. {@code amount = remaining + spent + expired}, always.
 *
 * @param amount what was granted
 * @param remaining what can still be spent
 * @param spent what was, less what was given back
 * @param expired what was left unused
 * @param entitledOn the UTC day whose entitlement it uses up; null where it is none
 * @param purchaseId the purchase that paid for it
 * @param dedupKey what it was granted for; unique per user
 * @param expiresAt from when on it cannot be spent; null for never
 * @param createdAt when it was granted
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
