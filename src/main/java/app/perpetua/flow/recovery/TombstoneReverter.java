package app.perpetua.flow.recovery;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.undo.ChangedRow;
import app.perpetua.flow.undo.ChangedRow.Kind;
import app.perpetua.flow.undo.Changeset;
import app.perpetua.flow.undo.RowReverter;
import java.util.List;
import java.util.UUID;

/**
 * Reverts what deletions and recoveries have done to tombstones. Tombstones that newer ones have
 * displaced since, or that have expired, do not matter. Thread-safe.
 */
final class TombstoneReverter implements RowReverter {
  private final Tombstones tombstones;
  private final Json json;

  TombstoneReverter(Tombstones tombstones, Json json) {
    this.tombstones = tombstones;
    this.json = json;
  }

  @Override
  public String type() {
    return "tombstone";
  }

  /** The deleted entities themselves are checked. */
  @Override
  public void check(Tx tx, Changeset change) {}

  @Override
  public void removeCreated(Tx tx, Changeset change) {
    List<UUID> ids = change.ids(type(), Kind.CREATED);
    if (!ids.isEmpty()) {
      tx.sql("recovery.remove_created_tombstones").bind("ids", ids).run();
    }
  }

  @Override
  public void restore(Tx tx, Changeset change) {
    List<ChangedRow> deleted = change.of(type(), Kind.DELETED);
    if (!deleted.isEmpty()) {
      tx.sql("recovery.insert_former_tombstones").bind("rows", json.text(deleted)).run();
      tombstones.keepNewest(tx);
    }
  }
}
