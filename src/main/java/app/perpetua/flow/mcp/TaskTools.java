package app.perpetua.flow.mcp;

import static app.perpetua.flow.http.Route.Verb.GET;
import static app.perpetua.flow.http.Route.Verb.POST;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Batch.Command;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.parsing.JsonReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Tools that read and change tasks. Thread-safe. */
final class TaskTools {
  /** More tasks than this are answered in pages. */
  static final int MAX_PAGE = 25;

  private static final int MAX_SEARCHED = 10;
  private static final int MAX_SUBTASKS = 20;
  private static final int MAX_TITLE = 200;
  private static final int MAX_TEXT = 500;
  private static final int MAX_QUERY = 200;
  private static final int MAX_CURSOR = 200;
  private static final String TASK = "new_task";

  /** The cursor of a list's first page. */
  private static final String FIRST_PAGE = "";

  /** A change that met another one is repeated with the version that this has left. */
  private static final int ATTEMPTS = 3;

  private final Route list;
  private final Route show;
  private final Route notes;
  private final Route create;
  private final Route quickAdd;
  private final Route update;
  private final Route forceComplete;
  private final Route skip;
  private final Route createSubtask;
  private final Route suggestSubtasks;
  private final Route confirm;
  private final Places places;

  TaskTools(OperationIndex operations) {
    places = new Places(operations);
    list = operations.of(GET, "/tasks");
    show = operations.of(GET, "/tasks/{id}");
    notes = operations.of(GET, "/notes");
    create = operations.command("task.create");
    quickAdd = operations.command("task.quick_add");
    update = operations.command("task.update");
    forceComplete = operations.command("task.force_complete");
    skip = operations.command("task.skip");
    createSubtask = operations.command("subtask.create");
    suggestSubtasks = operations.of(POST, "/ai/generate-subtasks");
    confirm = operations.of(POST, "/ai/confirm-action").command("suggestion.confirm");
  }

  ObjectNode list(ToolCall call) {
    JsonReader arguments = call.arguments();
    Boolean completed = arguments.bool("completed");
    String priority = arguments.oneOf("priority", "low", "medium", "high");
    String dueBefore = arguments.untrimmedText("due_before", 1, MAX_CURSOR);
    String dueAfter = arguments.untrimmedText("due_after", 1, MAX_CURSOR);
    Integer limit = arguments.integer("limit", 1, MAX_PAGE);
    String cursor = arguments.untrimmedText("cursor", 1, MAX_CURSOR);
    String place = arguments.text("list", 1, Places.MAX_NAME);
    arguments.validate();
    Map<String, String> query = new LinkedHashMap<>();
    query.put("completed", String.valueOf(Boolean.TRUE.equals(completed)));
    put(query, "list_id", place == null ? null : places.filter(call, place));
    put(query, "priority", priority);
    put(query, "due_before", dueBefore);
    put(query, "due_after", dueAfter);
    query.put("cursor", Objects.requireNonNullElse(cursor, FIRST_PAGE));
    query.put("sort", dueBefore == null && dueAfter == null ? "-created_at" : "due_date");
    query.put("limit", String.valueOf(limit == null ? MAX_PAGE : limit));
    JsonNode page = call.read(list, Map.of(), query);
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.set("tasks", Views.items(page));
    return withCursor(answer, page);
  }

  ObjectNode search(ToolCall call) {
    JsonReader arguments = call.arguments().required("query");
    String text = arguments.text("query", 1, MAX_QUERY);
    String kind = arguments.oneOf("kind", "tasks", "notes");
    String cursor = arguments.untrimmedText("cursor", 1, MAX_CURSOR);
    if (cursor != null && kind == null) {
      arguments.addError("cursor", "requires kind, because each kind has pages of its own");
    }
    arguments.validate();
    int limit = kind == null ? MAX_SEARCHED : MAX_PAGE;
    Map<String, String> query = new LinkedHashMap<>();
    query.put("q", Objects.requireNonNull(text));
    query.put("limit", String.valueOf(limit));
    if (kind != null) {
      query.put("cursor", Objects.requireNonNullElse(cursor, FIRST_PAGE));
    }
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    JsonNode last = null;
    for (String name : kind == null ? List.of("tasks", "notes") : List.of(kind)) {
      last = call.read(name.equals("tasks") ? list : notes, Map.of(), query);
      answer.set(name, Views.items(last));
      if (kind == null) {
        answer.set(name + "_found", last.path("pagination").path("total"));
      }
    }
    return kind == null ? answer : withCursor(answer, Objects.requireNonNull(last));
  }

