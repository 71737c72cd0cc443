package app.perpetua.flow.tasks;

import static java.util.Objects.requireNonNullElse;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A partial update of a task; null keeps the old value.
 *
 * @param version the version that the client read; null only if the patch sets no fields
 */
public record TaskPatch(
    @Nullable Integer version,
    FieldPatch fields,
    Edit<Instant> dueDate,
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
    public static <T> Edit<T> none() {
      return new Edit<>(false, null);
    }

    @Nullable T or(@Nullable T old) {
      return given ? value : old;
    }
  }

  /** Whether it changes more than {@code archived}, which is read-only on an archived task. */
  boolean needsUnarchived() {
    return setsFields() || completed != null || hidden != null;
  }

  /** Whether it sets a field that requires a version. */
  boolean setsFields() {
    return !fields.equals(FieldPatch.NONE) || dueDate.given();
  }

  Task applyTo(Task task, Instant now) {
    boolean nowCompleted = requireNonNullElse(completed, task.completed());
    boolean nowArchived = requireNonNullElse(archived, task.archived());
    Task.Completion completion = task.completion();
    if (nowCompleted != task.completed()) {
      completion =
          nowCompleted ? completion.completed(Task.CompletedBy.MANUAL, now) : completion.reopened();
    }
    TaskDraft newFields = fields.applyTo(task.fields()).withDueDate(dueDate.or(task.dueDate()));
    boolean nowHidden = requireNonNullElse(hidden, task.hidden());
    Task changed = task.with(newFields, completion, nowHidden, nowArchived);
    return nowCompleted || nowArchived ? changed.withFocusEnded(now) : changed;
  }
}
