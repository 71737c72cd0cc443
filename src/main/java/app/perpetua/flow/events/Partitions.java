package app.perpetua.flow.events;

import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;

/**
 * Keeps a partition of the activity log ready for every day on which something may happen: from
 * yesterday, for a clock that is behind, to a week ahead, for a night in which nobody makes any.
 * Thread-safe.
 */
public final class Partitions {
  private static final System.Logger LOG = System.getLogger(Partitions.class.getName());
  private static final int DAYS_BEHIND = 1;
  private static final int DAYS_AHEAD = 7;
  private static final int DAYS_KEPT = 30;

  private final Db db;

  /** Each day is made in a transaction of its own: it locks the log against writers until then. */
  public Partitions(Db db) {
    this.db = db;
  }

  /**
   * Makes what is missing around that time.
   *
   * @return true if there was anything to make
   * @throws DatabaseException if the database cannot answer, or writers did not let it in
   */
  public boolean ensure(Instant now) {
    LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
    boolean made = false;
    for (int day = -DAYS_BEHIND; day <= DAYS_AHEAD; day++) {
      LocalDate date = today.plusDays(day);
      made |= db.write(Actor.system(null), tx -> make(tx, date));
    }
    return made;
  }

  /**
   * Makes one day that is missing around the day of that transaction; it should do nothing else.
   *
   * @param tx the system's
   * @return false if there is none missing
   * @throws DatabaseException {@code BUSY} if writers did not let it in at once
   */
  public boolean makeOne(Tx tx) {
    LocalDate today = LocalDate.ofInstant(tx.now(), ZoneOffset.UTC);
    waitBriefly(tx);
    for (int day = -DAYS_BEHIND; day <= DAYS_AHEAD; day++) {
      if (make(tx, today.plusDays(day))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Drops the days that are no longer kept (FR-054); the transaction should do nothing else.
   *
   * @param tx the system's
   * @throws DatabaseException {@code BUSY} if readers or writers did not let it in at once
   */
  public void dropOld(Tx tx) {
    LocalDate today = LocalDate.ofInstant(tx.now(), ZoneOffset.UTC);
    waitBriefly(tx);
    int dropped =
        tx.sql("events.drop_days_before")
            .bind("day", today.minusDays(DAYS_KEPT).toString())
            .one(row -> row.integer("dropped"))
            .orElse(0);
    LOG.log(System.Logger.Level.DEBUG, "dropped {0} days of the activity log", dropped);
  }

  private static void waitBriefly(Tx tx) {
    tx.sql("events.wait_briefly").list(row -> row.text("lock_timeout"));
  }

  private static boolean make(Tx tx, LocalDate day) {
    return tx.sql("events.make_day")
        .bind("day", day.toString())
        .one(row -> row.bool("made"))
        .orElse(false);
  }
}
