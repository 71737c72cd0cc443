package app.perpetua.flow.lists;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.recovery.Restorer;
import app.perpetua.flow.recovery.Tombstone;
import app.perpetua.flow.recovery.Tombstones;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.InstanceScheduler;
import app.perpetua.flow.tasks.Task;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.ToIntBiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Deletes lists and restores those that were deleted with their tasks (FR-193). All of a list is
 * one tombstone, so that the limit of tombstones cannot displace a part of it. Each statement is
 * for all tasks. Requires the owner's lock. Thread-safe.
 */
final class ListDeletions implements Restorer {
  /** The largest list that can be deleted with its tasks, so that it can be recovered. */
  static final int MAX_TASKS = 10_000;

  /** Tasks that a statement moves; each has three seconds. */
  private static final int MOVED = 5_000;

  /** Tasks that a statement restores, whose texts may be long, and subtasks. */
  private static final int RESTORED = 500;

  /**
   * A deleted list.
   *
   * @param taskCount tasks that were moved to the inbox or deleted with it
   */
  record Deleted(
      UUID listId, int taskCount, @Nullable UUID tombstoneId, @Nullable Instant recoverableUntil) {}

  private record Counts(int tasks, int open) {
    Counts plus(Counts other) {
      return new Counts(tasks + other.tasks, open + other.open);
    }

    static Counts of(Row row) {
      return new Counts(row.integer("tasks"), row.integer("open"));
    }
  }

  private final Lists lists;
  private final Tombstones tombstones;
  private final InstanceScheduler instances;
  private final ToIntBiFunction<Tx, UUID> reminders;
  private final Events events;

  /**
   * @param reminders restores the reminders of a tombstone; returns how many were marked as fired
   *     without a notification
   */
  ListDeletions(
      Lists lists,
      Tombstones tombstones,
      InstanceScheduler instances,
      ToIntBiFunction<Tx, UUID> reminders,
      Events events) {
    this.lists = lists;
    this.tombstones = tombstones;
    this.instances = instances;
    this.reminders = reminders;
    this.events = events;
  }

  /** Deletes a list after moving its tasks and templates to the inbox. */
  Deleted deleteMovingTasks(Tx tx, UUID id) {
    lists.get(tx, id);
    int moved = tx.sql("lists.count_tasks").bind("id", id).one(Counts::of).orElseThrow().tasks();
    for (int left = moved; left > 0; left -= MOVED) {
      Query move = tx.sql("lists.move_tasks_to_inbox").bind("id", id).bind("limit", MOVED);
      if (left > MOVED) {
        move.run();
      } else {
        move.atCommit();
      }
    }
    tx.sql("lists.move_templates_to_inbox").bind("id", id).bind("deactivated", false).atCommit();
    tx.sql("lists.delete_list").bind("id", id).atCommit();
    events.emit(tx, new Event.ListDeleted(id, null, moved, null));
    return new Deleted(id, moved, null, null);
  }

  /**
   * Deletes a list with all its tasks, leaving one tombstone. Its templates move to the inbox and
   * are deactivated, so that no further tasks appear there.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if it has more than {@link #MAX_TASKS} tasks
   */
  Deleted deleteWithTasks(Tx tx, UUID id) {
    lists.get(tx, id);
    Counts deleted = tx.sql("lists.count_tasks").bind("id", id).one(Counts::of).orElseThrow();
    if (deleted.tasks() > MAX_TASKS) {
      throw Refusal.invalid(
          "tasks", "must be move, because the list has more than " + MAX_TASKS + " tasks");
    }
    Event.RunningFocus focus =
        tx.sql("lists.find_focus")
            .bind("id", id)
            .one(
                row ->
                    new Event.RunningFocus(
                        row.uuid("task_id"),
                        Task.focusSeconds(row.instant("started_at"), tx.now())))
            .orElse(null);
    List<UUID> templates =
        tx.sql("lists.find_templates_elsewhere").bind("id", id).list(row -> row.uuid("id"));
    Tombstone tombstone = tombstones.next(tx);
    // At once, because the reminders whose jobs are to be cancelled are read from it.
    tx.sql("lists.insert_tombstone")
        .bind("id", id)
        .bind("tombstone_id", tombstone.tombstoneId())
        .bind("recoverable_until", tombstone.recoverableUntil())
        .bind("focus_task_id", focus == null ? null : focus.taskId())
        .bind("focus_seconds", focus == null ? 0 : focus.seconds())
        .run();
    tombstones.keepNewest(tx);
    tx.sql("lists.keep_parts").bind("id", id).atCommit();
    tx.sql("lists.move_templates_to_inbox").bind("id", id).bind("deactivated", true).atCommit();
    tx.sql("lists.delete_tasks").bind("id", id).atCommit();
    if (deleted.open() != 0) {
      tx.sql("tasks.count_open_tasks").bind("open_delta", -deleted.open()).atCommit();
    }
    tx.sql("lists.delete_list").bind("id", id).atCommit();
    templates.forEach(template -> instances.scheduleNext(tx, template));
    events.emit(tx, new Event.ListDeleted(id, tombstone.tombstoneId(), deleted.tasks(), focus));
    return new Deleted(id, deleted.tasks(), tombstone.tombstoneId(), tombstone.recoverableUntil());
  }

  /** Restores a list with its tasks, and activates its templates again unless they were changed. */
  @Override
  public Restored restore(Tx tx, UUID tombstoneId) {
    record Found(UUID listId, int tasks, int subtasks, boolean inUse) {}
    Found found =
        tx.sql("lists.find_deleted")
            .bind("tombstone_id", tombstoneId)
            .one(
                row ->
                    new Found(
                        row.uuid("id"),
                        row.integer("tasks"),
                        row.integer("subtasks"),
                        row.bool("id_in_use")))
            .orElseThrow();
    if (found.inUse()) {
      throw Refusal.of(ErrorCode.CONFLICT, "another list or task has the id of a deleted one");
    }
    tx.sql("lists.restore_list").bind("tombstone_id", tombstoneId).run();
    List<UUID> templates =
        tx.sql("lists.restore_templates")
            .bind("tombstone_id", tombstoneId)
            .list(row -> row.uuid("id"));
    Counts restored = new Counts(0, 0);
    for (int skipped = 0; skipped < found.tasks(); skipped += RESTORED) {
      restored =
          restored.plus(
              part(tx.sql("lists.restore_tasks"), tombstoneId, skipped)
                  .one(Counts::of)
                  .orElseThrow());
    }
    if (restored.open() != 0) {
      tx.sql("tasks.count_open_tasks").bind("open_delta", restored.open()).run();
    }
    for (int skipped = 0; skipped < found.subtasks(); skipped += RESTORED) {
      part(tx.sql("lists.restore_subtasks"), tombstoneId, skipped).run();
    }
    int lapsed = reminders.applyAsInt(tx, tombstoneId);
    templates.forEach(template -> instances.scheduleNext(tx, template));
    return new Restored(
        lists.get(tx, found.listId()),
        new Event.ListRecovered(found.listId(), tombstoneId, restored.tasks(), lapsed));
  }

  private static Query part(Query query, UUID tombstoneId, int skipped) {
    return query.bind("tombstone_id", tombstoneId).bind("skipped", skipped).bind("limit", RESTORED);
  }
}
