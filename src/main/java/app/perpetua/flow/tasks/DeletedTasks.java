package app.perpetua.flow.tasks;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.UUID;

/**
 * Deleted tasks, which their tombstones can bring back (FR-063). Runs under the owner's lock, as
 * {@link Tasks} does. Thread-safe.
 */
public final class DeletedTasks {
  /**
   * What came back, but for its reminders.
   *
   * @param task the task, one version on
   * @param subtasks in order
   */
  public record Restored(Task task, List<Subtask> subtasks) {}

  /**
   * A deleted task.
   *
   * @param taken whether its id is in use again
   * @param home whether its template, if it had one, has its place still: it is there, and no other
   *     task stands for the same occurrence
   */
  private record DeletedTask(Task task, List<Subtask> subtasks, boolean taken, boolean home) {
    static DeletedTask of(Row row, Json json) {
      return new DeletedTask(
          Task.of(row),
          List.of(json.read(row.text("subtasks"), Subtask[].class)),
          row.bool("taken"),
          row.bool("home"));
    }
  }

  private final Json json;

  public DeletedTasks(Json json) {
    this.json = json;
  }

  /**
   * Brings a task back with its subtasks, ids, times, flags and order, limit or not. Where its
   * template is gone, or has another task in its place, it comes back as a task of its own, so that
   * recovering always succeeds. The tombstone stays.
   *
   * @param tombstoneId the acting user's, of a task
   * @throws Refusal {@code CONFLICT} if its id is in use again
   */
  public Restored restore(Tx tx, UUID tombstoneId) {
    DeletedTask buried =
        tx.sql("tasks.find_deleted")
            .bind("tombstone_id", tombstoneId)
            .one(row -> DeletedTask.of(row, json))
            .orElseThrow();
    if (buried.taken()) {
      throw Refusal.of(ErrorCode.CONFLICT, "there is a task of that id again");
    }
    Task task = buried.task().recovered(buried.home());
    tx.sql("tasks.restore_task")
        .bind("tombstone_id", tombstoneId)
        .bind("template_id", task.templateId())
        .bind("version", task.version())
        .bind("open_delta", task.open() ? 1 : 0)
        .atCommit();
    tx.sql("tasks.restore_subtasks").bind("tombstone_id", tombstoneId).atCommit();
    return new Restored(task, buried.subtasks());
  }
}
