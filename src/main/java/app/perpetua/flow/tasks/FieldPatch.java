package app.perpetua.flow.tasks;

import static java.util.Objects.requireNonNullElse;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A partial update of the fields that tasks and templates share; null keeps the old value.
 *
 * @param title 1 to 200 characters
 * @param description empty clears it
 * @param estimatedDuration minutes
 * @param listId cleared, the inbox
 * @param labelIds at most {@link Placement#MAX_LABELS}, each once; empty clears them
 */
public record FieldPatch(
    @Nullable String title,
    @Nullable String description,
    @Nullable Priority priority,
    TaskPatch.Edit<Integer> estimatedDuration,
    TaskPatch.Edit<UUID> listId,
    @Nullable List<UUID> labelIds) {
  public static final FieldPatch NONE = new FieldPatch(null, null, null, TaskPatch.Edit.none());

  /** Keeps list and labels. */
  public FieldPatch(
      @Nullable String title,
      @Nullable String description,
      @Nullable Priority priority,
      TaskPatch.Edit<Integer> estimatedDuration) {
    this(title, description, priority, estimatedDuration, TaskPatch.Edit.none(), null);
  }

  /** Keeps the days, and the position. */
  public TaskDraft applyTo(TaskDraft old) {
    return new TaskDraft(
        requireNonNullElse(title, old.title()),
        requireNonNullElse(description, old.description()),
        requireNonNullElse(priority, old.priority()),
        old.dueDate(),
        old.dueOn(),
        old.startOn(),
        estimatedDuration.or(old.estimatedDuration()),
        new Placement(
            listId.or(old.placement().listId()),
            old.placement().position(),
            requireNonNullElse(labelIds, old.placement().labelIds())));
  }
}
