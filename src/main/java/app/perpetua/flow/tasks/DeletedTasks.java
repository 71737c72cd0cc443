package app.perpetua.flow.tasks;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Tx;
import java.time.ZoneId;
import java.util.List;
import java.util.UUID;

/** Restores deleted tasks from their tombstones (FR-063). Thread-safe. */
public final class DeletedTasks {
  private final Json json;

  public DeletedTasks(Json json) {
    this.json = json;
  }

  /**
   * Restores a task with its subtasks, but without its reminders, regardless of limits. If its
   * template no longer exists or has another task for the same occurrence, the task is restored
   * without a template, so that recovery always succeeds. Requires the owner's lock.
   *
   * @param tombstoneId a task's tombstone of the acting user
   * @throws Refusal {@code CONFLICT} if its id is in use again
   */
  public TaskDetail restore(Tx tx, UUID tombstoneId) {
    record DeletedTask(
        Task task, List<Subtask> subtasks, boolean idInUse, boolean templateAvailable) {}
    DeletedTask deleted =
        tx.sql("tasks.find_deleted")
            .bind("tombstone_id", tombstoneId)
            .one(
                row ->
                    new DeletedTask(
                        Task.of(row),
                        List.of(json.read(row.text("subtasks"), Subtask[].class)),
                        row.bool("id_in_use"),
                        row.bool("template_available")))
            .orElseThrow();
    if (deleted.idInUse()) {
      throw Refusal.of(ErrorCode.CONFLICT, "another task has the deleted task's id");
    }
    Task task =
        deleted.task().recovered(deleted.templateAvailable(), ZoneId.of(tx.owner().timezone()));
    tx.sql("tasks.restore_task")
        .bind("tombstone_id", tombstoneId)
        .bind("template_id", task.templateId())
        .bind("due_date", task.dueDate())
        .bind("version", task.version())
        .bind("open_delta", task.open() ? 1 : 0)
        .bind("shown_delta", task.shown() ? 1 : 0)
        .atCommit();
    tx.sql("tasks.restore_subtasks").bind("tombstone_id", tombstoneId).atCommit();
    return new TaskDetail(task, deleted.subtasks(), List.of());
  }
}
