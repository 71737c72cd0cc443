package app.perpetua.flow.tasks;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;
import com.fasterxml.jackson.annotation.JsonIgnore;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
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
 * @param priority its importance
 * @param dueDate when it is due; null if never
 * @param estimatedDuration minutes; null if unknown
 * @param focusTimeSeconds time spent in focus, seconds
 * @param completed whether it is done
 * @param completedAt since when; null while open
 * @param completedBy what completed it; null while open
 * @param hidden out of sight, reversibly
 * @param archived read-only
 * @param subtaskCount how many subtasks it has
 * @param subtaskCompletedCount how many of them are done
 * @param version rises by one with every request that changes the task or its subtasks
 * @param countedAt when it was first completed, and so counted towards achievements, once in its
 *     life; null before, and never shown
 * @param createdAt when it was made
 * @param updatedAt when it last changed
 * @param focusingSince since when its user focuses on it; null if not, and where nothing depends on
 *     it. Not shown.
 */
public record Task(
    UUID id,
    UUID userId,
    @Nullable UUID templateId,
    String title,
    String description,
    Priority priority,
    @Nullable Instant dueDate,
    @Nullable Integer estimatedDuration,
    int focusTimeSeconds,
    boolean completed,
    @Nullable Instant completedAt,
    @Nullable CompletedBy completedBy,
    boolean hidden,
    boolean archived,
    int subtaskCount,
    int subtaskCompletedCount,
    int version,
    @JsonIgnore @Nullable Instant countedAt,
    Instant createdAt,
    Instant updatedAt,
    @JsonIgnore @Nullable Instant focusingSince) {
  /** What completed a task. */
  public enum CompletedBy implements WireName {
    /** Its user, when no subtask was open. */
    MANUAL,
    /** The completion of its last open subtask (FR-009). */
    AUTO,
    /** Its user, together with its open subtasks (FR-010). */
    FORCE
  }

  /** What one focus counts at most: as long as the longest estimate. */
  public static final Duration LONGEST_FOCUS = Duration.ofHours(12);

  /**
   * A task with the focus on it. What is done or read-only has none: one that its reaction is yet
   * to end has been counted.
   */
  static Task withFocus(Row row) {
    Task task = of(row);
    return task.completed || task.archived
        ? task
        : task.withFocus(task.focusTimeSeconds, row.instantOrNull("focusing_since"));
  }

  static Task of(Row row) {
    return new Task(
        row.uuid("id"),
        row.uuid("user_id"),
        row.uuidOrNull("template_id"),
        row.text("title"),
        row.text("description"),
        row.wireName("priority", Priority.class),
        row.instantOrNull("due_date"),
        row.integerOrNull("estimated_duration"),
        row.integer("focus_time_seconds"),
        row.bool("completed"),
        row.instantOrNull("completed_at"),
        row.wireNameOrNull("completed_by", CompletedBy.class),
        row.bool("hidden"),
        row.bool("archived"),
        row.integer("subtask_count"),
        row.integer("subtask_completed_count"),
        row.integer("version"),
        row.instantOrNull("counted_at"),
        row.instant("created_at"),
        row.instant("updated_at"),
        null);
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
        null,
        now,
        now,
        null);
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
        countedAt,
        createdAt,
        updatedAt,
        focusingSince);
  }

  /** True if it counts against the limit of open tasks. */
  public boolean open() {
    return !completed && !hidden && !archived;
  }

  /** As it is when it is done, which ends the focus on it. */
  Task completedBy(CompletedBy how, Instant when) {
    return with(true, when, how, subtaskCount, subtaskCompletedCount, version, countedAt, updatedAt)
        .unfocused(when);
  }

  /** Seconds that its running focus counts by now, {@link #LONGEST_FOCUS} at most; null if none. */
  @Nullable Integer focusRun(Instant now) {
    return focusingSince == null ? null : focusRun(focusingSince, now);
  }

  /** Seconds that a focus since then counts by now. */
  public static int focusRun(Instant since, Instant now) {
    return (int) Math.clamp(Duration.between(since, now).toSeconds(), 0, LONGEST_FOCUS.toSeconds());
  }

  /** As it is when the focus on it has ended now: the time counts. */
  Task unfocused(Instant now) {
    Integer run = focusRun(now);
    return run == null ? this : withFocus(focusTimeSeconds + run, null);
  }

  /** As it is with so many seconds of focus more. */
  Task focusedFor(int seconds) {
    return withFocus(focusTimeSeconds + seconds, focusingSince);
  }

  /** FR-045: at least half of its estimate was spent in focus; never without an estimate. */
  public boolean focused() {
    return estimatedDuration != null && 2L * focusTimeSeconds >= 60L * estimatedDuration;
  }

  /** True if nothing that a user writes or sets is another, but for whether it is done. */
  boolean differsOnlyInCompletion(Task other) {
    return title.equals(other.title)
        && description.equals(other.description)
        && priority.equals(other.priority)
        && Objects.equals(dueDate, other.dueDate)
        && Objects.equals(estimatedDuration, other.estimatedDuration)
        && hidden == other.hidden
        && archived == other.archived;
  }

  /** As it is with this very completion counted, unless it was counted before. */
  Task counted(Instant when) {
    return with(
        completed,
        completedAt,
        completedBy,
        subtaskCount,
        subtaskCompletedCount,
        version,
        countedAt == null ? when : countedAt,
        updatedAt);
  }

  Task withSubtasks(int count, int completedCount) {
    return with(
        completed, completedAt, completedBy, count, completedCount, version, countedAt, updatedAt);
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
        countedAt,
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
        countedAt,
        createdAt,
        updatedAt,
        null);
  }

  private Task with(
      boolean nowCompleted,
      @Nullable Instant since,
      @Nullable CompletedBy how,
      int subtasks,
      int subtasksCompleted,
      int newVersion,
      @Nullable Instant newlyCountedAt,
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
        newlyCountedAt,
        createdAt,
        changedAt,
        focusingSince);
  }

  private Task withFocus(int seconds, @Nullable Instant since) {
    return new Task(
        id,
        userId,
        templateId,
        title,
        description,
        priority,
        dueDate,
        estimatedDuration,
        seconds,
        completed,
        completedAt,
        completedBy,
        hidden,
        archived,
        subtaskCount,
        subtaskCompletedCount,
        version,
        countedAt,
        createdAt,
        updatedAt,
        since);
  }
}
