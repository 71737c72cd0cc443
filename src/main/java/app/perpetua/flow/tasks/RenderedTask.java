package app.perpetua.flow.tasks;

import app.perpetua.flow.sql.Row;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.annotation.JsonUnwrapped;

/**
 * A task with its subtasks and reminders, as {@link TaskDetail}, for an answer: these are the JSON
 * that the database has made.
 *
 * @param subtasks an array, as defined by the API contract
 * @param reminders likewise
 */
record RenderedTask(
    @JsonUnwrapped Task task, @JsonRawValue String subtasks, @JsonRawValue String reminders) {
  static RenderedTask of(Row row) {
    return new RenderedTask(Task.of(row), row.text("subtasks"), row.text("reminders"));
  }
}
