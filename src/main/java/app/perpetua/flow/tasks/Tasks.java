package app.perpetua.flow.tasks;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tombstones.Tombstones;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rules of tasks (FR-007 to FR-014). The owner's row is locked before any of these methods that
 * write runs, so what they read stays true: they compute the new state here, leave it for the
 * commit, and answer with it. Thread-safe.
 */
public final class Tasks {
  /** FR-013: how far ahead a due date may lie when it is set. */
  public static final Duration HORIZON = Duration.ofDays(30);

  /** FR-016: the kind of the job that makes a template's next instance; its key is the template. */
  public static final String NEXT_INSTANCE = "recurring_task_generate";

  /**
   * A changed task.
   *
   * @param task as it is now
   * @param completedNow true if this very change completed it
   */
  public record Changed(Task task, boolean completedNow) {}

  private final TaskConfig config;
  private final Ids ids;
  private final Json json;
  private final Events events;
  private final Tombstones tombstones;
  private final Jobs jobs;

  public Tasks(
      TaskConfig config, Ids ids, Json json, Events events, Tombstones tombstones, Jobs jobs) {
    this.config = config;
    this.ids = ids;
    this.json = json;
    this.events = events;
    this.tombstones = tombstones;
    this.jobs = jobs;
  }

  /**
   * The tasks that pass the filter.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public Page<Task> list(Tx tx, TaskFilter filter) {
    return tx.sql("tasks.list_tasks")
        .bind("completed", filter.completed())
        .bind("priority", filter.priority())
        .bind("hidden", filter.hidden())
        .bind("archived", filter.archived())
        .bind("due_before", filter.dueBefore())
        .bind("due_after", filter.dueAfter())
        .bind("template_id", filter.templateId())
        .bind("words", filter.words().toArray(String[]::new))
        .bind("order", filter.order())
        .bind("descending", filter.descending())
        .page(filter.page(), Task::of);
  }

  /**
   * A task with its subtasks and reminders.
   *
   * @throws Refusal {@code FORBIDDEN} if it is another user's, {@code NOT_FOUND}
   */
  public TaskDetail detail(Tx tx, UUID id) {
    return tx.sql("tasks.find_detail")
        .bind("id", id)
        .one(row -> TaskDetail.of(row, json))
        .orElseThrow(() -> missing(tx, id));
  }

  /**
   * A task without what hangs on it.
   *
   * @throws Refusal {@code FORBIDDEN} if it is another user's, {@code NOT_FOUND}
   */
  public Task get(Tx tx, UUID id) {
    return find(tx, id).orElseThrow(() -> missing(tx, id));
  }

  /** As above; empty if the acting user has no such task. */
  public Optional<Task> find(Tx tx, UUID id) {
    return tx.sql("tasks.find_task").bind("id", id).one(Task::withFocus);
  }

  /**
   * Creates a task (FR-007).
   *
   * @throws Refusal {@code VALIDATION_ERROR} if the description is too long for the tier, {@code
   *     LIMIT_EXCEEDED} if there are as many open tasks as the tier and perks allow
   */
  public Task create(Tx tx, TaskDraft draft) {
    checkDescription(tx.owner(), draft.description());
    checkRoom(tx.owner());
    Task task = Task.made(ids.next(), tx.userId(), null, draft, tx.now());
    insert(tx, task, null);
    return task;
  }

  /**
   * Leaves a new task for the commit; the owner's counter goes along with it.
   *
   * @param occurrence which one of its template's it is; null without a template
   */
  void insert(Tx tx, Task task, @Nullable Instant occurrence) {
    tx.sql("tasks.insert_task")
        .bind("id", task.id())
        .bind("template_id", task.templateId())
        .bind("occurrence_at", occurrence)
        .bind("title", task.title())
        .bind("description", task.fields().description())
        .bind("priority", task.fields().priority())
        .bind("due_date", task.dueDate())
        .bind("estimated_duration", task.fields().estimatedDuration())
        .atCommit();
    events.emit(tx, new Event.TaskCreated(task.id()));
  }

