package app.perpetua.flow.reminders;

import static java.util.Objects.requireNonNullElse;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDetail;
import app.perpetua.flow.tasks.Tasks;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The rules of reminders (FR-025, FR-026). Each reminder that has not fired has a job scheduled for
 * its time. Methods that write require the owner's lock. Thread-safe.
 *
 * <p>Methods that take an id refuse another user's row with {@code FORBIDDEN} and a missing one
 * with {@code NOT_FOUND}; methods that list refuse a deleted account with {@code UNAUTHORIZED}.
 */
public final class Reminders {
  /** The kind of {@link ReminderFireJob}; its key is the reminder's id. */
  static final String FIRE = "reminder_fire";

  static final String PAST = "must not be in the past";
  static final String RELATIVE_ONLY = "must be absent if type is absolute";

  private final ReminderConfig config;
  private final Tasks tasks;
  private final Ids ids;
  private final Jobs jobs;
  private final Events events;

  Reminders(ReminderConfig config, Tasks tasks, Ids ids, Jobs jobs, Events events) {
    this.config = config;
    this.tasks = tasks;
    this.ids = ids;
    this.jobs = jobs;
    this.events = events;
  }

  /** One page of the user's reminders, soonest first, dormant ones last. */
  Page<Reminder> list(Tx tx, PageRequest.ByOffset page) {
    return tx.sql("reminders.list_reminders").page(page, Reminder::of);
  }

  /** The reminders of a task, in the same order, as defined by the API contract. */
  List<JsonNode> listOfTask(Tx tx, UUID taskId) {
    return tasks.detail(tx, taskId).reminders();
  }

  Reminder get(Tx tx, UUID id) {
    return find(tx, id).orElseThrow(() -> missing(tx, id));
  }

  /**
   * Adds a reminder to a task.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if its time is past, or relative and the task has no
   *     due date, {@code ARCHIVED}, {@code LIMIT_EXCEEDED}
   */
  Reminder add(Tx tx, UUID taskId, ReminderDraft draft) {
    TaskDetail detail = tasks.detail(tx, taskId);
    Reminder.Timing timing =
        timing(tx, detail.task(), draft.type(), draft.offsetMinutes(), draft.scheduledAt());
    Tasks.checkChangeable(detail.task());
    checkRoom(detail.reminders().size(), 1);
    Reminder reminder = make(tx, taskId, timing, draft.method());
    insert(tx, reminder);
    return reminder;
  }

  /**
   * Adds copies of relative reminders to a new task, regardless of the limit. One whose time is
   * past is added as fired, without a notification: the task's successor copies it again.
   *
   * @param task which has a due date
   */
  void copy(Tx tx, Task task, List<ReminderDraft> reminders) {
    if (reminders.isEmpty()) {
      return;
    }
    Instant base = ReminderBase.of(tx, task.fields());
    reminders.forEach(draft -> insert(tx, relative(tx, task, base, draft)));
  }

  /** Marked as fired if its time is past. */
  private Reminder relative(Tx tx, Task task, @Nullable Instant base, ReminderDraft draft) {
    int offset = Objects.requireNonNull(draft.offsetMinutes());
    Reminder.Timing timing = Reminder.Timing.relativeTo(base, draft.type(), offset);
    Reminder reminder = make(tx, task.id(), timing, draft.method());
    return timing.isPast(tx.now()) ? reminder.markedFired(tx.now()) : reminder;
  }

  private Reminder make(Tx tx, UUID taskId, Reminder.Timing timing, Reminder.Method method) {
    return new Reminder(
        ids.next(), taskId, tx.userId(), timing, method, false, null, 1, tx.now(), tx.now());
  }

  /**
   * Makes reminders of a new task, which {@link #insert} stores. Those of the first task of a
   * template whose time is past are marked as fired, so that its successors have them.
   *
   * @param task with a due date
   * @param drafts relative ones, by the time from which they count
   * @throws Refusal {@code VALIDATION_ERROR} if another one is past, {@code LIMIT_EXCEEDED}
   */
  public List<Reminder> prepare(Tx tx, Task task, Function<Instant, List<ReminderDraft>> drafts) {
    Instant base = Objects.requireNonNull(ReminderBase.of(tx, task.fields()));
    List<ReminderDraft> wanted = drafts.apply(base);
    checkRoom(0, wanted.size());
    List<Reminder> made = wanted.stream().map(draft -> relative(tx, task, base, draft)).toList();
    if (task.templateId() == null && made.stream().anyMatch(Reminder::fired)) {
      throw Refusal.invalid("offset_minutes", PAST);
    }
    return made;
  }

  private void checkRoom(int present, int added) {
    if (present + added > config.max()) {
      throw Refusal.limitExceeded(
          "a task may have at most " + config.max() + " reminders", config.max(), present);
    }
  }

