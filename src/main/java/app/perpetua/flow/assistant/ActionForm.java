package app.perpetua.flow.assistant;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.tasks.TaskDraft;
import app.perpetua.flow.tasks.TaskForm;
import app.perpetua.flow.tasks.TaskPatch;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Parses an action from JSON of a client, the model or a stored suggestion, with the validation of
 * the user's own requests. Thread-safe.
 */
final class ActionForm implements Toolbox.Reader {
  static final String[] TYPES = {
    "create_task", "update_task", "complete_task", "create_subtasks", "convert_note"
  };

  private static final int MAX_SUBTASKS = 100;

  /**
   * An action from a stored suggestion.
   *
   * @param dueDateDropped whether its due date has passed since it was proposed, and was left out
   */
  record Stored(Action action, boolean dueDateDropped) {}

  private final TaskForm tasks;
  private final Json json;

  ActionForm(TaskForm tasks, Json json) {
    this.tasks = tasks;
    this.json = json;
  }

  @Override
  public Action read(String type, String data, Instant now) {
    JsonReader body = reader(type.equals("create_subtasks") ? withValidSubtasks(data) : data);
    Action action = read(type, body, now);
    body.validate();
    body.checkTime();
    return Objects.requireNonNull(action);
  }

  @Override
  public void checkDays(@Nullable Instant due, @Nullable LocalDate day, Instant now, ZoneId zone) {
    tasks.checkDays(due, day, now, zone);
  }

  /**
   * Reads the action of a suggestion that the user confirms.
   *
   * @param data {@link Action#data} as JSON
   * @param zone the user's
   */
  Stored readStored(String type, String data, Instant now, ZoneId zone) {
    Instant due = reader(data).instant("due_date");
    LocalDate day = reader(data).date("due_on");
    boolean past = due != null && !due.isAfter(now);
    if (!past && (day == null || !day.isBefore(LocalDate.ofInstant(now, zone)))) {
      return new Stored(read(type, data, now), false);
    }
    ObjectNode fields = (ObjectNode) json.parse(data);
    fields.remove("due_date");
    fields.remove("due_on");
    return new Stored(read(type, json.text(fields), now), true);
  }

  /** Keeps the subtasks with a valid title, if there are any, so that one cannot spoil the rest. */
  private String withValidSubtasks(String data) {
    if (!(json.parse(data) instanceof ObjectNode fields)) {
      return data;
    }
    ArrayNode valid = fields.arrayNode();
    for (JsonNode item : fields.path("subtasks")) {
      String title = item.isObject() ? title(json.text(item)) : null;
      if (title != null && valid.size() < MAX_SUBTASKS) {
        valid.addObject().put("title", title);
      }
    }
    if (valid.isEmpty()) {
      return data;
    }
    fields.set("subtasks", valid);
    return json.text(fields);
  }

  private @Nullable String title(String subtask) {
    // Encoding would replace an unpaired surrogate by a question mark.
    return StandardCharsets.UTF_8.newEncoder().canEncode(subtask)
        ? reader(subtask).text("title", 1, TaskForm.TITLE)
        : null;
  }

  private JsonReader reader(String data) {
    return JsonReader.parse(json, data.getBytes(StandardCharsets.UTF_8));
  }

  /** Null if the object is invalid, which its {@code validate} or {@code checkTime} reports. */
  @Nullable Action read(String type, JsonReader body, Instant now) {
    return switch (type) {
      case "create_task" -> {
        TaskDraft draft = tasks.draft(body, now);
        yield draft == null ? null : new Action.CreateTask(draft);
      }
      case "convert_note" -> {
        UUID noteId = body.required("note_id").uuid("note_id");
        TaskDraft draft = tasks.draft(body, now);
        yield noteId == null || draft == null ? null : new Action.ConvertNote(noteId, draft);
      }
      case "complete_task" -> {
        UUID taskId = body.required("task_id").uuid("task_id");
        yield taskId == null ? null : new Action.CompleteTask(taskId);
      }
      case "update_task" -> {
        UUID taskId = body.required("task_id", "version").uuid("task_id");
        TaskPatch patch = tasks.patch(body);
        yield taskId == null ? null : new Action.UpdateTask(taskId, patch);
      }
      case "create_subtasks" -> subtasks(body);
      default -> throw new IllegalArgumentException("unknown action type " + type);
    };
  }

  private static @Nullable Action subtasks(JsonReader body) {
    UUID taskId = body.required("task_id", "subtasks").uuid("task_id");
    List<JsonReader> items = body.objects("subtasks", 1, MAX_SUBTASKS);
    List<String> titles = new ArrayList<>();
    for (JsonReader item : items == null ? List.<JsonReader>of() : items) {
      String title = item.required("title").text("title", 1, TaskForm.TITLE);
      if (title != null) {
        titles.add(title);
      }
    }
    return taskId == null || titles.isEmpty() ? null : new Action.CreateSubtasks(taskId, titles);
  }
}
