package app.perpetua.flow.reminders;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The rules of reminders (FR-025, FR-026). Each that has not fired has a job standing at its time,
 * which moves and goes with it. Runs under the owner's lock, as {@link Tasks} does. Thread-safe.
 */
public final class Reminders {
  /** The kind of the job that fires one; its key is the reminder's id. */
  public static final String FIRE = "reminder_fire";

  /** Said of a time that has passed. */
  static final String PAST = "must not lie in the past";

  /**
   * What came back with a task.
   *
   * @param reminders soonest first
   * @param lapsed how many of them count as fired now, though nobody was told
   */
  public record Restored(List<Reminder> reminders, int lapsed) {}

  private final ReminderConfig config;
  private final Tasks tasks;
  private final Ids ids;
  private final Jobs jobs;
  private final Events events;

  public Reminders(ReminderConfig config, Tasks tasks, Ids ids, Jobs jobs, Events events) {
    this.config = config;
    this.tasks = tasks;
    this.ids = ids;
    this.jobs = jobs;
    this.events = events;
  }

  /**
   * All of the user's, soonest first.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public Page<Reminder> list(Tx tx, PageRequest page) {
    return tx.sql("reminders.list_reminders").page(page, Reminder::of);
  }

  /**
   * One task's, soonest first, in the contract's shape.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}
   */
  public List<JsonNode> of(Tx tx, UUID taskId) {
    return tasks.detail(tx, taskId).reminders();
  }

  /**
   * One reminder.
   *
   * @throws Refusal {@code FORBIDDEN} if it is another user's, {@code NOT_FOUND}
   */
  public Reminder get(Tx tx, UUID id) {
    return find(tx, id).orElseThrow(() -> missing(tx, id));
  }

  /**
   * Adds a reminder to a task.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code VALIDATION_ERROR} if it follows a
   *     due date that is not there, or its time is past, {@code ARCHIVED}, {@code LIMIT_EXCEEDED}
   */
  public Reminder add(Tx tx, UUID taskId, ReminderDraft draft) {
    TaskDetail detail = tasks.detail(tx, taskId);
    Instant at =
        time(detail.task(), draft.type(), draft.offsetMinutes(), draft.scheduledAt(), tx.now());
    Tasks.checkChangeable(detail.task());
    if (detail.reminders().size() >= config.max()) {
      throw Refusal.of(ErrorCode.LIMIT_EXCEEDED, "a task may have " + config.max() + " reminders")
          .with("limit", config.max())
          .with("current", detail.reminders().size());
    }
    Reminder reminder =
        new Reminder(
            ids.next(),
            taskId,
            tx.userId(),
            draft.type(),
            draft.offsetMinutes(),
            at,
            draft.method(),
            false,
            null,
            tx.now(),
            tx.now());
    tx.sql("reminders.insert_reminder")
        .bind("id", reminder.id())
        .bind("task_id", taskId)
        .bind("type", reminder.type())
        .bind("offset_minutes", reminder.offsetMinutes())
        .bind("scheduled_at", at)
        .bind("method", reminder.method())
        .atCommit();
    stand(tx, reminder);
    events.emit(tx, new Event.ReminderCreated(reminder.id(), taskId));
    return reminder;
  }

  /**
   * Changes a reminder that has not fired. Nothing happens if it already is as asked.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code VALIDATION_ERROR} if its type and
   *     time would not fit together, or a new time is past, {@code ARCHIVED}, {@code CONFLICT} if
   *     it has fired: nobody is reminded twice by one
   */
  public Reminder patch(Tx tx, UUID id, ReminderPatch patch) {
    Optional<Reminder> found = find(tx, id);
    Instant given = patch.scheduledAt();
    if (given != null && !given.equals(found.map(Reminder::scheduledAt).orElse(null))) {
      checkAhead(given, "scheduled_at", tx.now());
    }
    Reminder old = found.orElseThrow(() -> missing(tx, id));
    Task task = tasks.detail(tx, old.taskId()).task();
    Reminder changed = patched(tx, old, patch, task);
    Tasks.checkChangeable(task);
    if (changed.equals(old)) {
      return old;
    }
    if (old.fired()) {
      throw Refusal.of(
          ErrorCode.CONFLICT, "the reminder has fired and stays as it is: add another");
    }
    store(tx, changed);
    if (!changed.scheduledAt().equals(old.scheduledAt())) {
      stand(tx, changed);
    }
    events.emit(tx, new Event.ReminderUpdated(id, old.taskId(), false));
    return changed;
  }

