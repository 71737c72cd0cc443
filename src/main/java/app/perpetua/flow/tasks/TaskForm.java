package app.perpetua.flow.tasks;

import app.perpetua.flow.parsing.JsonReader;
import java.time.Instant;
import java.util.Objects;
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

  private final int longestDescription;

  public TaskForm(TaskConfig config) {
    this.longestDescription = config.longestDescription();
  }

  /** Reads a task to create; null if the title is invalid. */
  public @Nullable TaskDraft draft(JsonReader body, Instant now) {
    TaskDraft fields = templateFields(body);
    Instant due = body.instant("due_date");
    String dueDateError = Tasks.dueDateError(due, now);
    if (dueDateError != null) {
      body.addErrorOfNow("due_date", dueDateError);
    }
    return fields == null ? null : fields.withDueDate(due);
  }

  /** Reads the fields that a template also has, that is, all but the due date. */
  public @Nullable TaskDraft templateFields(JsonReader body) {
    body.required("title").notNull("priority");
    String title = body.text("title", 1, TITLE);
    String description = body.untrimmedText("description", 0, longestDescription);
    Priority priority = body.oneOf("priority", Priority.class);
    Integer minutes = body.integer("estimated_duration", 1, MAX_MINUTES);
    return title == null
        ? null
        : new TaskDraft(
            title,
            Objects.requireNonNullElse(description, ""),
            Objects.requireNonNullElse(priority, Priority.MEDIUM),
            null,
            minutes);
  }

  /** Reads a partial update of a task. */
  public TaskPatch patch(JsonReader body) {
    body.notNull("version", "completed", "hidden", "archived");
    TaskPatch patch =
        new TaskPatch(
            body.version(),
            fieldPatch(body),
            new TaskPatch.Edit<>(body.has("due_date"), body.instant("due_date")),
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
    body.notNull("title", "priority");
    String description = body.untrimmedText("description", 0, longestDescription);
    return new FieldPatch(
        body.text("title", 1, TITLE),
        body.has("description") && description == null ? "" : description,
        body.oneOf("priority", Priority.class),
        new TaskPatch.Edit<>(
            body.has("estimated_duration"), body.integer("estimated_duration", 1, MAX_MINUTES)));
  }
}
