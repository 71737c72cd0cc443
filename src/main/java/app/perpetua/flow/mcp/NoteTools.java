package app.perpetua.flow.mcp;

import static app.perpetua.flow.http.Route.Verb.GET;
import static app.perpetua.flow.http.Route.Verb.POST;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.parsing.JsonReader;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Tools that write notes. Thread-safe. */
final class NoteTools {
  private static final List<String> TASK_FIELDS =
      List.of("title", "description", "priority", "due_date", "due_on", "start_on");

  private final Route show;
  private final Route create;
  private final Route suggestTask;
  private final Route confirm;

  NoteTools(OperationIndex operations) {
    show = operations.of(GET, "/notes/{id}");
    create = operations.command("note.create");
    suggestTask = operations.of(POST, "/notes/{id}/convert");
    confirm = operations.of(POST, "/ai/confirm-action").command("suggestion.confirm");
  }

  ObjectNode add(ToolCall call) {
    call.readWriteArguments();
    JsonReader arguments = call.arguments().required("content");
    String content = arguments.untrimmedText("content", 0, Integer.MAX_VALUE);
    arguments.validate();
    ToolCall.Done done =
        call.write(create, JsonNodeFactory.instance.objectNode().put("content", content));
    return TaskTools.answered(call, done.undoId(), "note", Views.entity(done.data()));
  }

  /** The note. */
  ObjectNode note(ToolCall call, UUID id) {
    return Views.entity(call.read(show, Map.of("id", id.toString()), Map.of()).path("data"));
  }

  ObjectNode convert(ToolCall call) {
    call.readWriteArguments();
    JsonReader arguments = call.arguments();
    UUID id = arguments.uuid("note_id");
    UUID suggestion = arguments.uuid("suggestion_id");
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    for (String name : TASK_FIELDS) {
      if (arguments.has(name)) {
        fields.put(name, arguments.untrimmedText(name, 0, Integer.MAX_VALUE));
      }
    }
    if ((id == null) == (suggestion == null)) {
      arguments.addError("note_id", "must be present if and only if suggestion_id is absent");
    }
    if (suggestion != null && !fields.isEmpty()) {
      arguments.addError("title", "must be absent with suggestion_id");
    } else if (!fields.isEmpty() && !fields.has("title")) {
      arguments.addError("title", "is required with other fields of the task");
    }
    arguments.validate();
    ObjectNode args = JsonNodeFactory.instance.objectNode();
    if (suggestion != null) {
      args.put("suggestion_id", suggestion.toString());
    } else if (!fields.isEmpty()) {
      args.put("action_type", "convert_note");
      args.set("action_data", fields.put("note_id", String.valueOf(id)));
    } else {
      return suggest(call, Objects.requireNonNull(id));
    }
    ToolCall.Done done = call.write(confirm, args);
    return TaskTools.answered(call, done.undoId(), "converted", done.data());
  }

  /** A dry run checks that the note exists, and does not call the model. */
  private ObjectNode suggest(ToolCall call, UUID id) {
    if (call.isDryRun()) {
      return TaskTools.answered(call, null, "note", note(call, id));
    }
    return TaskTools.answered(
        call,
        null,
        "suggestion",
        call.call(suggestTask, Map.of("id", id.toString()), JsonNodeFactory.instance.objectNode())
            .path("data"));
  }
}
