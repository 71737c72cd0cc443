package app.perpetua.flow.tasks;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.recovery.Tombstone;
import app.perpetua.flow.recovery.Tombstones;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rules of tasks (FR-007 to FR-014). Methods that write require the owner's lock, so what they
 * read stays valid until the commit: they compute the new state, defer its statements to the commit
 * and return it. Thread-safe.
 *
 * <p>Methods that take an id refuse another user's row with {@code FORBIDDEN} and a missing one
 * with {@code NOT_FOUND}; methods that list refuse a deleted account with {@code UNAUTHORIZED}.
 */
public final class Tasks {
  /** The result of a change; {@code completedNow} if the change completed the task. */
  public record Changed(Task task, boolean completedNow) {}

  private final TaskConfig config;
  private final DayRules days;
  private final Ids ids;
  private final Json json;
  private final Events events;
  private final Tombstones tombstones;
  private final InstanceScheduler instances;

  public Tasks(
      TaskConfig config,
      Ids ids,
      Json json,
      Events events,
      Tombstones tombstones,
      InstanceScheduler instances) {
    this.config = config;
    this.days = new DayRules(config);
    this.ids = ids;
    this.json = json;
    this.events = events;
    this.tombstones = tombstones;
    this.instances = instances;
  }

  public Page<Task> list(Tx tx, TaskFilter filter) {
    return TaskLists.list(tx, filter);
  }

  /** A task with its subtasks and reminders, only to be shown. */
  RenderedTask rendered(Tx tx, UUID id) {
    return tx.sql("tasks.find_detail")
        .bind("id", id)
        .one(RenderedTask::of)
        .orElseThrow(() -> missing(tx, id));
  }

  public TaskDetail detail(Tx tx, UUID id) {
    return tx.sql("tasks.find_detail")
        .bind("id", id)
        .one(row -> TaskDetail.of(row, json))
        .orElseThrow(() -> missing(tx, id));
  }

  /** A task without its subtasks and reminders. */
  public Task get(Tx tx, UUID id) {
    return find(tx, id).orElseThrow(() -> missing(tx, id));
  }

  /** A task without its subtasks and reminders; empty if the acting user has no such task. */
  public Optional<Task> find(Tx tx, UUID id) {
    return tx.sql("tasks.find_task").bind("id", id).one(Task::withFocus);
  }

  /**
   * Creates a task (FR-007).
   *
   * @throws Refusal {@code VALIDATION_ERROR} if the description is too long for the tier, the day
   *     is out of bounds, or list or labels do not exist; {@code LIMIT_EXCEEDED} if the user has as
   *     many open tasks as tier and perks allow
   */
  public Task create(Tx tx, TaskDraft draft) {
    checkPlacement(tx, draft.placement(), Placement.INBOX);
    Task task = prepare(tx, draft);
    insert(tx, task);
    return task;
  }

  /**
   * Makes a task, which {@link #insert(Tx, Task)} stores.
   *
   * @param draft with list and labels of the user
   * @throws Refusal as {@link #create}
   */
  public Task prepare(Tx tx, TaskDraft draft) {
    checkDescription(tx.owner(), draft.description());
    TaskDraft resolved = days.resolved(tx, draft);
    checkRoom(tx.owner());
    return Task.create(ids.next(), tx.userId(), null, resolved, tx.now());
  }

  /** Stores a new task without a template at the commit. */
  public void insert(Tx tx, Task task) {
    insert(tx, task, null);
  }

  /**
   * Inserts a task at the commit and increments the owner's counter.
   *
   * @param occurrence null without a template
   */
  void insert(Tx tx, Task task, @Nullable Instant occurrence) {
    bind(tx.sql("tasks.insert_task"), task)
        .bind("template_id", task.templateId())
        .bind("occurrence_at", occurrence)
        .bind("subtask_count", task.subtasks().subtaskCount())
        .atCommit();
    events.emit(tx, new Event.TaskCreated(task.id()));
  }