  /** Stores a new reminder at the commit. */
  public void insert(Tx tx, Reminder reminder) {
    tx.sql("reminders.insert_reminder")
        .bind("id", reminder.id())
        .bind("task_id", reminder.taskId())
        .bind("type", reminder.timing().type())
        .bind("offset_minutes", reminder.timing().offsetMinutes())
        .bind("scheduled_at", reminder.scheduledAt())
        .bind("method", reminder.method())
        .bind("fired", reminder.fired())
        .bind("fired_at", reminder.firedAt())
        .atCommit();
    events.emit(tx, new Event.ReminderCreated(reminder.id(), reminder.taskId()));
    if (reminder.fired()) {
      skipped(tx, reminder, Event.SkipReason.PAST);
    } else {
      scheduleJob(tx, reminder);
    }
  }

  void skipped(Tx tx, Reminder reminder, Event.SkipReason reason) {
    events.emit(tx, new Event.ReminderSkipped(reminder.id(), reminder.taskId(), reason));
  }

  /**
   * Changes a reminder that has not fired. Does nothing if it already has these values.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if its type and time contradict each other, or a new
   *     time is past, {@code ARCHIVED}, {@code CONFLICT} if it has fired: a reminder fires once
   */
  Reminder patch(Tx tx, UUID id, ReminderPatch patch) {
    Optional<Reminder> found = find(tx, id);
    Instant newTime = patch.scheduledAt();
    if (newTime != null && !newTime.equals(found.map(Reminder::scheduledAt).orElse(null))) {
      checkNotPast(Reminder.Timing.absolute(newTime), "scheduled_at", tx.now());
    }
    Reminder old = found.orElseThrow(() -> missing(tx, id));
    Task task = tasks.detail(tx, old.taskId()).task();
    Reminder changed = applyPatch(tx, old, patch, task);
    Tasks.checkChangeable(task);
    Refusal.checkVersion("reminder", patch.version(), old.version());
    if (changed.equals(old)) {
      return old;
    }
    if (old.fired()) {
      throw Refusal.of(
          ErrorCode.CONFLICT, "a reminder that has fired cannot be changed; create another");
    }
    store(tx, changed);
    if (!Objects.equals(changed.scheduledAt(), old.scheduledAt())) {
      scheduleJob(tx, changed);
    }
    events.emit(tx, new Event.ReminderUpdated(id, old.taskId(), false));
    return changed;
  }

  /** Deletes a reminder, unless its task is archived, and cancels its job. */
  void delete(Tx tx, UUID id) {
    Reminder old = get(tx, id);
    Tasks.checkChangeable(tasks.detail(tx, old.taskId()).task());
    tx.sql("reminders.delete_reminder").bind("id", id).atCommit();
    jobs.cancel(tx, FIRE, id.toString());
    events.emit(tx, new Event.ReminderDeleted(id, old.taskId()));
  }

  /**
   * Moves those of a task's reminders that are relative and have not fired with its due date
   * (FR-026), with the system as actor. Those whose new time is past are marked as fired; without a
   * due date all are dormant.
   *
   * @param base from when they count; called only if there are such reminders
   */
  void moveWithDueDate(Tx tx, UUID taskId, Supplier<@Nullable Instant> base) {
    List<Reminder> relative =
        tx.sql("reminders.list_relative").bind("task_id", taskId).list(Reminder::of);
    if (relative.isEmpty()) {
      return;
    }
    Tx system = tx.actingFor(tx.userId(), Actor.Source.SYSTEM);
    Instant due = base.get();
    for (Reminder old : relative) {
      move(system, old, old.movedTo(due, tx.now()));
    }
  }

  private void move(Tx tx, Reminder old, Reminder moved) {
    if (Objects.equals(moved.scheduledAt(), old.scheduledAt())) {
      return;
    }
    store(tx, moved);
    if (moved.fired()) {
      jobs.cancel(tx, FIRE, moved.id().toString());
    } else {
      scheduleJob(tx, moved);
    }
    emitMoved(tx, moved);
  }

  /** Emits the events of a reminder that was moved. */
  void emitMoved(Tx tx, Reminder moved) {
    events.emit(tx, new Event.ReminderUpdated(moved.id(), moved.taskId(), moved.fired()));
    if (moved.fired()) {
      skipped(tx, moved, Event.SkipReason.PAST);
    }
  }

  /** From when the reminders of a task count, which exists, as stored. */
  @Nullable Instant storedBase(Tx tx, UUID taskId) {
    return ReminderBase.of(tx, tasks.detail(tx, taskId).task().fields());
  }

  /** Cancels the jobs of a deleted task's reminders. */
  void cancelJobs(Tx tx, UUID taskId) {
    jobs.cancelMatching(tx, FIRE, Map.of("task_id", taskId));
  }

  /** Cancels the jobs of the reminders of a tombstone. */
  void cancelJobsOfDeleted(Tx tx, UUID tombstoneId) {
    tx.sql("reminders.list_deleted").bind("tombstone_id", tombstoneId).list(Reminder::of).stream()
        .filter(reminder -> !reminder.fired())
        .forEach(reminder -> cancelJob(tx, reminder.id()));
  }

  /** Cancels the jobs unless the task was restored with its reminders. */
  void cancelJobsUnlessRestored(Tx tx, UUID taskId) {
    boolean restored =
        tx.sql("reminders.find_any")
            .bind("task_id", taskId)
            .one(row -> row.bool("present"))
            .orElse(false);
    if (!restored) {
      cancelJobs(tx, taskId);
    }
  }

