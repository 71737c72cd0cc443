package app.perpetua.flow.tasks;

import static java.util.Objects.requireNonNullElse;

import org.jspecify.annotations.Nullable;

/**
 * A partial update of the fields that tasks and templates share; null keeps the old value.
 *
 * @param title 1 to 200 characters
 * @param description empty clears it
 * @param estimatedDuration minutes
 */
public record FieldPatch(
    @Nullable String title,
    @Nullable String description,
    @Nullable Priority priority,
    TaskPatch.Edit<Integer> estimatedDuration) {
  public static final FieldPatch NONE = new FieldPatch(null, null, null, TaskPatch.Edit.none());

  /** Keeps the due date. */
  public TaskDraft applyTo(TaskDraft old) {
    return new TaskDraft(
        requireNonNullElse(title, old.title()),
        requireNonNullElse(description, old.description()),
        requireNonNullElse(priority, old.priority()),
        old.dueDate(),
        estimatedDuration.or(old.estimatedDuration()));
  }
}
