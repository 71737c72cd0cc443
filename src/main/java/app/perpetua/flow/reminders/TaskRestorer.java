package app.perpetua.flow.reminders;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.recovery.Restorer;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.DeletedTasks;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDetail;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Restores a task with its subtasks and reminders. Thread-safe. */
final class TaskRestorer implements Restorer {
  /**
   * The reminders of a restored task.
   *
   * @param reminders soonest first
   * @param lapsed number of reminders marked as fired because their time has passed
   */
  private record ReminderSet(List<Reminder> reminders, int lapsed) {}

  private final DeletedTasks tasks;
  private final Reminders reminders;
  private final Json json;

  TaskRestorer(Reminders reminders, Json json) {
    this.tasks = new DeletedTasks(json);
    this.reminders = reminders;
    this.json = json;
  }

  @Override
  public Restored restore(Tx tx, UUID tombstoneId) {
    TaskDetail restored = tasks.restore(tx, tombstoneId);
    tx.sql("reminders.restore_reminders").bind("tombstone_id", tombstoneId).atCommit();
    ReminderSet withTask = restoreReminders(tx, tombstoneId, restored.task());
    List<JsonNode> rendered =
        withTask.reminders().stream().map(reminder -> json.parse(json.text(reminder))).toList();
    return new Restored(
        new TaskDetail(restored.task(), restored.subtasks(), rendered),
        new Event.TaskRecovered(restored.task().id(), tombstoneId, withTask.lapsed()));
  }

  /**
   * Restores the reminders of a deleted task, after the task itself: those whose time has passed as
   * fired (FR-027), the others with their jobs, dormant ones without.
   *
   * @param task as it was restored; null for the tasks of a list
   */
  private ReminderSet restoreReminders(Tx tx, UUID tombstoneId, @Nullable Task task) {
    List<Reminder> deleted =
        tx.sql("reminders.list_deleted").bind("tombstone_id", tombstoneId).list(Reminder::of);
    List<Reminder> restored = new ArrayList<>();
    int lapsed = 0;
    for (Reminder reminder : deleted) {
      Reminder current =
          reminder.fired() || task == null ? reminder : inPresentZone(tx, reminder, task);
      if (!current.fired() && current.timing().isPast(tx.now())) {
        current = current.lapsedAt(tx.now());
        reminders.skipped(tx, current, Event.SkipReason.DELETED);
        lapsed++;
      } else if (!current.fired()) {
        reminders.scheduleJob(tx, current);
      }
      if (!current.equals(reminder)) {
        reminders.store(tx, current);
      }
      restored.add(current);
    }
    return new ReminderSet(restored, lapsed);
  }

  /**
   * Restores the reminders of a list's tasks, after the tasks. A listener moves those of all-day
   * tasks if the time zone has changed since.
   *
   * @return the number of those that have lapsed
   */
  int restoreOfList(Tx tx, UUID tombstoneId) {
    tx.sql("reminders.restore_reminders").bind("tombstone_id", tombstoneId).run();
    return restoreReminders(tx, tombstoneId, null).lapsed();
  }

  /** The time zone may have changed since an all-day task was deleted. */
  private static Reminder inPresentZone(Tx tx, Reminder reminder, Task task) {
    if (task.fields().dueOn() == null || reminder.timing().offsetMinutes() == null) {
      return reminder;
    }
    Reminder.Timing timing =
        Reminder.Timing.relativeTo(
            ReminderBase.of(tx, task.fields()),
            reminder.timing().type(),
            reminder.timing().offsetMinutes());
    return timing.equals(reminder.timing())
        ? reminder
        : reminder.with(timing, reminder.method(), tx.now());
  }
}
