package app.perpetua.flow.credits;

import app.perpetua.flow.base.WireName;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One line of the ledger.
 *
 * @param grantId the grant it touches
 * @param amount signed
 * @param balanceAfter the user's total over all grants
 * @param ref what it was for; all lines of one charge share it
 * @param description in plain words, for the history
 * @param expiresAt the grant's
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
  /** What happened to the grant. */
  enum Operation implements WireName {
    GRANT,
    CONSUME,
    EXPIRE,
    CARRYOVER,
    REFUND
  }
}
