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
    TaskDraft old = task.fields();
    boolean done = completed == null ? task.completed() : completed;
    boolean away = archived == null ? task.archived() : archived;
    Task.Completion completion = task.completion();
    if (done != task.completed()) {
      completion =
          done ? completion.completed(Task.CompletedBy.MANUAL, now) : completion.reopened();
    }
    Task changed =
        new Task(
            task.id(),
            task.userId(),
            task.templateId(),
            new TaskDraft(
                title == null ? old.title() : title,
                description == null ? old.description() : description,
                priority == null ? old.priority() : priority,
                dueDate.or(old.dueDate()),
                estimatedDuration.or(old.estimatedDuration())),
            task.focus(),
            completion,
            hidden == null ? task.hidden() : hidden,
            away,
            task.subtasks(),
            task.revision());
    // Nobody focuses on what is done or read-only.
    return done || away ? changed.unfocused(now) : changed;
  }
}
