package app.perpetua.flow.cleanup;

import app.perpetua.flow.events.Partitions;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.sql.Tx;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;

/**
 * What is no longer needed goes, once a day: first rows, a batch per transaction, as each feature
 * says; then days of the activity log, after the coming ones are made. Thread-safe.
 */
public final class Cleanup implements DailyJobs.Batch {
  /** Few enough that a transaction takes a fraction of its time. */
  public static final int BATCH = 1_000;

  private static final String DAYS = "days";

  /** What one feature deletes. */
  @FunctionalInterface
  public interface Sweep {
    /**
     * Deletes what has outlived its use.
     *
     * @param tx the system's
     * @param batch how many rows at most
     * @return how many it was
     */
    int delete(Tx tx, int batch);
  }

  private final List<Sweep> sweeps;
  private final Partitions partitions;

  public Cleanup(List<Sweep> sweeps, Partitions partitions) {
    this.sweeps = List.copyOf(sweeps);
    this.partitions = partitions;
  }

  @Override
  public Optional<String> run(Tx tx, LocalDate day, String cursor) {
    if (cursor.equals(DAYS)) {
      // One a transaction: making and dropping days locks what every request writes to.
      if (partitions.makeOne(tx)) {
        return Optional.of(DAYS);
      }
      partitions.dropOld(tx);
      return Optional.empty();
    }
    boolean left = false;
    for (Sweep sweep : sweeps) {
      left |= sweep.delete(tx, BATCH) >= BATCH;
    }
    return Optional.of(left ? "rows" : DAYS);
  }
}
