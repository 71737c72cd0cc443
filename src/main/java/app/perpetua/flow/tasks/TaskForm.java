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
  /** FR-007: code points in a title, of a subtask or a template as well. */
  public static final int TITLE = 200;

  /** Minutes in an estimate. */
  public static final int MAX_MINUTES = 720;

  private final int longestDescription;

  public TaskForm(TaskConfig config) {
    this.longestDescription = config.longestDescription();
  }

  /** Reads a task to create; null if the title is invalid. */
  public @Nullable TaskDraft draft(JsonReader body, Instant now) {
    body.required("title").notNull("priority");
    String title = body.text("title", 1, TITLE);
    String description = body.untrimmedText("description", 0, longestDescription);
    Priority priority = body.oneOf("priority", Priority.class);
    Instant due = body.instant("due_date");
    Integer minutes = body.integer("estimated_duration", 1, MAX_MINUTES);
    if (due != null && !Tasks.dueDateFits(due, now)) {
      body.addError("due_date", Tasks.dueDateMessage());
    }
    return title == null
        ? null
        : new TaskDraft(
            title,
            Objects.requireNonNullElse(description, ""),
            Objects.requireNonNullElse(priority, Priority.MEDIUM),
            due,
            minutes);
  }

  /** Reads a change of a task. */
  public TaskPatch patch(JsonReader body) {
    body.notNull("version", "title", "priority", "completed", "hidden", "archived");
    String description = body.untrimmedText("description", 0, longestDescription);
    TaskPatch patch =
        new TaskPatch(
            body.integer("version", Integer.MIN_VALUE, Integer.MAX_VALUE),
            body.text("title", 1, TITLE),
            body.has("description") && description == null ? "" : description,
            body.oneOf("priority", Priority.class),
            new TaskPatch.Edit<>(body.has("due_date"), body.instant("due_date")),
            new TaskPatch.Edit<>(
                body.has("estimated_duration"), body.integer("estimated_duration", 1, MAX_MINUTES)),
            body.bool("completed"),
            body.bool("hidden"),
            body.bool("archived"));
    if (patch.setsFields() && !body.has("version")) {
      body.addError("version", "is required unless only completed, hidden or archived are set");
    }
    return patch;
  }
}