  /**
   * Removes a reminder, and its job with it.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}
   */
  public void delete(Tx tx, UUID id) {
    Reminder old = get(tx, id);
    Tasks.checkChangeable(tasks.detail(tx, old.taskId()).task());
    remove(tx, old);
  }

  /**
   * Lets a task's reminders that have not fired follow its due date (FR-026): they move along,
   * those that would be past count as fired, and without a date they go. The system decides that.
   *
   * @param dueDate asked for only if there is anything to move
   */
  void follow(Tx tx, UUID taskId, Supplier<@Nullable Instant> dueDate) {
    List<Reminder> following =
        tx.sql("reminders.list_following").bind("task_id", taskId).list(Reminder::of);
    if (following.isEmpty()) {
      return;
    }
    Tx system = tx.actingFor(tx.userId(), Actor.Source.SYSTEM);
    Instant due = dueDate.get();
    for (Reminder old : following) {
      if (due == null) {
        remove(system, old);
      } else {
        move(system, old, old.following(due, tx.now()));
      }
    }
  }

  private void move(Tx tx, Reminder old, Reminder moved) {
    if (moved.scheduledAt().equals(old.scheduledAt())) {
      return;
    }
    store(tx, moved);
    if (moved.fired()) {
      jobs.cancel(tx, FIRE, moved.id().toString());
    } else {
      stand(tx, moved);
    }
    events.emit(tx, new Event.ReminderUpdated(moved.id(), moved.taskId(), moved.fired()));
  }

  /** The due date as stored; the task is there as long as it has reminders. */
  @Nullable Instant dueDate(Tx tx, UUID taskId) {
    return tasks.detail(tx, taskId).task().dueDate();
  }

  /** Withdraws the jobs of a task that was deleted, whose reminders went with it. */
  void withdraw(Tx tx, UUID taskId) {
    jobs.cancelAbout(tx, FIRE, Map.of("task_id", taskId));
  }

  /** As above, some time after: by then the task may have come back with its reminders. */
  void withdrawUnlessBack(Tx tx, UUID taskId) {
    boolean back =
        tx.sql("reminders.find_any")
            .bind("task_id", taskId)
            .one(row -> row.bool("present"))
            .orElse(false);
    if (!back) {
      withdraw(tx, taskId);
    }
  }

  /**
   * Brings a deleted task's reminders back, behind the task itself: those whose time has passed as
   * fired (FR-027), the others with their jobs. The tombstone stays.
   *
   * @param tombstoneId the acting user's, of a task
   */
  public Restored restore(Tx tx, UUID tombstoneId) {
    List<Reminder> buried =
        tx.sql("reminders.list_deleted").bind("tombstone_id", tombstoneId).list(Reminder::of);
    tx.sql("reminders.restore_reminders").bind("tombstone_id", tombstoneId).atCommit();
    List<Reminder> restored = new ArrayList<>();
    int lapsed = 0;
    for (Reminder reminder : buried) {
      if (reminder.fired()) {
        restored.add(reminder);
      } else if (isPast(reminder.scheduledAt(), tx.now())) {
        Reminder fired = reminder.lapsedAt(tx.now());
        store(tx, fired);
        restored.add(fired);
        lapsed++;
      } else {
        stand(tx, reminder);
        restored.add(reminder);
      }
    }
    return new Restored(List.copyOf(restored), lapsed);
  }

