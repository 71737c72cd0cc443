package app.perpetua.flow.jobs;

import app.perpetua.flow.sql.Tx;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Deletes expired rows once a day, then maintains the partitions. Thread-safe. */
public final class CleanupJob implements DailyJobs.Batch {
  /** The kind of the daily job. */
  public static final String KIND = "cleanup";

  /** Rows per sweep and transaction; few enough to take a fraction of a transaction's time. */
  static final int BATCH = 1_000;

  private static final String ROWS = "rows";
  private static final String PARTITIONS = "days";

  /** Deletes expired rows of one table. */
  @FunctionalInterface
  public interface Sweep {
    /**
     * Deletes up to {@code batch} rows.
     *
     * @param tx a system transaction
     * @return the number of deleted rows
     */
    int delete(Tx tx, int batch);
  }

  private final List<Sweep> sweeps;
  private final Predicate<Tx> maintenance;

  /**
   * @param maintenance one step of partition maintenance, in a transaction of its own because it
   *     locks tables that every request writes to; true if another step is needed
   */
  public CleanupJob(List<Sweep> sweeps, Predicate<Tx> maintenance) {
    this.sweeps = List.copyOf(sweeps);
    this.maintenance = maintenance;
  }

  @Override
  public Optional<String> run(Tx tx, LocalDate day, String cursor) {
    if (cursor.equals(PARTITIONS)) {
      return maintenance.test(tx) ? Optional.of(PARTITIONS) : Optional.empty();
    }
    boolean more = false;
    for (Sweep sweep : sweeps) {
      more |= sweep.delete(tx, BATCH) >= BATCH;
    }
    return Optional.of(more ? ROWS : PARTITIONS);
  }
}
