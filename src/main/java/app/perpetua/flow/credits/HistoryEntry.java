package app.perpetua.flow.credits;

import app.perpetua.flow.sql.Row;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A ledger entry, as defined by the API contract.
 *
 * @param amount signed
 * @param balanceAfter the user's total after this entry
 * @param operationRef shared by the entries of one charge
 * @param expiresAt when the changed grant expires; null for never
 */
record HistoryEntry(
    UUID id,
    UUID userId,
    CreditType creditType,
    LedgerEntry.Operation operation,
    int amount,
    int balanceAfter,
    @Nullable String operationRef,
    String description,
    @Nullable Instant expiresAt,
    Instant createdAt) {
  /** The operation again, under the name that the published frontend reads. */
  @JsonProperty
  LedgerEntry.Operation type() {
    return operation;
  }

  /** The credit type again, under the name that the published frontend reads. */
  @JsonProperty
  CreditType category() {
    return creditType;
  }

  static HistoryEntry of(Row row) {
    return new HistoryEntry(
        row.uuid("id"),
        row.uuid("user_id"),
        row.wireName("credit_type", CreditType.class),
        row.wireName("operation", LedgerEntry.Operation.class),
        row.integer("amount"),
        row.integer("balance_after"),
        row.textOrNull("operation_ref"),
        row.text("description"),
        row.instantOrNull("expires_at"),
        row.instant("created_at"));
  }
}
