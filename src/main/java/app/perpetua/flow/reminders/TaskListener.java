package app.perpetua.flow.reminders;

import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.sql.Tx;

/**
 * Lets reminders follow their task: its due date (FR-026), and its deletion, which has taken the
 * reminders along and leaves their jobs. Thread-safe.
 */
public final class TaskListener implements EventListener {
  private final Reminders reminders;

  public TaskListener(Reminders reminders) {
    this.reminders = reminders;
  }

  @Override
  public String name() {
    return "reminders_follow_task";
  }

  @Override
  public boolean handles(Event event) {
    return switch (event) {
      case Event.TaskUpdated updated -> updated.dueChanged();
      case Event.TaskDeleted _ -> true;
      default -> false;
    };
  }

  @Override
  public void handle(Tx tx, Event event) {
    switch (event) {
      case Event.TaskUpdated updated ->
          reminders.follow(tx, updated.taskId(), () -> updated.dueDate());
      case Event.TaskDeleted deleted -> reminders.withdraw(tx, deleted.taskId());
      default -> {}
    }
  }

  /** By now the due date may be another one, and the stored one counts; or the task may be back. */
  @Override
  public void retry(Tx tx, Event event) {
    switch (event) {
      case Event.TaskUpdated updated ->
          reminders.follow(tx, updated.taskId(), () -> reminders.dueDate(tx, updated.taskId()));
      case Event.TaskDeleted deleted -> reminders.withdrawUnlessBack(tx, deleted.taskId());
      default -> handle(tx, event);
    }
  }
}
