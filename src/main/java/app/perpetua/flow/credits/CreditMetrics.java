package app.perpetua.flow.credits;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/**
 * What Prometheus reads about credits (FR-066): how many were granted, spent, given back, expired
 * and carried over, by type. Counted by the process that moved them, after the commit ({@link
 * app.perpetua.flow.sql.Tx#afterCommit}), so that nothing is counted that was rolled back; a commit
 * whose answer was lost is not. What must be exact is asked of the ledger. Thread-safe.
 */
final class CreditMetrics {
  private final MeterRegistry registry;

  CreditMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Counts a movement's credits; those carried over once, where they arrive. */
  void moved(LedgerEntry movement) {
    if (movement.operation() == LedgerEntry.Operation.CARRYOVER && movement.amount() < 0) {
      return;
    }
    Counter.builder("credit.movements")
        .description("Credits by what happened to them")
        .tag("operation", movement.operation().wireName())
        .tag("type", movement.type().wireName())
        .register(registry)
        .increment(Math.abs((double) movement.amount()));
  }
}
