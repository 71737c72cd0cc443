package app.perpetua.flow.tasks;

import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sync.SyncedType;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.annotation.JsonUnwrapped;

/**
 * A task with its subtasks, as clients that keep a copy of it read it.
 *
 * @param subtasks an array, as defined by the API contract, in JSON that the database has made
 */
record TaskWithSubtasks(@JsonUnwrapped Task task, @JsonRawValue String subtasks) {
  static SyncedType.Entity synced(Row row) {
    Task task = Task.of(row);
    return new SyncedType.Entity(
        task.id(), task.version(), new TaskWithSubtasks(task, row.text("subtasks")));
  }
}
