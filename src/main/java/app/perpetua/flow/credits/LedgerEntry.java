package app.perpetua.flow.credits;

import app.perpetua.flow.base.WireName;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A change of a grant, as it is stored in the ledger.
 *
 * @param amount signed
 * @param balanceAfter the user's total over all grants
 * @param ref shared by all entries of one charge
 * @param description for the history
 * @param expiresAt when the grant expires; null for never
 */
record LedgerEntry(
    UUID id,
    UUID grantId,
    CreditType type,
    Operation operation,
    int amount,
    int balanceAfter,
    String ref,
    String description,
    @Nullable Instant expiresAt) {
  enum Operation implements WireName {
    GRANT,
    CONSUME,
    EXPIRE,
    CARRYOVER,
    REFUND
  }
}
