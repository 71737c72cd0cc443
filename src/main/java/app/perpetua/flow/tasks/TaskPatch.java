package app.perpetua.flow.tasks;

import static java.util.Objects.requireNonNullElse;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A partial update of a task; null keeps the old value.
 *
 * @param version the version that the client read; null only if the patch sets no fields
 * @param title 1 to 200 characters
 * @param description empty clears it
 * @param estimatedDuration minutes
 */
public record TaskPatch(
    @Nullable Integer version,
    @Nullable String title,
    @Nullable String description,
    @Nullable Priority priority,
    Edit<Instant> dueDate,
    Edit<Integer> estimatedDuration,
    @Nullable Boolean completed,
    @Nullable Boolean hidden,
    @Nullable Boolean archived) {
  /**
   * An update of a field that can be cleared.
   *
   * @param given false keeps the old value
   * @param value null clears the field
   */
  public record Edit<T>(boolean given, @Nullable T value) {
    public @Nullable T or(@Nullable T old) {
      return given ? value : old;
    }
  }

  /** Whether it changes more than {@code archived}, which is read-only on an archived task. */
  boolean needsUnarchived() {
    return setsFields() || completed != null || hidden != null;
  }

  /** Whether it sets a field that requires a version, that is, any but the three states. */
  boolean setsFields() {
    return title != null
        || description != null
        || priority != null
        || dueDate.given()
        || estimatedDuration.given();
  }

  Task applyTo(Task task, Instant now) {
    TaskDraft old = task.fields();
    boolean nowCompleted = requireNonNullElse(completed, task.completed());
    boolean nowArchived = requireNonNullElse(archived, task.archived());
    Task.Completion completion = task.completion();
    if (nowCompleted != task.completed()) {
      completion =
          nowCompleted ? completion.completed(Task.CompletedBy.MANUAL, now) : completion.reopened();
    }
    Task changed =
        new Task(
            task.id(),
            task.userId(),
            task.templateId(),
            new TaskDraft(
                requireNonNullElse(title, old.title()),
                requireNonNullElse(description, old.description()),
                requireNonNullElse(priority, old.priority()),
                dueDate.or(old.dueDate()),
                estimatedDuration.or(old.estimatedDuration())),
            task.focus(),
            completion,
            requireNonNullElse(hidden, task.hidden()),
            nowArchived,
            task.subtasks(),
            task.revision());
    return nowCompleted || nowArchived ? changed.withFocusEnded(now) : changed;
  }
}
