package app.perpetua.flow.tasks;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.TaskPatch.DayPatch;
import app.perpetua.flow.tasks.TaskPatch.Edit;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Skips and postpones single occurrences (FR-203, FR-204). Methods require the owner's lock.
 * Thread-safe.
 */
final class TaskMoves {
  /**
   * Where to move a task: exactly one of the last three is set.
   *
   * @param version the version that the client read; null accepts every version
   * @param days days after the later of its day and today, from 1
   */
  record Postponement(
      @Nullable Integer version,
      @Nullable Instant dueDate,
      @Nullable LocalDate dueOn,
      @Nullable Integer days) {}

  private final TaskConfig config;
  private final Tasks tasks;
  private final Events events;

  TaskMoves(TaskConfig config, Tasks tasks, Events events) {
    this.config = config;
    this.tasks = tasks;
    this.events = events;
  }

  /**
   * Passes over an occurrence: archives its task and schedules the next one.
   *
   * @throws Refusal {@code VALIDATION_ERROR} without a template, {@code ARCHIVED}, {@code CONFLICT}
   *     if the task is completed or the version is stale
   */
  Task skip(Tx tx, UUID id, @Nullable Integer version) {
    Task old = tasks.get(tx, id);
    checkOpen(old);
    Refusal.checkVersion("task", version, old.version());
    if (old.templateId() == null) {
      throw Refusal.invalid("id", "must be the id of a task that a template has created");
    }
    Task stored = tasks.storeSkipped(tx, old);
    events.emit(
        tx, new Event.TaskSkipped(stored.id(), old.templateId(), old.focusSeconds(tx.now())));
    return stored;
  }

  /**
   * Moves a task, and nothing of its template.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if the new day or time is out of bounds, {@code
   *     ARCHIVED}, {@code CONFLICT} if the task is completed or the version is stale
   */
  Task postpone(Tx tx, UUID id, Postponement to) {
    Optional<Task> found = tasks.find(tx, id);
    found.ifPresent(TaskMoves::checkOpen);
    DayPatch days =
        to.days() == null
            ? new DayPatch(edit(to.dueDate()), edit(to.dueOn()), Edit.none())
            : later(tx, found.orElseGet(() -> tasks.get(tx, id)).fields(), to.days());
    return tasks
        .patch(tx, id, new TaskPatch(to.version(), FieldPatch.NONE, days, null, null, null, null))
        .task();
  }

  private static <T> Edit<T> edit(@Nullable T value) {
    return value == null ? Edit.none() : new Edit<>(true, value);
  }

  private DayPatch later(Tx tx, TaskDraft task, int days) {
    ZoneId zone = ZoneId.of(tx.owner().timezone());
    LocalDate today = LocalDate.ofInstant(tx.now(), zone);
    Instant due = task.dueDate();
    LocalDate day = task.dueOn();
    if (day == null && due != null) {
      ZonedDateTime local = due.atZone(zone);
      Instant moved =
          moved(local.toLocalDate(), today, days)
              .atTime(local.toLocalTime())
              .atZone(zone)
              .toInstant();
      checkDays(config.dueDateError(moved, tx.now()));
      return new DayPatch(edit(moved), Edit.none(), Edit.none());
    }
    LocalDate moved = moved(day == null ? today : day, today, days);
    checkDays(config.dueOnError(moved, today));
    return new DayPatch(Edit.none(), edit(moved), Edit.none());
  }

  private static LocalDate moved(LocalDate day, LocalDate today, int days) {
    return (day.isBefore(today) ? today : day).plusDays(days);
  }

  private static void checkDays(@Nullable String error) {
    if (error != null) {
      throw Refusal.invalid("days", "the new due date " + error);
    }
  }

  private static void checkOpen(Task task) {
    Tasks.checkChangeable(task);
    if (task.completed()) {
      throw Refusal.of(ErrorCode.CONFLICT, "the task is completed");
    }
  }
}
