package app.perpetua.flow.reminders;

import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.sql.Tx;

/**
 * Moves reminders with their task's due date (FR-026), and cancels the jobs of reminders that were
 * deleted with their task. Thread-safe.
 */
final class TaskListener implements EventListener {
  private final Reminders reminders;

  TaskListener(Reminders reminders) {
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
      case Event.TaskReopened reopened -> reopened.dueOn() != null;
      case Event.TaskDeleted _ -> true;
      case Event.ListDeleted deletion -> deletion.tombstoneId() != null;
      default -> false;
    };
  }

  @Override
  public void handle(Tx tx, Event event) {
    switch (event) {
      case Event.TaskUpdated updated ->
          reminders.moveWithDueDate(
              tx, updated.taskId(), () -> ReminderBase.of(tx, updated.dueDate(), updated.dueOn()));
      case Event.TaskReopened reopened ->
          reminders.moveWithDueDate(
              tx, reopened.taskId(), () -> ReminderBase.of(tx, null, reopened.dueOn()));
      case Event.TaskDeleted deleted -> reminders.cancelJobs(tx, deleted.taskId());
      case Event.ListDeleted deletion -> cancelJobs(tx, deletion);
      default -> {}
    }
  }

  /**
   * Uses the stored state, not the event's: by now the due date may have changed again, or the
   * deleted task may have been restored.
   */
  @Override
  public void retry(Tx tx, Event event) {
    switch (event) {
      case Event.TaskUpdated updated ->
          reminders.moveWithDueDate(
              tx, updated.taskId(), () -> reminders.storedBase(tx, updated.taskId()));
      case Event.TaskReopened reopened ->
          reminders.moveWithDueDate(
              tx, reopened.taskId(), () -> reminders.storedBase(tx, reopened.taskId()));
      case Event.TaskDeleted deleted -> reminders.cancelJobsUnlessRestored(tx, deleted.taskId());
      case Event.ListDeleted deletion -> cancelJobs(tx, deletion);
      default -> {}
    }
  }

  /** The tombstone has the reminders; if it is gone, they were restored or will do nothing. */
  private void cancelJobs(Tx tx, Event.ListDeleted deletion) {
    if (deletion.tombstoneId() != null) {
      reminders.cancelJobsOfDeleted(tx, deletion.tombstoneId());
    }
  }
}
