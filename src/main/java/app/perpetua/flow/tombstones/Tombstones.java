package app.perpetua.flow.tombstones;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.UUID;

/**
 * The newest deletions of each user. The feature that deletes writes the snapshot itself, in the
 * statement that removes the rows; this class says under which id, until when, and which older ones
 * go. Thread-safe.
 */
public final class Tombstones {
  /**
   * What the answer to a deletion says.
   *
   * @param tombstoneId what recovery asks for
   * @param recoverableUntil when it is gone for good
   */
  public record Tombstone(UUID tombstoneId, Instant recoverableUntil) {}

  private final TombstoneConfig config;
  private final Ids ids;

  public Tombstones(TombstoneConfig config, Ids ids) {
    this.config = config;
    this.ids = ids;
  }

  /** A tombstone for a deletion of this transaction. */
  public Tombstone next(Tx tx) {
    return new Tombstone(ids.next(), tx.now().plus(config.life()));
  }

  /** Drops all but the newest; to be called behind the statement that writes one. */
  public void keepNewest(Tx tx) {
    tx.sql("tombstones.keep_newest").bind("kept", config.kept()).atCommit();
  }

  /**
   * Drops those whose time is up, of all users.
   *
   * @param tx the system's
   * @return how many, at most {@code batch}
   */
  public int deleteExpired(Tx tx, int batch) {
    return tx.sql("tombstones.delete_expired").bind("count", batch).run();
  }
}