  /**
   * Changes a task. Its version stays if nothing changes.
   *
   * @throws Refusal {@code ARCHIVED}, {@code CONFLICT} if the version is stale, {@code
   *     VALIDATION_ERROR} if the due date or description is out of bounds
   */
  public Changed patch(Tx tx, UUID id, TaskPatch patch) {
    Optional<Task> found = find(tx, id);
    checkDescription(
        tx.owner(),
        patch.fields().description(),
        found.map(task -> task.fields().description()).orElse(null));
    days.check(tx, patch.days(), found.map(Task::fields).orElse(null));
    Task old = found.orElseThrow(() -> missing(tx, id));
    if (old.archived() && patch.needsUnarchived()) {
      throw archived();
    }
    Refusal.checkVersion("task", patch.version(), old.version());
    Task changed = patch.applyTo(old, DayRules.zone(tx), tx.now());
    checkPlacement(tx, changed.fields().placement(), old.fields().placement());
    if (changed.equals(old)) {
      return new Changed(old, false);
    }
    Task stored = store(tx, old, changed);
    boolean completedNow = changed.completed() && !old.completed();
    if (completedNow) {
      emitCompleted(tx, old, stored);
    } else if (!changed.completed() && old.completed()) {
      events.emit(tx, new Event.TaskReopened(id, changed.fields().dueOn()));
    }
    if (!changed.differsOnlyInCompletion(old)) {
      boolean endsFocus = changed.archived() && !changed.completed();
      events.emit(tx, changed.updatedFrom(old, endsFocus ? old.focusSeconds(tx.now()) : null));
    }
    return new Changed(stored, completedNow);
  }

  /**
   * Completes a task and its open subtasks (FR-010). Does nothing if it is completed.
   *
   * @throws Refusal {@code ARCHIVED}, {@code CONFLICT}
   */
  public Task forceComplete(Tx tx, UUID id, int version) {
    TaskDetail detail = detail(tx, id);
    Task old = detail.task();
    checkChangeable(old);
    Refusal.checkVersion("task", version, old.version());
    if (old.completed()) {
      return old;
    }
    int open = old.subtasks().subtaskCount() - old.subtasks().subtaskCompletedCount();
    Task completed = old.completedBy(Task.CompletedBy.FORCE, tx.now()).withSubtasks(0, open);
    Task stored = store(tx, old, completed);
    tx.sql("tasks.complete_open_subtasks").bind("task_id", id).atCommit();
    for (Subtask subtask : detail.subtasks()) {
      if (!subtask.completed()) {
        events.emit(tx, new Event.SubtaskCompleted(subtask.id(), id));
      }
    }
    emitCompleted(tx, old, stored);
    return stored;
  }

  public Task addFocus(Tx tx, Task task, int seconds) {
    return store(tx, task, task.withFocusAdded(seconds));
  }

  /** Deletes a task and its subtasks and reminders, leaving a tombstone (FR-012b). */
  public Tombstone delete(Tx tx, UUID id) {
    Task old = get(tx, id);
    Tombstone tombstone = tombstones.next(tx);
    tx.sql("tasks.delete_task")
        .bind("id", id)
        .bind("open_delta", old.open() ? -1 : 0)
        .bind("shown_delta", old.shown() ? -1 : 0)
        .bind("focus_time_seconds", old.withFocusEnded(tx.now()).focus().focusTimeSeconds())
        .bind("tombstone_id", tombstone.tombstoneId())
        .bind("recoverable_until", tombstone.recoverableUntil())
        .atCommit();
    tombstones.keepNewest(tx);
    if (!old.completed()) {
      scheduleNextInstance(tx, old);
    }
    events.emit(tx, new Event.TaskDeleted(id, tombstone.tombstoneId(), old.focusSeconds(tx.now())));
    return tombstone;
  }

  /**
   * Stores a changed task at the commit: increments its version, adjusts the owner's counter and,
   * if the change completes an instance of a template, schedules the next one (FR-016).
   */
  Task store(Tx tx, Task old, Task changed) {
    return store(tx, old, changed, null);
  }

  /** Archives an instance of a template as skipped, ends its focus and schedules the next one. */
  Task storeSkipped(Tx tx, Task old) {
    Task archived =
        old.with(old.fields(), old.completion(), old.hidden(), true).withFocusEnded(tx.now());
    Task task = store(tx, old, archived, tx.now());
    scheduleNextInstance(tx, task);
    return task;
  }

  private Task store(Tx tx, Task old, Task changed, @Nullable Instant skippedAt) {
    boolean completes = changed.completed() && !old.completed();
    Task task = (completes ? changed.counted(tx.now()) : changed).nextRevision(tx.now());
    int openDelta = (task.open() ? 1 : 0) - (old.open() ? 1 : 0);
    if (openDelta != 0) {
      tx.sql("tasks.count_open_tasks").bind("open_delta", openDelta).atCommit();
    }
    bind(tx.sql("tasks.store_task"), task)
        .bind("focus_time_seconds", task.focus().focusTimeSeconds())
        .bind("completed", task.completed())
        .bind("completed_at", task.completion().completedAt())
        .bind("completed_by", task.completion().completedBy())
        .bind("hidden", task.hidden())
        .bind("archived", task.archived())
        .bind("skipped_at", skippedAt)
        .bind("subtask_count", task.subtasks().subtaskCount())
        .bind("subtask_completed_count", task.subtasks().subtaskCompletedCount())
        .bind("version", task.version())
        .bind("counted_at", task.completion().countedAt())
        .bind("updated_at", task.revision().updatedAt())
        .atCommit();
    if (completes) {
      scheduleNextInstance(tx, task);
    }
    return task;
  }

