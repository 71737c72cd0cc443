package app.perpetua.flow.tasks;

import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.Positions;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of a task from JSON. Errors are recorded in the {@link JsonReader}, so the
 * caller calls {@link JsonReader#validate()} before it uses the result. Thread-safe.
 */
public final class TaskForm {
  /** Code points in a title of a task, subtask or template (FR-007). */
  public static final int TITLE = 200;

  /** Minutes in an estimate. */
  static final int MAX_MINUTES = 720;

  private final TaskConfig config;
  private final int longestDescription;

  public TaskForm(TaskConfig config) {
    this.config = config;
    this.longestDescription = config.longestDescription();
  }

  /** Reads a task to create; null if the title is invalid. */
  public @Nullable TaskDraft draft(JsonReader body, Instant now) {
    body.notNull("position");
    TaskDraft fields = templateFields(body);
    Instant due = body.instant("due_date");
    LocalDate dueOn = body.date("due_on");
    LocalDate startOn = body.date("start_on");
    String position = Positions.read(body);
    String dueDateError = config.dueDateError(due, now);
    if (dueDateError != null) {
      body.addErrorOfNow("due_date", dueDateError);
    }
    if (fields == null) {
      return null;
    }
    Placement place = fields.placement();
    return new TaskDraft(
        fields.title(),
        fields.description(),
        fields.priority(),
        due,
        dueOn,
        startOn,
        fields.estimatedDuration(),
        new Placement(place.listId(), position, place.labelIds()));
  }

  /** Reads the fields that a template also has: all but the days and the position. */
  public @Nullable TaskDraft templateFields(JsonReader body) {
    body.required("title").notNull("priority", "label_ids");
    String title = body.text("title", 1, TITLE);
    String description = body.untrimmedText("description", 0, longestDescription);
    Priority priority = body.oneOf("priority", Priority.class);
    Integer minutes = body.integer("estimated_duration", 1, MAX_MINUTES);
    UUID listId = body.uuid("list_id");
    List<UUID> labelIds = labelIds(body);
    return title == null
        ? null
        : new TaskDraft(
            title,
            Objects.requireNonNullElse(description, ""),
            Objects.requireNonNullElse(priority, Priority.MEDIUM),
            null,
            null,
            null,
            minutes,
            new Placement(listId, null, Objects.requireNonNullElse(labelIds, List.of())));
  }

  /**
   * Refuses a new due date or day that is not allowed with {@code VALIDATION_ERROR} (FR-013).
   *
   * @param zone the user's
   */
  public void checkDays(@Nullable Instant due, @Nullable LocalDate day, Instant now, ZoneId zone) {
    if (day == null) {
      config.checkDueDate(due, now);
    } else {
      config.checkDueOn(day, LocalDate.ofInstant(now, zone));
    }
  }

  /** Reads a partial update of a task. */
  public TaskPatch patch(JsonReader body) {
    body.notNull("version", "completed", "hidden", "archived", "position");
    TaskPatch patch =
        new TaskPatch(
            body.version(),
            fieldPatch(body),
            new TaskPatch.DayPatch(
                new TaskPatch.Edit<>(body.has("due_date"), body.instant("due_date")),
                new TaskPatch.Edit<>(body.has("due_on"), body.date("due_on")),
                new TaskPatch.Edit<>(body.has("start_on"), body.date("start_on"))),
            Positions.read(body),
            body.bool("completed"),
            body.bool("hidden"),
            body.bool("archived"));
    if (patch.setsFields() && !body.has("version")) {
      body.addError("version", "is required unless only completed, hidden or archived are set");
    }
    return patch;
  }

  /** Reads a partial update of the fields that a template also has. */
  public FieldPatch fieldPatch(JsonReader body) {
    body.notNull("title", "priority", "label_ids");
    String description = body.untrimmedText("description", 0, longestDescription);
    return new FieldPatch(
        body.text("title", 1, TITLE),
        body.has("description") && description == null ? "" : description,
        body.oneOf("priority", Priority.class),
        new TaskPatch.Edit<>(
            body.has("estimated_duration"), body.integer("estimated_duration", 1, MAX_MINUTES)),
        new TaskPatch.Edit<>(body.has("list_id"), body.uuid("list_id")),
        labelIds(body));
  }

  private static @Nullable List<UUID> labelIds(JsonReader body) {
    List<UUID> ids = body.uuids("label_ids", Placement.MAX_LABELS);
    return ids == null ? null : ids.stream().distinct().toList();
  }
}
