package app.perpetua.flow.reminders;

import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.AllDay;
import app.perpetua.flow.tasks.TaskDraft;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * From when the relative reminders of the user's all-day tasks count (FR-197); those of other tasks
 * count from the due date.
 *
 * @param time local, on the day of the task
 */
public record ReminderBase(LocalTime time, ZoneId zone) {
  /** Reads {@code all_day_reminder_time}, as text, and {@code timezone}. */
  static ReminderBase of(Row row) {
    return new ReminderBase(
        LocalTime.parse(row.text("all_day_reminder_time")), ZoneId.of(row.text("timezone")));
  }

  /** The acting user's, which is not in the row that every write reads. */
  public static ReminderBase read(Tx tx) {
    return tx.sql("reminders.find_base").one(ReminderBase::of).orElseThrow();
  }

  public Instant on(LocalDate day) {
    return AllDay.at(day, time, zone);
  }

  /** Of a task with these fields; null without a due date. Reads only for an all-day task. */
  static @Nullable Instant of(Tx tx, TaskDraft task) {
    return of(tx, task.dueDate(), task.dueOn());
  }

  static @Nullable Instant of(Tx tx, @Nullable Instant dueDate, @Nullable LocalDate dueOn) {
    return dueOn == null ? dueDate : read(tx).on(dueOn);
  }
}
