package app.perpetua.flow.tasks;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a PATCH changes; null means the field stays.
 *
 * @param version the version the client has seen; null if it sets nothing but states
 * @param title 1 to 200 characters
 * @param description empty clears it
 * @param priority the new importance
 * @param dueDate the new due date
 * @param estimatedDuration minutes
 * @param completed completes or reopens
 * @param hidden hides or shows
 * @param archived archives or takes back
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
   * A change of a field that can be cleared.
   *
   * @param given false if the field stays
   * @param value the new value; null clears it
   */
  public record Edit<T>(boolean given, @Nullable T value) {
    @Nullable T or(@Nullable T old) {
      return given ? value : old;
    }
  }

  /** True if it touches what only an unarchived task may change. */
  boolean needsUnarchived() {
    return setsFields() || completed != null || hidden != null;
  }

  /** True if it sets more than states, and so needs the version it is based on. */
  boolean setsFields() {
    return title != null
        || description != null
        || priority != null
        || dueDate.given()
        || estimatedDuration.given();
  }

  Task applyTo(Task task, Instant now) {
    boolean done = completed == null ? task.completed() : completed;
    boolean same = done == task.completed();
    boolean away = archived == null ? task.archived() : archived;
    Task changed =
        new Task(
            task.id(),
            task.userId(),
            task.templateId(),
            title == null ? task.title() : title,
            description == null ? task.description() : description,
            priority == null ? task.priority() : priority,
            dueDate.or(task.dueDate()),
            estimatedDuration.or(task.estimatedDuration()),
            task.focusTimeSeconds(),
            done,
            same ? task.completedAt() : done ? now : null,
            same ? task.completedBy() : done ? Task.CompletedBy.MANUAL : null,
            hidden == null ? task.hidden() : hidden,
            away,
            task.subtaskCount(),
            task.subtaskCompletedCount(),
            task.version(),
            task.countedAt(),
            task.createdAt(),
            task.updatedAt(),
            task.focusingSince());
    // Nobody focuses on what is done or read-only.
    return done || away ? changed.unfocused(now) : changed;
  }
}
