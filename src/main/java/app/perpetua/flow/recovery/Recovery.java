package app.perpetua.flow.recovery;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.notes.Note;
import app.perpetua.flow.notes.Notes;
import app.perpetua.flow.reminders.Reminders;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.DeletedTasks;
import app.perpetua.flow.tasks.TaskDetail;
import app.perpetua.flow.tasks.Tasks;
import java.util.List;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/**
 * Undoes deletions (FR-062 to FR-064): what was deleted comes back as it was, whatever the limits,
 * and nothing follows from that; its tombstone goes. Runs under the owner's lock, as {@link Tasks}
 * does. Thread-safe.
 */
public final class Recovery {
  /** What came back. */
  public sealed interface Recovered {}

  /** A task, with its subtasks and reminders. */
  public record OfTask(TaskDetail task) implements Recovered {}

  /** A note. */
  public record OfNote(Note note) implements Recovered {}

  private record TombstoneRef(String entityType, UUID entityId) {
    boolean isTask() {
      return entityType.equals("task");
    }
  }

  private final DeletedTasks buriedTasks;
  private final Notes notes;
  private final Reminders reminders;
  private final Json json;
  private final Events events;

  public Recovery(
      DeletedTasks buriedTasks, Notes notes, Reminders reminders, Json json, Events events) {
    this.buriedTasks = buriedTasks;
    this.notes = notes;
    this.reminders = reminders;
    this.json = json;
    this.events = events;
  }

  /**
   * What can be undone, newest first.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public List<Deletion> list(Tx tx) {
    return tx.sql("recovery.list_tombstones").oneToMany(_ -> true, Deletion::of).many();
  }

  /**
   * Brings back what a tombstone keeps.
   *
   * @throws Refusal {@code FORBIDDEN} if it is another user's, {@code NOT_FOUND} if it was used,
   *     replaced by newer ones or has expired, {@code CONFLICT} if the id is in use again
   */
  public Recovered recover(Tx tx, UUID tombstoneId) {
    TombstoneRef grave = find(tx, tombstoneId);
    return grave.isTask()
        ? new OfTask(task(tx, tombstoneId, grave.entityId()))
        : new OfNote(note(tx, tombstoneId));
  }

  /**
   * Brings back a task.
   *
   * @throws Refusal as {@link #recover} does, {@code NOT_FOUND} also if the tombstone is a note's
   */
  public TaskDetail recoverTask(Tx tx, UUID tombstoneId) {
    TombstoneRef grave = find(tx, tombstoneId);
    if (!grave.isTask()) {
      throw Refusal.of(ErrorCode.NOT_FOUND, "there is no such tombstone of a task");
    }
    return task(tx, tombstoneId, grave.entityId());
  }

  private TaskDetail task(Tx tx, UUID tombstoneId, UUID taskId) {
    DeletedTasks.Restored restored = buriedTasks.restore(tx, tombstoneId);
    Reminders.Restored withIt = reminders.restore(tx, tombstoneId);
    remove(tx, tombstoneId);
    events.emit(tx, new Event.TaskRecovered(taskId, tombstoneId, withIt.lapsed()));
    List<JsonNode> shown =
        withIt.reminders().stream().map(reminder -> json.parse(json.text(reminder))).toList();
    return new TaskDetail(restored.task(), restored.subtasks(), shown);
  }

  private Note note(Tx tx, UUID tombstoneId) {
    Note note = notes.restore(tx, tombstoneId);
    remove(tx, tombstoneId);
    events.emit(tx, new Event.NoteRecovered(note.id(), tombstoneId));
    return note;
  }

  private static void remove(Tx tx, UUID tombstoneId) {
    tx.sql("recovery.remove_tombstone").bind("id", tombstoneId).atCommit();
  }

  private static TombstoneRef find(Tx tx, UUID tombstoneId) {
    return tx.sql("recovery.find_tombstone")
        .bind("id", tombstoneId)
        .one(row -> new TombstoneRef(row.text("entity_type"), row.uuid("entity_id")))
        .orElseThrow(() -> tx.missing("recovery.find_tombstone_owner", "tombstone", tombstoneId));
  }
}
