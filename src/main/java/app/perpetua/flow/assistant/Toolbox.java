package app.perpetua.flow.assistant;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.parsing.Formats;
import app.perpetua.flow.tasks.Priority;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDraft;
import app.perpetua.flow.tasks.TaskPatch;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The tools of one chat. They only collect proposals, validated like the user's own requests, and
 * return messages for the model. Tasks that were not in the prompt cannot be referred to. Confined
 * to one thread.
 */
final class Toolbox {
  /** Reads what the model proposes. */
  interface Reader {
    /**
     * Parses an action with the validation of the user's own requests. Of new subtasks, it keeps
     * the valid ones; if there are none, their errors are reported.
     *
     * @param type {@link Action#type}
     * @param data a JSON object
     * @param now for the validation of due dates
     * @throws Refusal {@code VALIDATION_ERROR}
     */
    Action read(String type, String data, Instant now);

    /**
     * Checks a new due date and day.
     *
     * @param zone the user's
     * @throws Refusal {@code VALIDATION_ERROR} if one is not allowed
     */
    void checkDays(@Nullable Instant due, @Nullable LocalDate day, Instant now, ZoneId zone);
  }

  private static final int MAX_PROPOSALS = 10;
  private static final int MAX_SUBTASKS = 20;

  private static final Schema TASK_ID =
      new Schema.StringSchema("the id of a task in the data", 36, 36);
  static final Schema TITLE = new Schema.StringSchema("what is to be done", 1, 200);
  private static final Schema DESCRIPTION = new Schema.StringSchema("details", 0, 1000);
  static final Schema PRIORITY =
      new Schema.EnumSchema("how important it is", List.of(WireName.all(Priority.class)));
  private static final Schema DUE =
      new Schema.StringSchema(
          "when it is due, an instant in UTC such as 2026-03-01T09:30:00.000Z", 1, 40);
  private static final Schema DUE_ON =
      new Schema.StringSchema(
          "the day on which it is due, without a time, such as 2026-03-01; null if due_date is set",
          1,
          10);
  private static final Schema MINUTES =
      new Schema.IntegerSchema("how many minutes it takes", 1, 720);

  static final List<Prompt.Tool> TOOLS =
      List.of(
          new Prompt.Tool(
              "create_task",
              "Proposes a new task.",
              members(
                  "title", TITLE,
                  "description", new Schema.NullableSchema(DESCRIPTION),
                  "priority", new Schema.NullableSchema(PRIORITY),
                  "due_date", new Schema.NullableSchema(DUE),
                  "due_on", new Schema.NullableSchema(DUE_ON),
                  "estimated_duration", new Schema.NullableSchema(MINUTES))),
          new Prompt.Tool(
              "update_task",
              "Proposes to change fields of a task; null leaves a field as it is.",
              members(
                  "task_id", TASK_ID,
                  "title", new Schema.NullableSchema(TITLE),
                  "description", new Schema.NullableSchema(DESCRIPTION),
                  "priority", new Schema.NullableSchema(PRIORITY),
                  "due_date", new Schema.NullableSchema(DUE),
                  "due_on", new Schema.NullableSchema(DUE_ON),
                  "estimated_duration", new Schema.NullableSchema(MINUTES))),
          new Prompt.Tool(
              "complete_task", "Proposes to mark a task as done.", members("task_id", TASK_ID)),
          new Prompt.Tool(
              "create_subtasks",
              "Proposes to add subtasks at the end of a task.",
              members(
                  "task_id",
                  TASK_ID,
                  "subtasks",
                  new Schema.ArraySchema(
                      "the steps, in order", members("title", TITLE), 1, MAX_SUBTASKS))));

  private final Reserved<Chat.Context> reserved;
  private final Reader reader;
  private final DueWords dueWords;
  private final Json json;
  private final List<Proposal> proposals = new ArrayList<>();

  Toolbox(Reserved<Chat.Context> reserved, Reader reader, DueWords dueWords, Json json) {
    this.reserved = reserved;
    this.reader = reader;
    this.dueWords = dueWords;
    this.json = json;
  }

  List<Proposal> proposals() {
    return List.copyOf(proposals);
  }

  /** Runs a call; returns the result for the model. */
  String call(ToolCall call) {
    if (TOOLS.stream().noneMatch(tool -> tool.name().equals(call.name()))) {
      return "There is no such tool.";
    }
    if (proposals.size() == MAX_PROPOSALS) {
      return "Enough has been proposed.";
    }
    ObjectNode arguments;
    try {
      if (!(json.parse(call.arguments()) instanceof ObjectNode object)) {
        return "The arguments must be a JSON object.";
      }
      arguments = object;
    } catch (JacksonException e) {
      return "The arguments are not valid JSON.";
    }
    return propose(call.name(), arguments);
  }

  private void checkDays(Action action) {
    ZoneId zone = ZoneId.of(reserved.timezone());
    switch (action) {
      case Action.CreateTask(TaskDraft draft) ->
          reader.checkDays(draft.dueDate(), draft.dueOn(), reserved.now(), zone);
      case Action.UpdateTask(UUID _, TaskPatch patch) ->
          reader.checkDays(
              patch.days().dueDate().value(), patch.days().dueOn().value(), reserved.now(), zone);
      default -> {}
    }
  }

  private String propose(String type, ObjectNode arguments) {
    // Strict mode requires every member, so the model sends null for an absent one.
    List.copyOf(arguments.propertyNames()).stream()
        .filter(name -> arguments.get(name).isNull())
        .forEach(arguments::remove);
    dueWords.resolve(arguments, reserved.now(), ZoneId.of(reserved.timezone()));
    Optional<Task> task = Optional.empty();
    if (!type.equals("create_task")) {
      task = reserved.data().find(id(arguments.get("task_id")));
      if (task.isEmpty()) {
        return "There is no task with that id.";
      }
    }
    if (type.equals("update_task")) {
      task.ifPresent(changed -> arguments.put("version", changed.version()));
    }
    try {
      Action action = reader.read(type, json.text(arguments), reserved.now());
      Optional<Action> change = task.isEmpty() ? Optional.of(action) : action.changing(task.get());
      if (change.isEmpty() || (task.isPresent() && isProposed(change.get()))) {
        return "That would change nothing.";
      }
      checkDays(change.get());
      proposals.add(Proposal.of(change.get(), task.map(Task::title).orElse("")));
      return "Proposed. The person will confirm it or not.";
    } catch (Refusal refusal) {
      return refusal.fieldErrors().isEmpty()
          ? refusal.message()
          : refusal.fieldErrors().stream()
              .map(error -> error.field() + " " + error.message())
              .collect(Collectors.joining("; "));
    }
  }

  private boolean isProposed(Action action) {
    return proposals.stream().map(Proposal::action).anyMatch(action::equals);
  }

  private static @Nullable UUID id(@Nullable JsonNode node) {
    return node == null || !node.isString() ? null : Formats.uuid(node.stringValue());
  }

  static Schema.ObjectSchema members(Object... namesAndSchemas) {
    Map<String, Schema> members = new LinkedHashMap<>();
    for (int i = 0; i < namesAndSchemas.length; i += 2) {
      members.put((String) namesAndSchemas[i], (Schema) namesAndSchemas[i + 1]);
    }
    return new Schema.ObjectSchema("", members);
  }
}