  Optional<Reminder> find(Tx tx, UUID id) {
    return tx.sql("reminders.find_reminder").bind("id", id).one(Reminder::of);
  }

  /** Leaves the computed state for the commit. */
  void store(Tx tx, Reminder reminder) {
    tx.sql("reminders.store_reminder")
        .bind("id", reminder.id())
        .bind("type", reminder.type())
        .bind("offset_minutes", reminder.offsetMinutes())
        .bind("scheduled_at", reminder.scheduledAt())
        .bind("method", reminder.method())
        .bind("fired", reminder.fired())
        .bind("fired_at", reminder.firedAt())
        .bind("updated_at", reminder.updatedAt())
        .atCommit();
  }

  private void remove(Tx tx, Reminder old) {
    tx.sql("reminders.delete_reminder").bind("id", old.id()).atCommit();
    jobs.cancel(tx, FIRE, old.id().toString());
    events.emit(tx, new Event.ReminderDeleted(old.id(), old.taskId()));
  }

  /** Moves its job, or makes one where there is none: a new one's, or a dead one's successor. */
  private void stand(Tx tx, Reminder reminder) {
    String key = reminder.id().toString();
    jobs.reschedule(tx, FIRE, key, reminder.scheduledAt());
    jobs.enqueue(tx, FIRE, key, reminder.scheduledAt(), Map.of("task_id", reminder.taskId()));
  }

  private static Reminder patched(Tx tx, Reminder old, ReminderPatch patch, Task task) {
    Reminder.Method method = patch.method() == null ? old.method() : patch.method();
    Reminder.Type type = patch.type() == null ? old.type() : patch.type();
    Integer offset = old.offsetMinutes();
    Instant at = old.scheduledAt();
    if (patch.setsTime() && type == Reminder.Type.ABSOLUTE) {
      if (patch.offsetMinutes() != null) {
        throw Refusal.invalid("offset_minutes", "is for before and after only");
      }
      offset = null;
      at = patch.scheduledAt() == null ? at : patch.scheduledAt();
    } else if (patch.setsTime()) {
      if (patch.scheduledAt() != null) {
        throw Refusal.invalid("scheduled_at", "is for absolute only");
      }
      offset = patch.offsetMinutes() == null ? offset : patch.offsetMinutes();
      // One that stays as it is need not lie ahead.
      if (type != old.type() || !Objects.equals(offset, old.offsetMinutes())) {
        at = time(task, type, offset, null, tx.now());
      }
    }
    boolean same =
        type == old.type()
            && Objects.equals(offset, old.offsetMinutes())
            && at.equals(old.scheduledAt())
            && method == old.method();
    return same ? old : old.with(type, offset, at, method, tx.now());
  }

  /** When it fires; refused unless that can be told and lies ahead. */
  private static Instant time(
      Task task,
      Reminder.Type type,
      @Nullable Integer offset,
      @Nullable Instant given,
      Instant now) {
    if (type == Reminder.Type.ABSOLUTE) {
      Instant at = Objects.requireNonNull(given);
      checkAhead(at, "scheduled_at", now);
      return at;
    }
    if (offset == null) {
      throw Refusal.invalid("offset_minutes", "is required for before and after");
    }
    if (task.dueDate() == null) {
      throw Refusal.invalid("type", "must be absolute, since the task has no due date");
    }
    Instant at = Reminder.around(task.dueDate(), type, offset);
    checkAhead(at, "offset_minutes", now);
    return at;
  }

  private static void checkAhead(Instant at, String field, Instant now) {
    if (isPast(at, now)) {
      throw Refusal.invalid(field, PAST);
    }
  }

  /** What has passed; this very moment has not. */
  static boolean isPast(Instant at, Instant now) {
    return at.isBefore(now);
  }

  private static Refusal missing(Tx tx, UUID id) {
    return tx.missing("reminders.find_reminder_owner", "reminder", id);
  }
}
