package app.perpetua.flow.tasks;

import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A task as the contract shows it.
 *
 * @param id UUID version 7
 * @param userId its owner
 * @param templateId the recurrence it is an instance of; null for a task of its own
 * @param title 1 to 200 characters
 * @param description empty if none
 * @param priority {@code low}, {@code medium} or {@code high}
 * @param dueDate when it is due; null if never
 * @param estimatedDuration minutes; null if unknown
 * @param focusTimeSeconds time spent in focus, seconds
 * @param completed whether it is done
 * @param completedAt since when; null while open
 * @param completedBy {@code manual}, {@code auto} or {@code force}; null while open
 * @param hidden out of sight, reversibly
 * @param archived read-only
 * @param subtaskCount how many subtasks it has
 * @param subtaskCompletedCount how many of them are done
 * @param version rises by one with every request that changes the task or its subtasks
 * @param createdAt when it was made
 * @param updatedAt when it last changed
 */
public record Task(
    UUID id,
    UUID userId,
    @Nullable UUID templateId,
    String title,
    String description,
    String priority,
    @Nullable Instant dueDate,
    @Nullable Integer estimatedDuration,
    int focusTimeSeconds,
    boolean completed,
    @Nullable Instant completedAt,
    @Nullable String completedBy,
    boolean hidden,
    boolean archived,
    int subtaskCount,
    int subtaskCompletedCount,
    int version,
    Instant createdAt,
    Instant updatedAt) {
  static Task of(Row row) {
    return new Task(
        row.uuid("id"),
        row.uuid("user_id"),
        row.uuidOrNull("template_id"),
        row.text("title"),
        row.text("description"),
        row.text("priority"),
        row.instantOrNull("due_date"),
        row.integerOrNull("estimated_duration"),
        row.integer("focus_time_seconds"),
        row.bool("completed"),
        row.instantOrNull("completed_at"),
        row.textOrNull("completed_by"),
        row.bool("hidden"),
        row.bool("archived"),
        row.integer("subtask_count"),
        row.integer("subtask_completed_count"),
        row.integer("version"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }

  /** A task as it is in the beginning. */
  static Task made(UUID id, UUID userId, @Nullable UUID templateId, TaskDraft draft, Instant now) {
    return new Task(
        id,
        userId,
        templateId,
        draft.title(),
        draft.description(),
        draft.priority(),
        draft.dueDate(),
        draft.estimatedDuration(),
        0,
        false,
        null,
        null,
        false,
        false,
        0,
        0,
        1,
        now,
        now);
  }

  /** As it is with what this draft says. */
  Task with(TaskDraft draft) {
    return new Task(
        id,
        userId,
        templateId,
        draft.title(),
        draft.description(),
        draft.priority(),
        draft.dueDate(),
        draft.estimatedDuration(),
        focusTimeSeconds,
        completed,
        completedAt,
        completedBy,
        hidden,
        archived,
        subtaskCount,
        subtaskCompletedCount,
        version,
        createdAt,
        updatedAt);
  }

  /** True if it counts against the limit of open tasks. */
  public boolean open() {
    return !completed && !hidden && !archived;
  }

  Task completedBy(String how, Instant when) {
    return with(true, when, how, subtaskCount, subtaskCompletedCount, version, updatedAt);
  }

  Task withSubtasks(int count, int completedCount) {
    return with(completed, completedAt, completedBy, count, completedCount, version, updatedAt);
  }

  /** As it is after a request that changed it. */
  Task touched(Instant when) {
    return with(
        completed,
        completedAt,
        completedBy,
        subtaskCount,
        subtaskCompletedCount,
        version + 1,
        when);
  }

  /** As it comes back from its deletion: one version on, its times as they were. */
  Task recovered(boolean withTemplate) {
    return new Task(
        id,
        userId,
        withTemplate ? templateId : null,
        title,
        description,
        priority,
        dueDate,
        estimatedDuration,
        focusTimeSeconds,
        completed,
        completedAt,
        completedBy,
        hidden,
        archived,
        subtaskCount,
        subtaskCompletedCount,
        version + 1,
        createdAt,
        updatedAt);
  }

  private Task with(
      boolean nowCompleted,
      @Nullable Instant since,
      @Nullable String how,
      int subtasks,
      int subtasksCompleted,
      int newVersion,
      Instant changedAt) {
    return new Task(
        id,
        userId,
        templateId,
        title,
        description,
        priority,
        dueDate,
        estimatedDuration,
        focusTimeSeconds,
        nowCompleted,
        since,
        how,
        hidden,
        archived,
        subtasks,
        subtasksCompleted,
        newVersion,
        createdAt,
        changedAt);
  }
}
