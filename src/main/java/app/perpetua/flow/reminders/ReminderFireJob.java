package app.perpetua.flow.reminders;

import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.notifications.Notification;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.Tasks;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * Fires a reminder whose time has come: tells the user, once. Nobody is told of a task that is not
 * open any more; the reminder counts as fired then, as one does that was moved into the past, so
 * that opening the task again reminds of nothing late. Thread-safe.
 */
public final class ReminderFireJob implements TransactionalHandler {
  private static final DateTimeFormatter WORDS =
      DateTimeFormatter.ofPattern("EEEE, d MMMM uuuu, HH:mm", Locale.ENGLISH);

  private final Reminders reminders;
  private final Tasks tasks;
  private final Notifications notifications;
  private final Events events;

  public ReminderFireJob(
      Reminders reminders, Tasks tasks, Notifications notifications, Events events) {
    this.reminders = reminders;
    this.tasks = tasks;
    this.notifications = notifications;
    this.events = events;
  }

  @Override
  public Next run(Tx tx, Job job) {
    Optional<Reminder> found = reminders.find(tx, UUID.fromString(job.key()));
    if (found.isEmpty() || found.get().fired()) {
      return new Next.Done();
    }
    Reminder reminder = found.get();
    if (reminder.scheduledAt().isAfter(tx.now())) {
      // Moved while this job was already claimed.
      return new Next.Snooze(reminder.scheduledAt());
    }
    Task task = tasks.detail(tx, reminder.taskId()).task();
    reminders.store(tx, reminder.firedAt(tx.now()));
    if (!task.open()) {
      events.emit(tx, new Event.ReminderUpdated(reminder.id(), task.id(), true));
      return new Next.Done();
    }
    notifications.add(
        tx,
        Notification.Type.REMINDER,
        task.title(),
        due(task, ZoneId.of(tx.owner().timezone()), tx.now()),
        "/tasks/" + task.id(),
        task.id(),
        "reminder:" + reminder.id(),
        reminder.method() == Reminder.Method.PUSH);
    events.emit(tx, new Event.ReminderFired(reminder.id(), task.id()));
    return new Next.Done();
  }

  /** Such as {@code Due Tuesday, 10 March 2026, 14:30}, as the clocks show it where the user is. */
  private static String due(Task task, ZoneId zone, Instant now) {
    Instant due = task.dueDate();
    if (due == null) {
      return "No due date";
    }
    return (due.isBefore(now) ? "Was due " : "Due ") + WORDS.format(due.atZone(zone));
  }
}