  /** Cancels the job of a reminder that was removed. */
  void cancelJob(Tx tx, UUID id) {
    jobs.cancel(tx, FIRE, id.toString());
  }

  /**
   * Schedules or cancels the job of a reminder whose former state was restored. If its time has
   * passed, it is marked as fired without a notification (FR-027).
   */
  void resume(Tx tx, Reminder reminder) {
    if (reminder.fired()) {
      cancelJob(tx, reminder.id());
    } else if (reminder.timing().isPast(tx.now())) {
      store(tx, reminder.lapsedAt(tx.now()));
      cancelJob(tx, reminder.id());
      skipped(tx.actingFor(tx.userId(), Actor.Source.SYSTEM), reminder, Event.SkipReason.PAST);
    } else {
      scheduleJob(tx, reminder);
    }
  }

  Optional<Reminder> find(Tx tx, UUID id) {
    return tx.sql("reminders.find_reminder").bind("id", id).one(Reminder::of);
  }

  /** Stores a changed reminder at the commit. */
  void store(Tx tx, Reminder reminder) {
    tx.sql("reminders.store_reminder")
        .bind("id", reminder.id())
        .bind("type", reminder.timing().type())
        .bind("offset_minutes", reminder.timing().offsetMinutes())
        .bind("scheduled_at", reminder.scheduledAt())
        .bind("method", reminder.method())
        .bind("fired", reminder.fired())
        .bind("fired_at", reminder.firedAt())
        .bind("version", reminder.version())
        .bind("updated_at", reminder.updatedAt())
        .atCommit();
  }

  /**
   * Reschedules the reminder's job, or enqueues one if there is none or it is dead. A dormant
   * reminder has none.
   */
  void scheduleJob(Tx tx, Reminder reminder) {
    String key = reminder.id().toString();
    Instant at = reminder.scheduledAt();
    if (at == null) {
      jobs.cancel(tx, FIRE, key);
      return;
    }
    jobs.reschedule(tx, FIRE, key, at);
    jobs.enqueue(tx, FIRE, key, at, Map.of("task_id", reminder.taskId()));
  }

  private static Reminder applyPatch(Tx tx, Reminder old, ReminderPatch patch, Task task) {
    Reminder.Timing timing = patchTiming(tx, old.timing(), patch, task);
    Reminder.Method method = requireNonNullElse(patch.method(), old.method());
    return timing.equals(old.timing()) && method == old.method()
        ? old
        : old.with(timing, method, tx.now());
  }

  private static Reminder.Timing patchTiming(
      Tx tx, Reminder.Timing old, ReminderPatch patch, Task task) {
    Reminder.Type type = requireNonNullElse(patch.type(), old.type());
    if (type == Reminder.Type.ABSOLUTE) {
      if (patch.offsetMinutes() != null) {
        throw Refusal.invalid("offset_minutes", RELATIVE_ONLY);
      }
      Instant at = patch.scheduledAt() == null ? old.scheduledAt() : patch.scheduledAt();
      if (at == null) {
        throw Refusal.invalid("scheduled_at", "is required: the reminder has no time to keep");
      }
      return Reminder.Timing.absolute(at);
    }
    if (patch.scheduledAt() != null) {
      throw Refusal.invalid(
          "scheduled_at",
          "requires type absolute: the time of this reminder is relative to the due date");
    }
    Integer offset = patch.offsetMinutes() == null ? old.offsetMinutes() : patch.offsetMinutes();
    // An unchanged time may be in the past.
    if (type == old.type() && Objects.equals(offset, old.offsetMinutes())) {
      return old;
    }
    // A dormant reminder may change before its task has a due date again.
    return old.scheduledAt() == null && task.dueDate() == null
        ? Reminder.Timing.relativeTo(null, type, Objects.requireNonNull(offset))
        : timing(tx, task, type, offset, null);
  }

  private static Reminder.Timing timing(
      Tx tx,
      Task task,
      Reminder.Type type,
      @Nullable Integer offset,
      @Nullable Instant scheduledAt) {
    if (type == Reminder.Type.ABSOLUTE) {
      return checkNotPast(
          Reminder.Timing.absolute(Objects.requireNonNull(scheduledAt)), "scheduled_at", tx.now());
    }
    if (offset == null) {
      throw Refusal.invalid("offset_minutes", "is required if type is before or after");
    }
    if (task.dueDate() == null) {
      throw Refusal.invalid("type", "must be absolute: the task has no due date");
    }
    return checkNotPast(
        Reminder.Timing.relativeTo(ReminderBase.of(tx, task.fields()), type, offset),
        "offset_minutes",
        tx.now());
  }

  private static Reminder.Timing checkNotPast(Reminder.Timing timing, String field, Instant now) {
    if (timing.isPast(now)) {
      throw Refusal.invalid(field, PAST);
    }
    return timing;
  }

  private static Refusal missing(Tx tx, UUID id) {
    return tx.missing("reminders.find_reminder_owner", "reminder", id);
  }
}