  private static ObjectNode withCursor(ObjectNode answer, JsonNode page) {
    JsonNode next = page.path("pagination").path("next_cursor");
    return answer.put("next_cursor", next.isString() ? next.stringValue() : null);
  }

  ObjectNode show(ToolCall call) {
    UUID id = taskId(call);
    call.arguments().validate();
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.set("task", task(call, Objects.requireNonNull(id)));
    return answer;
  }

  /** The task with subtasks and reminders. */
  ObjectNode task(ToolCall call, UUID id) {
    return Views.entity(call.read(show, Map.of("id", id.toString()), Map.of()).path("data"));
  }

  ObjectNode add(ToolCall call) {
    call.readWriteArguments();
    JsonReader arguments = call.arguments().required("title");
    ObjectNode args = JsonNodeFactory.instance.objectNode();
    copyFields(arguments, args, "due_date", "due_on", "start_on");
    List<String> subtasks = arguments.texts("subtasks", MAX_SUBTASKS, MAX_TITLE);
    Places.Names names = Places.Names.read(arguments);
    arguments.validate();
    places.resolve(call, args, names);
    List<Command> commands = new ArrayList<>();
    commands.add(call.command(create, args, 0, TASK));
    addSubtasks(call, commands, TASK, subtasks);
    ToolCall.Done done = call.write(commands);
    return withTask(call, done, done.data());
  }

  ObjectNode quickAdd(ToolCall call) {
    call.readWriteArguments();
    JsonReader arguments = call.arguments().required("text");
    String text = arguments.untrimmedText("text", 1, MAX_TEXT);
    arguments.validate();
    ToolCall.Done done =
        call.write(quickAdd, JsonNodeFactory.instance.objectNode().put("text", text));
    ObjectNode added = done.results().getFirst();
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.set("task", Views.entity(done.data()));
    JsonNode template = added.path("template");
    answer.set("template", template.isObject() ? Views.entity(template) : template);
    for (String name : List.of("reminders", "labels_created", "spans")) {
      answer.set(name, Views.entities(added.path(name).valueStream().toList()));
    }
    answer.setAll(call.answer(done.undoId()));
    return answer;
  }

  ObjectNode update(ToolCall call) {
    call.readWriteArguments();
    UUID id = taskId(call);
    JsonReader arguments = call.arguments();
    ObjectNode args = JsonNodeFactory.instance.objectNode();
    copyFields(arguments, args);
    for (String name : List.of("hidden", "archived")) {
      Boolean value = arguments.bool(name);
      if (value != null) {
        args.put(name, value);
      }
    }
    Places.Names names = Places.Names.read(arguments);
    Integer version = arguments.version();
    if (args.isEmpty() && !names.areGiven()) {
      arguments.addError("title", "at least one field to change is required");
    }
    arguments.validate();
    places.resolve(call, args, names);
    return versioned(call, update, Objects.requireNonNull(id), args, version);
  }

  ObjectNode reschedule(ToolCall call) {
    call.readWriteArguments();
    UUID id = taskId(call);
    JsonReader arguments = call.arguments();
    ObjectNode args = JsonNodeFactory.instance.objectNode();
    for (String name : List.of("due_date", "due_on", "start_on")) {
      if (arguments.has(name)) {
        args.put(name, arguments.untrimmedText(name, 1, MAX_CURSOR));
      }
    }
    if (!args.has("due_date") && !args.has("due_on")) {
      arguments.addError("due_date", "is required; null removes the due date");
    }
    Integer version = arguments.version();
    arguments.validate();
    return versioned(call, update, Objects.requireNonNull(id), args, version);
  }

  ObjectNode complete(ToolCall call) {
    call.readWriteArguments();
    UUID id = taskId(call);
    JsonReader arguments = call.arguments().notNull("completed", "with_subtasks");
    Boolean completed = arguments.bool("completed");
    boolean withSubtasks = Boolean.TRUE.equals(arguments.bool("with_subtasks"));
    if (withSubtasks && Boolean.FALSE.equals(completed)) {
      arguments.addError("with_subtasks", "must be absent if completed is false");
    }
    arguments.validate();
    ObjectNode args = JsonNodeFactory.instance.objectNode();
    if (!withSubtasks) {
      args.put("completed", !Boolean.FALSE.equals(completed));
      return changed(call, update, Objects.requireNonNull(id), args);
    }
    return versioned(call, forceComplete, Objects.requireNonNull(id), args, null);
  }

  ObjectNode skip(ToolCall call) {
    call.readWriteArguments();
    UUID id = taskId(call);
    call.arguments().validate();
    return changed(call, skip, Objects.requireNonNull(id), JsonNodeFactory.instance.objectNode());
  }

