package app.perpetua.flow.recovery;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.recovery.Deletion.EntityType;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.UUID;

/**
 * Undoes deletions (FR-062 to FR-064): restores the entity, removes its tombstone and emits one
 * event, to which no listener reacts. {@link #recover} and {@link #recoverTask} require the owner's
 * lock. Thread-safe.
 */
final class Recovery {
  private final Restorer tasks;
  private final Restorer notes;
  private final Restorer lists;
  private final Events events;

  Recovery(Restorer tasks, Restorer notes, Restorer lists, Events events) {
    this.tasks = tasks;
    this.notes = notes;
    this.lists = lists;
    this.events = events;
  }

  /** The user's deletions that can be undone, newest first; refuses a deleted account. */
  List<Deletion> list(Tx tx) {
    return tx.sql("recovery.list_tombstones").oneToMany(_ -> true, Deletion::of).many();
  }

  /**
   * Restores the entity of a tombstone and returns it.
   *
   * @throws Refusal {@code FORBIDDEN} if the tombstone is another user's, {@code NOT_FOUND} if it
   *     was used, displaced by newer ones or has expired, {@code CONFLICT} if the entity's id is in
   *     use again
   */
  Object recover(Tx tx, UUID tombstoneId) {
    return restore(tx, tombstoneId, find(tx, tombstoneId));
  }

  /** As {@link #recover}, but refuses the tombstone of anything else with {@code NOT_FOUND}. */
  Object recoverTask(Tx tx, UUID tombstoneId) {
    EntityType type = find(tx, tombstoneId);
    if (type != EntityType.TASK) {
      throw Refusal.of(ErrorCode.NOT_FOUND, "the tombstone does not belong to a task");
    }
    return restore(tx, tombstoneId, type);
  }

  private Object restore(Tx tx, UUID tombstoneId, EntityType type) {
    Restorer restorer =
        switch (type) {
          case TASK -> tasks;
          case NOTE -> notes;
          case LIST -> lists;
        };
    Restorer.Restored restored = restorer.restore(tx, tombstoneId);
    tx.sql("recovery.remove_tombstone").bind("id", tombstoneId).atCommit();
    events.emit(tx, restored.event());
    return restored.entity();
  }

  private static EntityType find(Tx tx, UUID tombstoneId) {
    return tx.sql("recovery.find_tombstone")
        .bind("id", tombstoneId)
        .one(row -> row.wireName("entity_type", EntityType.class))
        .orElseThrow(() -> tx.missing("recovery.find_tombstone_owner", "tombstone", tombstoneId));
  }
}
