package app.perpetua.flow.tasks;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Row;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A task with everything that hangs on it.
 *
 * @param task the task
 * @param subtasks in order
 * @param reminders by time, in the contract's shape
 */
public record TaskDetail(
    @JsonUnwrapped Task task, List<Subtask> subtasks, List<JsonNode> reminders) {
  static TaskDetail of(Row row, Json json) {
    return new TaskDetail(
        Task.withFocus(row),
        List.of(json.read(row.text("subtasks"), Subtask[].class)),
        List.copyOf(json.parse(row.text("reminders")).values()));
  }
}
