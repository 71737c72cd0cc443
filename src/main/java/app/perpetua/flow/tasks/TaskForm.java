package app.perpetua.flow.tasks;

import app.perpetua.flow.parsing.JsonReader;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads a task's fields from a JSON object, whoever sent it. What is at fault is noted in the body,
 * whose {@code done} the caller calls before using what was read. Thread-safe.
 */
public final class TaskForm {
  /** FR-007: the longest title, in code points; a subtask's as well. */
  public static final int TITLE = 200;

  private static final int MAX_MINUTES = 720;

  private final int longestDescription;

  /** Descriptions are bounded by the most generous tier here; the account decides later. */
  public TaskForm(TaskConfig config) {
    this.longestDescription = Math.max(config.freeDescription(), config.proDescription());
  }

  /**
   * A task to be created; null if the body is at fault.
   *
   * @param now what due dates are measured from
   */
  public @Nullable TaskDraft draft(JsonReader body, Instant now) {
    body.required("title").notNull("priority");
    String title = body.text("title", 1, TITLE);
    String description = body.verbatim("description", 0, longestDescription);
    Priority priority = body.oneOf("priority", Priority.class);
    Instant due = body.instant("due_date");
    Integer minutes = body.integer("estimated_duration", 1, MAX_MINUTES);
    if (due != null && !Tasks.dueDateFits(due, now)) {
      body.fail("due_date", Tasks.dueDateMessage());
    }
    return title == null
        ? null
        : new TaskDraft(
            title,
            description == null ? "" : description,
            Objects.requireNonNullElse(priority, Priority.MEDIUM),
            due,
            minutes);
  }

  /** What is to change; a field that is absent stays. */
  public TaskPatch patch(JsonReader body) {
    body.notNull("version", "title", "priority", "completed", "hidden", "archived");
    String description = body.verbatim("description", 0, longestDescription);
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
      body.fail("version", "is required unless only completed, hidden or archived are set");
    }
    return patch;
  }
}