  /** Emits the event of a completion; {@code stored} is the result of {@link #store}. */
  void emitCompleted(Tx tx, Task old, Task stored) {
    events.emit(
        tx,
        new Event.TaskCompleted(
            stored.id(),
            Objects.requireNonNull(stored.completion().completedBy()).wireName(),
            tx.now(),
            old.completion().countedAt() == null,
            stored.focused(),
            old.focusSeconds(tx.now())));
  }

  private static Query bind(Query statement, Task task) {
    return statement
        .bind("id", task.id())
        .bind("title", task.title())
        .bind("description", task.fields().description())
        .bind("priority", task.fields().priority())
        .bind("due_date", task.dueDate())
        .bind("due_on", task.fields().dueOn())
        .bind("start_on", task.fields().startOn())
        .bind("list_id", task.fields().placement().listId())
        .bind("position", task.fields().placement().position())
        .bind("label_ids", task.fields().placement().labelIds())
        .bind("estimated_duration", task.fields().estimatedDuration());
  }

  /**
   * Moves a task that is not archived to a place in a list.
   *
   * @param listId a list of the user; null for the inbox
   */
  public Task place(Tx tx, Task task, @Nullable UUID listId, String position) {
    Task moved = store(tx, task, task.placed(listId, position));
    events.emit(
        tx, new Event.TaskUpdated(task.id(), false, task.dueDate(), task.fields().dueOn(), null));
    return moved;
  }

  /** Refuses a list that the user does not have with {@code VALIDATION_ERROR}. */
  public void checkList(Tx tx, @Nullable UUID listId) {
    checkPlacement(tx, new Placement(listId, null, List.of()), Placement.INBOX);
  }

  /**
   * Refuses a list or label that the user does not have, unless the task or template has it
   * already, with {@code VALIDATION_ERROR}.
   */
  public static void checkPlacement(Tx tx, Placement changed, Placement old) {
    boolean sameList = Objects.equals(changed.listId(), old.listId());
    boolean sameLabels = old.labelIds().containsAll(changed.labelIds());
    if ((sameList || changed.listId() == null) && sameLabels) {
      return;
    }
    tx.sql("tasks.find_places")
        .bind("list_id", changed.listId())
        .bind("label_ids", changed.labelIds())
        .one(
            row -> {
              if (!row.bool("list_exists")) {
                throw Refusal.invalid("list_id", "is not the id of one of your lists");
              }
              if (!row.bool("labels_exist")) {
                throw Refusal.invalid("label_ids", "must be ids of your labels");
              }
              return row;
            });
  }

  private void scheduleNextInstance(Tx tx, Task task) {
    if (task.templateId() != null) {
      instances.scheduleNext(tx, task.templateId());
    }
  }

  int maxSubtasks(LockedUser owner) {
    return config.maxSubtasks(owner.tier());
  }

  /** Refuses an archived task with {@code ARCHIVED}. */
  public static void checkChangeable(Task task) {
    if (task.archived()) {
      throw archived();
    }
  }

  /** The limit of open tasks, by tier and perks; active templates have the same limit. */
  public int maxOpen(LockedUser owner) {
    return owner.perkTasks() + config.max(owner.tier());
  }

  /** Refuses a further open task beyond the limit with {@code LIMIT_EXCEEDED}. */
  public void checkRoom(LockedUser owner) {
    int limit = maxOpen(owner);
    if (owner.openTasks() >= limit) {
      throw Refusal.limitExceeded(
          "at most " + limit + " tasks may be open", limit, owner.openTasks());
    }
  }

  /** The limit of a description, in code points. */
  public int maxDescription(LockedUser owner) {
    return config.maxDescription(owner.tier());
  }

  /** Refuses a description that is too long for the tier with {@code VALIDATION_ERROR} (FR-007). */
  public void checkDescription(LockedUser owner, @Nullable String description) {
    int limit = maxDescription(owner);
    if (description != null && description.codePointCount(0, description.length()) > limit) {
      throw Refusal.invalid("description", "must have at most " + limit + " characters");
    }
  }

  /** As above, but accepts the old description, whatever the tier is now. */
  public void checkDescription(
      LockedUser owner, @Nullable String description, @Nullable String old) {
    if (!Objects.equals(description, old)) {
      checkDescription(owner, description);
    }
  }

  private static Refusal archived() {
    return Refusal.of(ErrorCode.ARCHIVED, "an archived task is read-only");
  }

  private static Refusal missing(Tx tx, UUID id) {
    return tx.missing("tasks.find_task_owner", "task", id);
  }
}
