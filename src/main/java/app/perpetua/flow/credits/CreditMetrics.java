package app.perpetua.flow.credits;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/**
 * Counts credits granted, spent, refunded, expired and carried over, by type (FR-066), after the
 * commit ({@link app.perpetua.flow.sql.Tx#afterCommit}). Approximate: a commit whose result is
 * unknown is not counted; exact numbers are in the ledger. Thread-safe.
 */
final class CreditMetrics {
  private final MeterRegistry registry;

  CreditMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Counts the credits of an entry; carried-over ones only in the grant that receives them. */
  void count(LedgerEntry entry) {
    if (entry.operation() == LedgerEntry.Operation.CARRYOVER && entry.amount() < 0) {
      return;
    }
    Counter.builder("credit.movements")
        .description("Credits by operation and type")
        .tag("operation", entry.operation().wireName())
        .tag("type", entry.type().wireName())
        .register(registry)
        .increment(Math.abs((double) entry.amount()));
  }
}
