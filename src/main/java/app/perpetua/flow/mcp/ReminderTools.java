package app.perpetua.flow.mcp;

import static app.perpetua.flow.http.Route.Verb.GET;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.parsing.JsonReader;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Tools for reminders. Thread-safe. */
final class ReminderTools {
  private static final int MAX_TIME = 100;
  private static final int MAX_MINUTES = 43_200;

  private final Route list;
  private final Route listOfTask;
  private final Route create;

  ReminderTools(OperationIndex operations) {
    list = operations.of(GET, "/reminders");
    listOfTask = operations.of(GET, "/tasks/{id}/reminders");
    create = operations.command("reminder.create");
  }

  ObjectNode list(ToolCall call) {
    JsonReader arguments = call.arguments();
    UUID task = arguments.uuid("task_id");
    Integer offset = arguments.integer("offset", 0, Integer.MAX_VALUE);
    if (task != null && offset != null) {
      arguments.addError("offset", "must be absent with task_id: a task has few reminders");
    }
    arguments.validate();
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    if (task != null) {
      answer.set(
          "reminders", Views.items(call.read(listOfTask, Map.of("id", task.toString()), Map.of())));
      return answer.put("next_offset", (Integer) null);
    }
    int from = offset == null ? 0 : offset;
    JsonNode page =
        call.read(
            list,
            Map.of(),
            Map.of("offset", String.valueOf(from), "limit", String.valueOf(TaskTools.MAX_PAGE)));
    answer.set("reminders", Views.items(page));
    return answer.put(
        "next_offset",
        page.path("pagination").path("has_more").asBoolean()
            ? Integer.valueOf(from + TaskTools.MAX_PAGE)
            : null);
  }

  ObjectNode add(ToolCall call) {
    call.readWriteArguments();
    JsonReader arguments =
        call.arguments().required("task_id").notNull("at", "minutes_before", "push");
    UUID task = arguments.uuid("task_id");
    String at = arguments.untrimmedText("at", 1, MAX_TIME);
    Integer before = arguments.integer("minutes_before", 0, MAX_MINUTES);
    boolean push = Boolean.TRUE.equals(arguments.bool("push"));
    if (arguments.has("at") == arguments.has("minutes_before")) {
      arguments.addError("at", "must be present if and only if minutes_before is absent");
    }
    arguments.validate();
    ObjectNode args = JsonNodeFactory.instance.objectNode();
    args.put("task_id", String.valueOf(task));
    args.put("method", push ? "push" : "in_app");
    if (before == null) {
      args.put("type", "absolute").put("scheduled_at", at);
    } else {
      args.put("type", "before").put("offset_minutes", -before);
    }
    ToolCall.Done done = call.write(create, args);
    return TaskTools.answered(call, done.undoId(), "reminder", Views.entity(done.data()));
  }
}
