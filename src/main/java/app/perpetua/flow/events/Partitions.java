package app.perpetua.flow.events;

import app.perpetua.flow.base.UtcDay;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;

/**
 * Creates and drops the activity log's daily partitions. They exist from yesterday, for clocks that
 * are slow, to a week ahead, in case the daily job does not run. Thread-safe.
 */
public final class Partitions {
  private static final System.Logger LOG = System.getLogger(Partitions.class.getName());
  private static final int DAYS_BEHIND = 1;
  private static final int DAYS_AHEAD = 7;
  private static final int DAYS_KEPT = 30;

  private final Db db;

  public Partitions(Db db) {
    this.db = db;
  }

  /**
   * Creates the missing partitions around this time, each in its own transaction, because creating
   * one blocks writers of the log until the commit.
   *
   * @throws DatabaseException if the database is unavailable or the lock times out
   */
  public void ensure(Instant now) {
    for (String day : db.write(Actor.system(null), tx -> missing(tx, now))) {
      db.write(Actor.system(null), tx -> create(tx, day));
    }
  }

  /**
   * Runs one step of daily maintenance: creates a missing partition or, if none is missing, drops
   * those of days before the retention period (FR-054).
   *
   * @param tx a system transaction that does nothing else, because it blocks readers and writers of
   *     the log until the commit
   * @return whether another step is needed
   * @throws DatabaseException {@code LOCKED} if the lock is not available within 200 ms
   */
  public boolean maintain(Tx tx) {
    tx.sql("events.set_lock_timeout").list(row -> row.text("lock_timeout"));
    if (missing(tx, tx.now()).stream().anyMatch(day -> create(tx, day))) {
      return true;
    }
    int dropped =
        tx.sql("events.drop_partitions_before")
            .bind("day", UtcDay.of(tx.now()).minusDays(DAYS_KEPT).toString())
            .one(row -> row.integer("dropped"))
            .orElse(0);
    LOG.log(System.Logger.Level.DEBUG, "dropped {0} partitions of the activity log", dropped);
    return false;
  }

  /** The days around this time that have no partition, in order. */
  private static List<String> missing(Tx tx, Instant now) {
    LocalDate today = UtcDay.of(now);
    return tx.sql("events.missing_partitions")
        .bind("first", today.minusDays(DAYS_BEHIND).toString())
        .bind("days", DAYS_BEHIND + DAYS_AHEAD)
        .list(row -> row.text("day"));
  }

  private static boolean create(Tx tx, String day) {
    return tx.sql("events.create_partition")
        .bind("day", day)
        .one(row -> row.bool("created"))
        .orElse(false);
  }
}
