package app.perpetua.flow.tasks;

import static java.util.Objects.requireNonNullElse;

import app.perpetua.flow.parsing.Positions;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A partial update of a task; null keeps the old value.
 *
 * @param version the version that the client read; null accepts every version
 * @param position in the list
 */
public record TaskPatch(
    @Nullable Integer version,
    FieldPatch fields,
    DayPatch days,
    @Nullable String position,
    @Nullable Boolean completed,
    @Nullable Boolean hidden,
    @Nullable Boolean archived) {
  /** Keeps position and start. */
  public TaskPatch(
      @Nullable Integer version,
      FieldPatch fields,
      Edit<Instant> dueDate,
      @Nullable Boolean completed,
      @Nullable Boolean hidden,
      @Nullable Boolean archived) {
    this(
        version,
        fields,
        new DayPatch(dueDate, Edit.none(), Edit.none()),
        null,
        completed,
        hidden,
        archived);
  }

  /**
   * An update of a task's days (FR-195). A client that does not know {@code due_on} may repeat the
   * {@code due_date} that it has read, which keeps an all-day task one.
   */
  public record DayPatch(Edit<Instant> dueDate, Edit<LocalDate> dueOn, Edit<LocalDate> startOn) {
    public boolean isGiven() {
      return dueDate.given() || dueOn.given() || startOn.given();
    }

    /**
     * Whether it sets both, and to different days.
     *
     * @param old those of a completed task may be from another time zone; null for a missing task
     */
    boolean contradicts(@Nullable TaskDraft old, ZoneId zone) {
      Instant due = dueDate.value();
      LocalDate day = dueOn.value();
      if (due == null || day == null || due.equals(AllDay.end(day, zone))) {
        return false;
      }
      return old == null || !due.equals(old.dueDate()) || !day.equals(old.dueOn());
    }

    TaskDraft applyTo(TaskDraft old, ZoneId zone) {
      TaskDraft started = old.withStartOn(startOn.or(old.startOn()));
      if (dueOn.value() != null) {
        return started.withDueOn(dueOn.value(), zone);
      }
      boolean cleared = dueOn.given() && old.dueOn() != null;
      if (dueDate.given()) {
        boolean repeated = Objects.equals(dueDate.value(), old.dueDate());
        return repeated && !cleared ? started : started.withDueDate(dueDate.value());
      }
      return cleared ? started.withDueDate(null) : started;
    }
  }

  /**
   * An update of a field that can be cleared.
   *
   * @param given false keeps the old value
   * @param value null clears the field
   */
  public record Edit<T>(boolean given, @Nullable T value) {
    public static <T> Edit<T> none() {
      return new Edit<>(false, null);
    }

    @Nullable T or(@Nullable T old) {
      return given ? value : old;
    }
  }

  /** Whether it changes more than {@code archived}, which is read-only on an archived task. */
  boolean needsUnarchived() {
    return setsFields() || completed != null || hidden != null;
  }

  /** Whether it sets a field that requires a version. */
  boolean setsFields() {
    return !fields.equals(FieldPatch.NONE) || days.isGiven() || position != null;
  }

  Task applyTo(Task task, ZoneId zone, Instant now) {
    boolean nowCompleted = requireNonNullElse(completed, task.completed());
    boolean nowArchived = requireNonNullElse(archived, task.archived());
    Task.Completion completion = task.completion();
    if (nowCompleted != task.completed()) {
      completion =
          nowCompleted ? completion.completed(Task.CompletedBy.MANUAL, now) : completion.reopened();
    }
    TaskDraft dated = days.applyTo(fields.applyTo(task.fields()), zone);
    // The time zone may have changed since it was completed.
    TaskDraft newFields = placed(nowCompleted ? dated : dated.in(zone), task, now);
    boolean nowHidden = requireNonNullElse(hidden, task.hidden());
    Task changed = task.with(newFields, completion, nowHidden, nowArchived);
    return nowCompleted || nowArchived ? changed.withFocusEnded(now) : changed;
  }

  /** Without a position, a task that moves to another list is the last there. */
  private TaskDraft placed(TaskDraft changed, Task old, Instant now) {
    Placement place = changed.placement();
    boolean moved = !Objects.equals(place.listId(), old.fields().placement().listId());
    String kept = moved ? Positions.of(now) : place.position();
    return changed.withPlacement(
        new Placement(place.listId(), position == null ? kept : position, place.labelIds()));
  }
}
