package app.perpetua.flow.tasks;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.parsing.Positions;
import app.perpetua.flow.sql.Row;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.annotation.JsonSerialize;

/**
 * A task, as defined by the API contract.
 *
 * @param id UUID version 7
 * @param templateId the template that created it; null if the user did
 * @param archived makes it read-only
 */
@JsonSerialize(using = TaskSerializer.class)
public record Task(
    UUID id,
    UUID userId,
    @Nullable UUID templateId,
    TaskDraft fields,
    Focus focus,
    Completion completion,
    boolean hidden,
    boolean archived,
    SubtaskCounts subtasks,
    Revision revision) {
  /** What completed a task. */
  public enum CompletedBy implements WireName {
    /** The user, leaving its subtasks as they were. */
    MANUAL,
    /** The completion of its last open subtask (FR-009). */
    AUTO,
    /** The user, together with its open subtasks (FR-010). */
    FORCE
  }

  /**
   * The time spent on a task in focus.
   *
   * @param focusTimeSeconds seconds of all ended sessions
   * @param focusingSince start of the running session; null if none is running or it was not read
   */
  public record Focus(int focusTimeSeconds, @Nullable Instant focusingSince) {}

  /**
   * The completion of a task.
   *
   * @param completedAt null while open
   * @param completedBy null while open
   * @param countedAt when it was first completed; achievements count only that completion. Null if
   *     it never was
   */
  public record Completion(
      boolean completed,
      @Nullable Instant completedAt,
      @Nullable CompletedBy completedBy,
      @Nullable Instant countedAt) {
    Completion completed(CompletedBy how, Instant when) {
      return new Completion(true, when, how, countedAt);
    }

    Completion counted(Instant when) {
      return countedAt != null ? this : new Completion(completed, completedAt, completedBy, when);
    }

    Completion reopened() {
      return new Completion(false, null, null, countedAt);
    }
  }

  /** The numbers of all and of completed subtasks of a task. */
  public record SubtaskCounts(int subtaskCount, int subtaskCompletedCount) {
    boolean allCompleted() {
      return subtaskCompletedCount == subtaskCount;
    }
  }

  /**
   * The version and times of a task.
   *
   * @param version incremented by each request that changes the task or its subtasks
   */
  public record Revision(int version, Instant createdAt, Instant updatedAt) {
    Revision next(Instant when) {
      return new Revision(version + 1, createdAt, when);
    }
  }

  /** Maximum time that one focus session counts, equal to the largest estimate. */
  public static final Duration MAX_FOCUS = Duration.ofMinutes(TaskForm.MAX_MINUTES);

  /**
   * Reads a task with its running focus session. The session of a completed or archived task is
   * ignored: its time is already counted, and the listener is about to end it.
   */
  static Task withFocus(Row row) {
    Task task = of(row);
    return task.completed() || task.archived
        ? task
        : task.withFocus(task.focus.focusTimeSeconds(), row.instantOrNull("focusing_since"));
  }

  /** Reads a task without its running focus session. */
  public static Task of(Row row) {
    return new Task(
        row.uuid("id"),
        row.uuid("user_id"),
        row.uuidOrNull("template_id"),
        new TaskDraft(
            row.text("title"),
            row.text("description"),
            row.wireName("priority", Priority.class),
            row.instantOrNull("due_date"),
            row.dateOrNull("due_on"),
            row.dateOrNull("start_on"),
            row.integerOrNull("estimated_duration"),
            new Placement(
                row.uuidOrNull("list_id"), row.textOrNull("position"), row.uuids("label_ids"))),
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

  static Task create(
      UUID id, UUID userId, @Nullable UUID templateId, TaskDraft draft, Instant now) {
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

  public String title() {
    return fields.title();
  }

  public @Nullable Instant dueDate() {
    return fields.dueDate();
  }

  /** The position in its list, its own or that of its creation. */
  String position() {
    String own = fields.placement().position();
    return own == null ? Positions.of(revision.createdAt()) : own;
  }

  public boolean completed() {
    return completion.completed();
  }

  public int version() {
    return revision.version();
  }

  /** Whether it counts against the limit of open tasks. */
  public boolean open() {
    return !completed() && !hidden && !archived;
  }

  /** Whether it is in the default list. */
  boolean shown() {
    return !hidden && !archived;
  }

  /** Completes the task and ends its focus session. */
  Task completedBy(CompletedBy how, Instant when) {
    return with(completion.completed(how, when)).withFocusEnded(when);
  }

  /** Seconds that the running focus session counts; null if none is running. */
  @Nullable Integer focusSeconds(Instant now) {
    Instant since = focus.focusingSince();
    return since == null ? null : focusSeconds(since, now);
  }

  /** Seconds that a focus session counts, from 0 to {@link #MAX_FOCUS}. */
  public static int focusSeconds(Instant since, Instant now) {
    return (int) Math.clamp(Duration.between(since, now).toSeconds(), 0, MAX_FOCUS.toSeconds());
  }

  /** Ends the running focus session and adds its time. */
  Task withFocusEnded(Instant now) {
    Integer seconds = focusSeconds(now);
    return seconds == null ? this : withFocus(focus.focusTimeSeconds() + seconds, null);
  }

  Task withFocusAdded(int seconds) {
    return withFocus(focus.focusTimeSeconds() + seconds, focus.focusingSince());
  }

  Task placed(@Nullable UUID listId, String position) {
    Placement place = new Placement(listId, position, fields.placement().labelIds());
    return with(fields.withPlacement(place), completion, hidden, archived);
  }

  /** Whether focus time is at least half of the estimate (FR-045); false without an estimate. */
  boolean focused() {
    Integer estimate = fields.estimatedDuration();
    return estimate != null && 2L * focus.focusTimeSeconds() >= 60L * estimate;
  }

  boolean differsOnlyInCompletion(Task other) {
    return fields.equals(other.fields) && hidden == other.hidden && archived == other.archived;
  }

  /**
   * The event of a change of fields.
   *
   * @param focusSeconds of the focus session that the change has ended; null if it has ended none
   */
  Event.TaskUpdated updatedFrom(Task old, @Nullable Integer focusSeconds) {
    return new Event.TaskUpdated(
        id, !fields.isDueAs(old.fields), fields.dueDate(), fields.dueOn(), focusSeconds);
  }

  /** Marks its completion as counted, unless an earlier one was. */
  Task counted(Instant when) {
    return with(completion.counted(when));
  }

  Task nextRevision(Instant when) {
    return with(templateId, focus, revision.next(when));
  }

  /** Increments the version, because clients must notice the recovery, and keeps the times. */
  Task recovered(boolean withTemplate, ZoneId zone) {
    Task recovered =
        with(
            withTemplate ? templateId : null,
            new Focus(focus.focusTimeSeconds(), null),
            revision.next(revision.updatedAt()));
    // An open task's day is one of the present time zone.
    return completed() ? recovered : recovered.with(fields.in(zone), completion, hidden, archived);
  }

  Task with(TaskDraft newFields, Completion newCompletion, boolean nowHidden, boolean nowArchived) {
    return new Task(
        id,
        userId,
        templateId,
        newFields,
        focus,
        newCompletion,
        nowHidden,
        nowArchived,
        subtasks,
        revision);
  }

  /** Adds to the counts of subtasks. */
  Task withSubtasks(int more, int moreCompleted) {
    SubtaskCounts counts =
        new SubtaskCounts(
            subtasks.subtaskCount() + more, subtasks.subtaskCompletedCount() + moreCompleted);
    return new Task(
        id, userId, templateId, fields, focus, completion, hidden, archived, counts, revision);
  }

  private Task with(Completion changed) {
    return with(fields, changed, hidden, archived);
  }

  private Task withFocus(int seconds, @Nullable Instant since) {
    return with(templateId, new Focus(seconds, since), revision);
  }

  private Task with(@Nullable UUID template, Focus changed, Revision next) {
    return new Task(
        id, userId, template, fields, changed, completion, hidden, archived, subtasks, next);
  }
}