  /**
   * Changes a task. Nothing happens, and no version is spent, if it already is as asked.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code CONFLICT} if the
   *     version is stale, {@code VALIDATION_ERROR} for a due date or description out of bounds
   */
  public Changed patch(Tx tx, UUID id, TaskPatch patch) {
    if (patch.description() != null) {
      checkDescription(tx.owner(), patch.description());
    }
    Optional<Task> found = find(tx, id);
    Instant due = patch.dueDate().or(null);
    if (due != null && !due.equals(found.map(Task::dueDate).orElse(null))) {
      checkDueDate(due, tx.now());
    }
    Task old = found.orElseThrow(() -> missing(tx, id));
    if (old.archived() && patch.needsUnarchived()) {
      throw archived();
    }
    checkVersion(old, patch.version());
    Task changed = patch.applyTo(old, tx.now());
    if (changed.equals(old)) {
      return new Changed(old, false);
    }
    Task stored = store(tx, old, changed);
    if (changed.completed() && !old.completed()) {
      tellCompleted(tx, old, stored);
    } else if (!changed.completed() && old.completed()) {
      events.emit(tx, new Event.TaskReopened(id));
    }
    if (!changed.differsOnlyInCompletion(old)) {
      boolean dueChanged = !Objects.equals(changed.dueDate(), old.dueDate());
      boolean stopped = changed.archived() && !changed.completed();
      events.emit(
          tx,
          new Event.TaskUpdated(
              id, dueChanged, changed.dueDate(), stopped ? old.focusRun(tx.now()) : null));
    }
    return new Changed(stored, changed.completed() && !old.completed());
  }

  /**
   * Completes a task together with its open subtasks (FR-010); a completed one is left as it is.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code CONFLICT}
   */
  public Task forceComplete(Tx tx, UUID id, int version) {
    TaskDetail detail = detail(tx, id);
    Task old = detail.task();
    checkChangeable(old);
    checkVersion(old, version);
    if (old.completed()) {
      return old;
    }
    Task stored =
        store(
            tx,
            old,
            old.completedBy(Task.CompletedBy.FORCE, tx.now())
                .withSubtasks(old.subtasks().subtaskCount(), old.subtasks().subtaskCount()));
    tx.sql("tasks.complete_open_subtasks").bind("task_id", id).atCommit();
    for (Subtask subtask : detail.subtasks()) {
      if (!subtask.completed()) {
        events.emit(tx, new Event.SubtaskCompleted(subtask.id(), id));
      }
    }
    tellCompleted(tx, old, stored);
    return stored;
  }

  /**
   * Counts time that was spent on a task in focus.
   *
   * @param task as it is
   * @param seconds how much more
   */
  public Task addFocus(Tx tx, Task task, int seconds) {
    return store(tx, task, task.focusedFor(seconds));
  }

  /**
   * Deletes a task for real, leaving a tombstone (FR-012b).
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}
   */
  public Tombstones.Tombstone delete(Tx tx, UUID id) {
    Task old = get(tx, id);
    Tombstones.Tombstone tombstone = tombstones.next(tx);
    tx.sql("tasks.delete_task")
        .bind("id", id)
        .bind("open_delta", old.open() ? -1 : 0)
        .bind("focus_time_seconds", old.unfocused(tx.now()).focus().focusTimeSeconds())
        .bind("tombstone_id", tombstone.tombstoneId())
        .bind("recoverable_until", tombstone.recoverableUntil())
        .atCommit();
    tombstones.keepNewest(tx);
    if (!old.completed()) {
      askForNext(tx, old);
    }
    events.emit(tx, new Event.TaskDeleted(id, tombstone.tombstoneId(), old.focusRun(tx.now())));
    return tombstone;
  }

  /**
   * Leaves the computed state for the commit: one version up, the owner's counter along with it,
   * and, if it completes an instance of a template, the job that makes the next one (FR-016).
   */
  Task store(Tx tx, Task old, Task changed) {
    boolean completes = changed.completed() && !old.completed();
    Task task = (completes ? changed.counted(tx.now()) : changed).touched(tx.now());
    tx.sql("tasks.store_task")
        .bind("id", task.id())
        .bind("open_delta", (task.open() ? 1 : 0) - (old.open() ? 1 : 0))
        .bind("title", task.title())
        .bind("description", task.fields().description())
        .bind("priority", task.fields().priority())
        .bind("due_date", task.dueDate())
        .bind("estimated_duration", task.fields().estimatedDuration())
        .bind("focus_time_seconds", task.focus().focusTimeSeconds())
        .bind("completed", task.completed())
        .bind("completed_at", task.completion().completedAt())
        .bind("completed_by", task.completion().completedBy())
        .bind("hidden", task.hidden())
        .bind("archived", task.archived())
        .bind("subtask_count", task.subtasks().subtaskCount())
        .bind("subtask_completed_count", task.subtasks().subtaskCompletedCount())
        .bind("version", task.version())
        .bind("counted_at", task.completion().countedAt())
        .bind("updated_at", task.revision().updatedAt())
        .atCommit();
    if (completes) {
      askForNext(tx, task);
    }
    return task;
  }

