package app.perpetua.flow.mcp;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.parsing.Formats;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What clients can read by a URI: the agenda, a task, a note. Thread-safe. */
final class Resources {
  private static final String AGENDA = "perpetua://agenda/today";
  private static final String TASK = "perpetua://tasks/";
  private static final String NOTE = "perpetua://notes/";
  private static final String JSON_TYPE = "application/json";

  private final Json json;
  private final TaskTools tasks;
  private final NoteTools notes;
  private final AccountTools account;

  Resources(Json json, TaskTools tasks, NoteTools notes, AccountTools account) {
    this.json = json;
    this.tasks = tasks;
    this.notes = notes;
    this.account = account;
  }

  /** What {@code resources/list} answers. */
  static List<Map<String, String>> all() {
    return List.of(
        Map.of(
            "uri",
            AGENDA,
            "name",
            "agenda",
            "title",
            "Today's agenda",
            "description",
            "What is overdue, of today and of the next seven days.",
            "mimeType",
            JSON_TYPE));
  }

  /** What {@code resources/templates/list} answers. */
  static List<Map<String, String>> templates() {
    return List.of(
        template(TASK, "task", "A task", "A task with its subtasks and reminders."),
        template(NOTE, "note", "A note", "A note."));
  }

  private static Map<String, String> template(
      String prefix, String name, String title, String description) {
    return Map.of(
        "uriTemplate",
        prefix + "{id}",
        "name",
        name,
        "title",
        title,
        "description",
        description,
        "mimeType",
        JSON_TYPE);
  }

  /**
   * Reads a resource.
   *
   * @param call without arguments
   * @throws RpcError if there is no such resource, or the token must not read it
   */
  ObjectNode read(ToolCall call, String uri) {
    ObjectNode content;
    try {
      content = content(call, uri);
    } catch (Refusal e) {
      if (e.code() == ErrorCode.NOT_FOUND || e.code() == ErrorCode.FORBIDDEN) {
        throw missing(uri);
      }
      throw e;
    }
    ObjectNode item = JsonNodeFactory.instance.objectNode();
    item.put("uri", uri).put("mimeType", JSON_TYPE).put("text", json.text(content));
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.putArray("contents").add(item);
    return answer;
  }

  private ObjectNode content(ToolCall call, String uri) {
    if (uri.equals(AGENDA)) {
      return account.agenda(call);
    }
    UUID task = id(uri, TASK);
    if (task != null) {
      return tasks.task(call, task);
    }
    UUID note = id(uri, NOTE);
    if (note != null) {
      return notes.note(call, note);
    }
    throw missing(uri);
  }

  private static @Nullable UUID id(String uri, String prefix) {
    return uri.startsWith(prefix) ? Formats.uuid(uri.substring(prefix.length())) : null;
  }

  /** The data distinguishes it from other errors of parameters. */
  private static RpcError missing(String uri) {
    return RpcError.invalidParams("no such resource", Map.of("uri", uri));
  }
}
