package app.perpetua.flow.tasks;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A task as the contract shows it.
 *
 * @param id UUID version 7
 * @param userId its owner
 * @param templateId the recurrence it is an instance of; null for a task of its own
 * @param fields what its user writes
 * @param focus the time spent on it
 * @param completion whether it is done
 * @param hidden out of sight, reversibly
 * @param archived read-only
 * @param subtasks how many it has
 * @param revision its version and times
 */
public record Task(
    UUID id,
    UUID userId,
    @Nullable UUID templateId,
    @JsonUnwrapped TaskDraft fields,
    @JsonUnwrapped Focus focus,
    @JsonUnwrapped Completion completion,
    boolean hidden,
    boolean archived,
    @JsonUnwrapped SubtaskCounts subtasks,
    @JsonUnwrapped Revision revision) {
  /** What completed a task. */
  public enum CompletedBy implements WireName {
    /** Its user, when no subtask was open. */
    MANUAL,
    /** The completion of its last open subtask (FR-009). */
    AUTO,
    /** Its user, together with its open subtasks (FR-010). */
    FORCE
  }

  /**
   * The time spent on a task in focus.
   *
   * @param focusTimeSeconds of all sessions that have ended, seconds
   * @param focusingSince when the running session began; null if none runs, and where nothing
   *     depends on it. Not shown.
   */
  public record Focus(int focusTimeSeconds, @JsonIgnore @Nullable Instant focusingSince) {}

  /**
   * Whether a task is done.
   *
   * @param completedAt since when; null while open
   * @param completedBy what completed it; null while open
   * @param countedAt when it was first completed, and so counted towards achievements, once in its
   *     life; null before, and never shown
   */
  public record Completion(
      boolean completed,
      @Nullable Instant completedAt,
      @Nullable CompletedBy completedBy,
      @JsonIgnore @Nullable Instant countedAt) {
    Completion completed(CompletedBy how, Instant when) {
      return new Completion(true, when, how, countedAt);
    }

    Completion reopened() {
      return new Completion(false, null, null, countedAt);
    }
  }

  /** How many subtasks a task has, and how many of them are done. */
  public record SubtaskCounts(int subtaskCount, int subtaskCompletedCount) {}

  /**
   * The version and times of a task.
   *
   * @param version rises by one with every request that changes the task or its subtasks
   * @param updatedAt when it last changed
   */
  public record Revision(int version, Instant createdAt, Instant updatedAt) {
    Revision next(Instant when) {
      return new Revision(version + 1, createdAt, when);
    }
  }

  /** What one focus counts at most: as long as the longest estimate. */
  public static final Duration LONGEST_FOCUS = Duration.ofHours(12);

  /**
   * A task with the focus on it. What is done or read-only has none: its reaction has yet to end
   * the session, whose time is counted already.
   */
  static Task withFocus(Row row) {
    Task task = of(row);
    return task.completed() || task.archived
        ? task
        : task.withFocus(task.focus.focusTimeSeconds(), row.instantOrNull("focusing_since"));
  }

  static Task of(Row row) {
    return new Task(
        row.uuid("id"),
        row.uuid("user_id"),
        row.uuidOrNull("template_id"),
        new TaskDraft(
            row.text("title"),
            row.text("description"),
            row.wireName("priority", Priority.class),
            row.instantOrNull("due_date"),
            row.integerOrNull("estimated_duration")),
        new Focus(row.integer("focus_time_seconds"), null),
        new Completion(
            row.bool("completed"),
            row.instantOrNull("completed_at"),
            row.wireNameOrNull("completed_by", CompletedBy.class),
            row.instantOrNull("counted_at")),
        row.bool("hidden"),
        row.bool("archived"),
        new SubtaskCounts(row.integer("subtask_count"), row.integer("subtask_completed_count")),
        new Revision(row.integer("version"), row.instant("created_at"), row.instant("updated_at")));
  }

  /** A new task. */
  static Task made(UUID id, UUID userId, @Nullable UUID templateId, TaskDraft draft, Instant now) {
    return new Task(
        id,
        userId,
        templateId,
        draft,
        new Focus(0, null),
        new Completion(false, null, null, null),
        false,
        false,
        new SubtaskCounts(0, 0),
        new Revision(1, now, now));
  }

  /** As in {@link #fields()}. */
  public String title() {
    return fields.title();
  }

  /** As in {@link #fields()}. */
  public @Nullable Instant dueDate() {
    return fields.dueDate();
  }

  /** As in {@link #completion()}. */
  public boolean completed() {
    return completion.completed();
  }

  /** As in {@link #revision()}. */
  public int version() {
    return revision.version();
  }

  /** True if it counts against the limit of open tasks. */
  public boolean open() {
    return !completed() && !hidden && !archived;
  }

  /** Completes it, which ends the focus on it. */
  Task completedBy(CompletedBy how, Instant when) {
    return with(completion.completed(how, when)).unfocused(when);
  }

  /** Seconds that its running focus counts by now, {@link #LONGEST_FOCUS} at most; null if none. */
  @Nullable Integer focusRun(Instant now) {
    Instant since = focus.focusingSince();
    return since == null ? null : focusRun(since, now);
  }

  /** Seconds that a focus since then counts by now. */
  public static int focusRun(Instant since, Instant now) {
    return (int) Math.clamp(Duration.between(since, now).toSeconds(), 0, LONGEST_FOCUS.toSeconds());
  }

  /** Ends the focus on it and adds its time. */
  Task unfocused(Instant now) {
    Integer run = focusRun(now);
    return run == null ? this : withFocus(focus.focusTimeSeconds() + run, null);
  }

  /** Adds time spent in focus. */
  Task focusedFor(int seconds) {
    return withFocus(focus.focusTimeSeconds() + seconds, focus.focusingSince());
  }

  /** FR-045: at least half of its estimate was spent in focus; never without an estimate. */
  public boolean focused() {
    Integer estimate = fields.estimatedDuration();
    return estimate != null && 2L * focus.focusTimeSeconds() >= 60L * estimate;
  }

  /** True if nothing that a user writes or sets is different, except whether it is done. */
  boolean differsOnlyInCompletion(Task other) {
    return fields.equals(other.fields) && hidden == other.hidden && archived == other.archived;
  }

  /** Counts this very completion, unless one was counted before. */
  Task counted(Instant when) {
    return completion.countedAt() != null
        ? this
        : with(
            new Completion(
                completion.completed(), completion.completedAt(), completion.completedBy(), when));
  }

  /** After a request that changed it. */
  Task touched(Instant when) {
    return with(templateId, focus, revision.next(when));
  }

  /** As it comes back from its deletion: one version on, its times as they were. */
  Task recovered(boolean withTemplate) {
    return with(
        withTemplate ? templateId : null,
        new Focus(focus.focusTimeSeconds(), null),
        revision.next(revision.updatedAt()));
  }

  Task with(TaskDraft changed) {
    return new Task(
        id, userId, templateId, changed, focus, completion, hidden, archived, subtasks, revision);
  }

  Task withSubtasks(int count, int completedCount) {
    return new Task(
        id,
        userId,
        templateId,
        fields,
        focus,
        completion,
        hidden,
        archived,
        new SubtaskCounts(count, completedCount),
        revision);
  }

  private Task with(Completion changed) {
    return new Task(
        id, userId, templateId, fields, focus, changed, hidden, archived, subtasks, revision);
  }

  private Task withFocus(int seconds, @Nullable Instant since) {
    return with(templateId, new Focus(seconds, since), revision);
  }

  private Task with(@Nullable UUID template, Focus changed, Revision next) {
    return new Task(
        id, userId, template, fields, changed, completion, hidden, archived, subtasks, next);
  }
}