  /**
   * Tells that a task was completed, in whatever way, with all that others need to know of it.
   *
   * @param old as it was before
   * @param stored as {@link #store} has left it
   */
  void tellCompleted(Tx tx, Task old, Task stored) {
    events.emit(
        tx,
        new Event.TaskCompleted(
            stored.id(),
            Objects.requireNonNull(stored.completion().completedBy()).wireName(),
            tx.now(),
            old.completion().countedAt() == null,
            stored.focused(),
            old.focusRun(tx.now())));
  }

  /** Part of the change itself: it costs no round trip, and commits with it or not at all. */
  private void askForNext(Tx tx, Task task) {
    if (task.templateId() != null) {
      jobs.enqueue(tx, NEXT_INSTANCE, task.templateId().toString(), tx.now(), Map.of());
    }
  }

  int maxSubtasks(LockedUser owner) {
    return switch (owner.tier()) {
      case FREE -> config.freeMaxSubtasks();
      case PRO -> config.proMaxSubtasks();
    };
  }

  /** A due date lies ahead, but not further than the horizon (FR-013). */
  static boolean dueDateFits(Instant due, Instant now) {
    return due.isAfter(now) && !due.isAfter(now.plus(HORIZON));
  }

  static String dueDateMessage() {
    return "must be later than now and at most " + HORIZON.toDays() + " days ahead";
  }

  /**
   * What an archived task refuses.
   *
   * @throws Refusal {@code ARCHIVED}
   */
  public static void checkChangeable(Task task) {
    if (task.archived()) {
      throw archived();
    }
  }

  /**
   * As many tasks may be open, and as many templates active.
   *
   * @return the tier's limit and perks
   */
  public int maxOpen(LockedUser owner) {
    return owner.perkTasks()
        + switch (owner.tier()) {
          case FREE -> config.freeMax();
          case PRO -> config.proMax();
        };
  }

  /**
   * There must be room for one more open task.
   *
   * @throws Refusal {@code LIMIT_EXCEEDED}
   */
  public void checkRoom(LockedUser owner) {
    int limit = maxOpen(owner);
    if (owner.openTasks() >= limit) {
      throw Refusal.of(ErrorCode.LIMIT_EXCEEDED, "no more than " + limit + " tasks may be open")
          .with("limit", limit)
          .with("current", owner.openTasks());
    }
  }

  /** How many characters a description may have. */
  public int maxDescription(LockedUser owner) {
    return switch (owner.tier()) {
      case FREE -> config.freeDescription();
      case PRO -> config.proDescription();
    };
  }

  /**
   * A description has a limit by tier (FR-007).
   *
   * @throws Refusal {@code VALIDATION_ERROR} if it is longer
   */
  public void checkDescription(LockedUser owner, String description) {
    int limit = maxDescription(owner);
    if (description.codePointCount(0, description.length()) > limit) {
      throw Refusal.invalid("description", "must have at most " + limit + " characters");
    }
  }

  private static void checkDueDate(Instant due, Instant now) {
    if (!dueDateFits(due, now)) {
      throw Refusal.invalid("due_date", dueDateMessage());
    }
  }

  private static void checkVersion(Task task, @Nullable Integer version) {
    if (version != null && version != task.version()) {
      throw Refusal.of(ErrorCode.CONFLICT, "the task has changed since version " + version)
          .with("current_version", task.version());
    }
  }

  private static Refusal archived() {
    return Refusal.of(ErrorCode.ARCHIVED, "the task is archived, which makes it read-only");
  }

  private static Refusal missing(Tx tx, UUID id) {
    return tx.missing("tasks.find_task_owner", "task", id);
  }
}
