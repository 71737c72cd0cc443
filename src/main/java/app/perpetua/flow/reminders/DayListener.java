package app.perpetua.flow.reminders;

import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Moves the reminders of open all-day tasks after the user's time zone or time of reminders has
 * changed, or an undone change or a recovered list has restored tasks (FR-197). Repeatable.
 * Thread-safe.
 */
final class DayListener implements EventListener {
  private final Reminders reminders;
  private final Jobs jobs;

  DayListener(Reminders reminders, Jobs jobs) {
    this.reminders = reminders;
    this.jobs = jobs;
  }

  @Override
  public String name() {
    return "reminders_follow_days";
  }

  @Override
  public boolean handles(Event event) {
    return event instanceof Event.UserUpdated
        || event instanceof Event.ChangeUndone
        || event instanceof Event.ListRecovered;
  }

  @Override
  public void handle(Tx tx, Event event) {
    List<Reminder> moved = new ArrayList<>();
    tx.sql("reminders.list_of_open_days")
        .list(
            row -> {
              Reminder old = Reminder.of(row);
              Reminder changed = old.movedTo(ReminderBase.of(row).on(row.date("due_on")), tx.now());
              return Objects.equals(changed.scheduledAt(), old.scheduledAt()) || moved.add(changed);
            });
    if (moved.isEmpty()) {
      return;
    }
    tx.sql("reminders.move_reminders")
        .bind("ids", moved.stream().map(Reminder::id).toList())
        .bind(
            "times",
            moved.stream()
                .map(reminder -> Objects.requireNonNull(reminder.scheduledAt()).toString())
                .toArray(String[]::new))
        .atCommit();
    Map<String, Instant> pending = new LinkedHashMap<>();
    for (Reminder reminder : moved) {
      if (reminder.fired()) {
        reminders.cancelJob(tx, reminder.id());
      } else {
        pending.put(reminder.id().toString(), Objects.requireNonNull(reminder.scheduledAt()));
      }
    }
    jobs.reschedule(tx, Reminders.FIRE, pending);
    Tx system = tx.actingFor(tx.userId(), Actor.Source.SYSTEM);
    moved.forEach(reminder -> reminders.emitMoved(system, reminder));
  }

  @Override
  public void retry(Tx tx, Event event) {
    handle(tx, event);
  }
}
