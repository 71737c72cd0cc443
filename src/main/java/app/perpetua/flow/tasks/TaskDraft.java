package app.perpetua.flow.tasks;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a task that the user writes.
 *
 * @param title 1 to 200 characters
 * @param description empty if none; its limit depends on the account and is checked later
 * @param dueDate null if none; the end of {@code dueOn}, if that is set, and then null until {@link
 *     #in} computes it
 * @param dueOn the day of an all-day task; null for others
 * @param startOn the day before which the task is not shown for a day; null if none
 * @param estimatedDuration minutes; null if unknown
 */
public record TaskDraft(
    String title,
    String description,
    Priority priority,
    @Nullable Instant dueDate,
    @Nullable LocalDate dueOn,
    @Nullable LocalDate startOn,
    @Nullable Integer estimatedDuration,
    Placement placement) {
  /** A task of the inbox that is due at an instant. */
  public TaskDraft(
      String title,
      String description,
      Priority priority,
      @Nullable Instant dueDate,
      @Nullable Integer estimatedDuration) {
    this(title, description, priority, dueDate, null, null, estimatedDuration, Placement.INBOX);
  }

  /** Due at an instant, or not at all. */
  public TaskDraft withDueDate(@Nullable Instant due) {
    return withDue(due, null);
  }

  /** Due on a day, which ends in the user's time zone. */
  public TaskDraft withDueOn(LocalDate day, ZoneId zone) {
    return withDue(AllDay.end(day, zone), day);
  }

  /** With the end of its day in the user's time zone. */
  public TaskDraft in(ZoneId zone) {
    return dueOn == null ? this : withDueOn(dueOn, zone);
  }

  /** Whether both are due on the same day, or at the same instant. */
  boolean isDueAs(TaskDraft other) {
    return Objects.equals(dueOn, other.dueOn)
        && (dueOn != null || Objects.equals(dueDate, other.dueDate));
  }

  public TaskDraft withPlacement(Placement changed) {
    return new TaskDraft(
        title, description, priority, dueDate, dueOn, startOn, estimatedDuration, changed);
  }

  TaskDraft withStartOn(@Nullable LocalDate day) {
    return new TaskDraft(
        title, description, priority, dueDate, dueOn, day, estimatedDuration, placement);
  }

  private TaskDraft withDue(@Nullable Instant due, @Nullable LocalDate day) {
    return new TaskDraft(
        title, description, priority, due, day, startOn, estimatedDuration, placement);
  }
}
