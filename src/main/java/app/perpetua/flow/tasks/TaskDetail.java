package app.perpetua.flow.tasks;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Row;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.List;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/**
 * A task with its subtasks and reminders.
 *
 * @param subtasks by {@code order_index}
 * @param reminders soonest first, as defined by the API contract: their class belongs to a feature
 *     that depends on this one
 */
public record TaskDetail(
    @JsonUnwrapped Task task, List<Subtask> subtasks, List<JsonNode> reminders) {
  static TaskDetail of(Row row, Json json) {
    return new TaskDetail(
        Task.withFocus(row),
        List.of(json.read(row.text("subtasks"), Subtask[].class)),
        List.copyOf(json.parse(row.text("reminders")).values()));
  }

  Subtask subtask(UUID id) {
    return subtasks.stream().filter(subtask -> subtask.id().equals(id)).findFirst().orElseThrow();
  }
}
