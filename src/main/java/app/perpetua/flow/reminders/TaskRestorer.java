package app.perpetua.flow.reminders;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.recovery.Restorer;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.DeletedTasks;
import app.perpetua.flow.tasks.TaskDetail;
import java.util.List;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** Restores a task with its subtasks and reminders. Thread-safe. */
final class TaskRestorer implements Restorer {
  private final DeletedTasks tasks;
  private final Reminders reminders;
  private final Json json;

  TaskRestorer(Reminders reminders, Json json) {
    this.tasks = new DeletedTasks(json);
    this.reminders = reminders;
    this.json = json;
  }

  @Override
  public Restored restore(Tx tx, UUID tombstoneId) {
    TaskDetail restored = tasks.restore(tx, tombstoneId);
    Reminders.Restored withTask = reminders.restore(tx, tombstoneId);
    List<JsonNode> rendered =
        withTask.reminders().stream().map(reminder -> json.parse(json.text(reminder))).toList();
    return new Restored(
        new TaskDetail(restored.task(), restored.subtasks(), rendered),
        new Event.TaskRecovered(restored.task().id(), tombstoneId, withTask.lapsed()));
  }
}