  ObjectNode breakDown(ToolCall call) {
    call.readWriteArguments();
    JsonReader arguments = call.arguments();
    UUID id = arguments.uuid("task_id");
    List<String> subtasks = arguments.texts("subtasks", MAX_SUBTASKS, MAX_TITLE);
    UUID suggestion = arguments.uuid("suggestion_id");
    if ((id == null) == (suggestion == null)) {
      arguments.addError("task_id", "must be present if and only if suggestion_id is absent");
    }
    if (suggestion != null && subtasks != null) {
      arguments.addError("subtasks", "must be absent with suggestion_id");
    }
    arguments.validate();
    if (suggestion != null) {
      ObjectNode args = JsonNodeFactory.instance.objectNode();
      args.put("suggestion_id", suggestion.toString());
      ToolCall.Done done = call.write(confirm, args);
      return answered(call, done.undoId(), "added", done.data());
    }
    if (subtasks != null) {
      List<Command> commands = new ArrayList<>();
      addSubtasks(call, commands, String.valueOf(id), subtasks);
      ToolCall.Done done = call.write(commands);
      List<JsonNode> added = new ArrayList<>();
      done.results().forEach(result -> added.add(result.path("data")));
      return answered(call, done.undoId(), "added", Views.entities(added));
    }
    return suggest(call, Objects.requireNonNull(id));
  }

  /** A dry run checks that the task exists, and does not call the model. */
  private ObjectNode suggest(ToolCall call, UUID id) {
    if (call.isDryRun()) {
      return answered(call, null, "task", task(call, id));
    }
    ObjectNode args = JsonNodeFactory.instance.objectNode().put("task_id", id.toString());
    return answered(
        call, null, "suggestion", call.call(suggestSubtasks, Map.of(), args).path("data"));
  }

  private void addSubtasks(
      ToolCall call, List<Command> commands, String task, @Nullable List<String> titles) {
    for (String title : Objects.requireNonNullElse(titles, List.<String>of())) {
      ObjectNode args = JsonNodeFactory.instance.objectNode();
      args.put("task_id", task).put("title", title);
      commands.add(call.command(createSubtask, args, commands.size() + 1, null));
    }
  }

  /**
   * Changes a task that has a version.
   *
   * @param version that the model has read; null for whichever the task has
   */
  private ObjectNode versioned(
      ToolCall call, Route route, UUID id, ObjectNode args, @Nullable Integer version) {
    for (int attempt = 1; true; attempt++) {
      int current = version == null ? task(call, id).path("version").intValue() : version;
      try {
        return changed(call, route, id, args.deepCopy().put("version", current));
      } catch (Refusal e) {
        if (version != null
            || attempt == ATTEMPTS
            || e.code() != ErrorCode.CONFLICT
            || !e.extras().containsKey("current_version")) {
          throw e;
        }
      }
    }
  }

  private static ObjectNode changed(ToolCall call, Route route, UUID id, ObjectNode args) {
    ToolCall.Done done = call.write(route, args.put("id", id.toString()));
    // Completion with subtasks answers the task with what it has unlocked.
    return withTask(call, done, done.data().has("task") ? done.data().get("task") : done.data());
  }

  private static ObjectNode withTask(ToolCall call, ToolCall.Done done, JsonNode task) {
    ObjectNode view = Views.entity(task);
    if (!done.others().isEmpty()) {
      view.set("subtasks", Views.entities(done.others()));
      view.put("subtask_count", done.others().size());
    }
    return answered(call, done.undoId(), "task", view);
  }

  static ObjectNode answered(ToolCall call, @Nullable UUID undoId, String name, JsonNode value) {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.set(name, value);
    answer.setAll(call.answer(undoId));
    return answer;
  }

  private static @Nullable UUID taskId(ToolCall call) {
    return call.arguments().required("task_id").uuid("task_id");
  }

  /** Copies the fields that the operation checks itself. */
  private static void copyFields(JsonReader arguments, ObjectNode args, String... more) {
    List<String> names = new ArrayList<>(List.of("title", "description", "priority"));
    names.addAll(List.of(more));
    for (String name : names) {
      if (arguments.has(name)) {
        args.put(name, arguments.untrimmedText(name, 0, Integer.MAX_VALUE));
      }
    }
    if (arguments.has("estimated_duration")) {
      args.put("estimated_duration", arguments.integer("estimated_duration", 1, 720));
    }
  }

  private static void put(Map<String, String> query, String name, @Nullable String value) {
    if (value != null) {
      query.put(name, value);
    }
  }
}
