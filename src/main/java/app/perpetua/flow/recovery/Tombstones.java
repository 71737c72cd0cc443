package app.perpetua.flow.recovery;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.sql.Tx;

/**
 * Assigns ids and expiry times to tombstones and drops old ones. The feature that deletes an entity
 * writes the tombstone itself, in the statement that removes the rows. Thread-safe.
 */
public final class Tombstones {
  private final TombstoneConfig config;
  private final Ids ids;

  public Tombstones(TombstoneConfig config, Ids ids) {
    this.config = config;
    this.ids = ids;
  }

  /** A tombstone for a deletion in this transaction. */
  public Tombstone next(Tx tx) {
    return new Tombstone(ids.next(), tx.now().plus(config.lifetime()));
  }

  /** Drops all but the user's newest tombstones. Call it after the statement that writes one. */
  public void keepNewest(Tx tx) {
    tx.sql("recovery.keep_newest").bind("kept", config.max()).atCommit();
  }

  /**
   * Deletes expired tombstones of all users.
   *
   * @param tx a system transaction
   * @return the number deleted, at most {@code batch}
   */
  int deleteExpired(Tx tx, int batch) {
    return tx.sql("recovery.delete_expired").bind("count", batch).run();
  }
}
