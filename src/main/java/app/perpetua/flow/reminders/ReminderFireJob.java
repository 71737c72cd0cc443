package app.perpetua.flow.reminders;

import app.perpetua.flow.achievements.Achievements;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.notifications.Notification;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.Tasks;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * Fires a due reminder: adds a notification, once. If the task is not open, the reminder is marked
 * as fired without a notification, so that reopening the task triggers no late one; likewise if it
 * was due on a day, in the user's time zone, on which the user pauses. Thread-safe.
 */
final class ReminderFireJob implements TransactionalHandler {
  private record Due(Reminder reminder, String pauses) {}

  private static final DateTimeFormatter DUE_ON =
      DateTimeFormatter.ofPattern("EEEE, d MMMM uuuu", Locale.ENGLISH);
  private static final DateTimeFormatter DUE_DATE =
      DateTimeFormatter.ofPattern("EEEE, d MMMM uuuu, HH:mm", Locale.ENGLISH);

  private final Reminders reminders;
  private final Tasks tasks;
  private final Achievements achievements;
  private final Notifications notifications;
  private final Events events;
  private final Timer lateness;

  /**
   * @param lateness records the time from when a reminder was due until it fired
   */
  ReminderFireJob(
      Reminders reminders,
      Tasks tasks,
      Achievements achievements,
      Notifications notifications,
      Events events,
      Timer lateness) {
    this.reminders = reminders;
    this.tasks = tasks;
    this.achievements = achievements;
    this.notifications = notifications;
    this.events = events;
    this.lateness = lateness;
  }

  @Override
  public Next run(Tx tx, Job job) {
    Optional<Due> found =
        tx.sql("reminders.find_due")
            .bind("id", UUID.fromString(job.key()))
            .one(row -> new Due(Reminder.of(row), row.text("pauses")));
    if (found.isEmpty() || found.get().reminder().fired()) {
      return new Next.Done();
    }
    Reminder reminder = found.get().reminder();
    Instant scheduledAt = reminder.scheduledAt();
    if (scheduledAt == null) {
      // The due date was cleared after a worker had claimed this job.
      return new Next.Done();
    }
    if (scheduledAt.isAfter(tx.now())) {
      // The reminder was moved after a worker had claimed this job.
      return new Next.Snooze(scheduledAt);
    }
    Task task = tasks.detail(tx, reminder.taskId()).task();
    reminders.store(tx, reminder.firedAt(tx.now()));
    if (!task.open()) {
      events.emit(tx, new Event.ReminderSkipped(reminder.id(), task.id(), reason(task)));
      return new Next.Done();
    }
    ZoneId zone = ZoneId.of(tx.owner().timezone());
    if (achievements.isPaused(found.get().pauses(), LocalDate.ofInstant(scheduledAt, zone))) {
      events.emit(tx, new Event.ReminderSkipped(reminder.id(), task.id(), Event.SkipReason.PAUSED));
      return new Next.Done();
    }
    notifications.add(
        tx,
        Notification.Type.REMINDER,
        task.title(),
        due(task, zone, tx.now()),
        notifications.pages().task(task.id()),
        task.id(),
        "reminder:" + reminder.id(),
        reminder.method() == Reminder.Method.PUSH);
    events.emit(tx, new Event.ReminderFired(reminder.id(), task.id()));
    tx.afterCommit(() -> lateness.record(Duration.between(scheduledAt, tx.now())));
    return new Next.Done();
  }

  private static Event.SkipReason reason(Task task) {
    if (task.completed()) {
      return Event.SkipReason.COMPLETED;
    }
    return task.archived() ? Event.SkipReason.ARCHIVED : Event.SkipReason.HIDDEN;
  }

  /**
   * Such as {@code Due Tuesday, 10 March 2026, 14:30}, in the user's time zone; or without time.
   */
  private static String due(Task task, ZoneId zone, Instant now) {
    Instant due = task.dueDate();
    if (due == null) {
      return "No due date";
    }
    LocalDate day = task.fields().dueOn();
    return (due.isBefore(now) ? "Was due " : "Due ")
        + (day == null ? DUE_DATE.format(due.atZone(zone)) : DUE_ON.format(day));
  }
}
