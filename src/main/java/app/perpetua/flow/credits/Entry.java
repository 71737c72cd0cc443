package app.perpetua.flow.credits;

import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A line of the ledger as the contract shows it.
 *
 * @param creditType daily, subscription, purchased or kickstart
 * @param operation grant, consume, expire, carryover or refund
 * @param amount signed
 * @param balanceAfter the user's total behind it
 * @param operationRef what it was for; lines of one charge share it
 * @param description in plain words
 * @param expiresAt when the grant it touched ends; null for never
 */
public record Entry(
    UUID id,
    UUID userId,
    String creditType,
    String operation,
    int amount,
    int balanceAfter,
    @Nullable String operationRef,
    String description,
    @Nullable Instant expiresAt,
    Instant createdAt) {
  static Entry of(Row row) {
    return new Entry(
        row.uuid("id"),
        row.uuid("user_id"),
        row.text("credit_type"),
        row.text("operation"),
        row.integer("amount"),
        row.integer("balance_after"),
        row.textOrNull("operation_ref"),
        row.text("description"),
        row.instantOrNull("expires_at"),
        row.instant("created_at"));
  }
}
