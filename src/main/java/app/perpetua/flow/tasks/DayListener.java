package app.perpetua.flow.tasks;

import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Moves the due dates of open all-day tasks to the end of their day in the user's time zone, after
 * that has changed, or an undone change or a recovered list has restored tasks (FR-196).
 * Repeatable. Thread-safe.
 */
final class DayListener implements EventListener {
  private record OpenDay(UUID id, @Nullable Instant dueDate, Instant end) {
    static OpenDay of(UUID id, LocalDate day, @Nullable Instant dueDate, ZoneId zone) {
      return new OpenDay(id, dueDate, AllDay.end(day, zone));
    }
  }

  private final Events events;

  DayListener(Events events) {
    this.events = events;
  }

  @Override
  public String name() {
    return "days_follow_time_zone";
  }

  @Override
  public boolean handles(Event event) {
    return event instanceof Event.UserUpdated
        || event instanceof Event.ChangeUndone
        || event instanceof Event.ListRecovered;
  }

  @Override
  public void handle(Tx tx, Event event) {
    // Not the owner's row that was locked: its time zone is the former one.
    List<OpenDay> moved =
        tx
            .sql("tasks.list_open_days")
            .list(
                row ->
                    OpenDay.of(
                        row.uuid("id"),
                        row.date("due_on"),
                        row.instantOrNull("due_date"),
                        ZoneId.of(row.text("timezone"))))
            .stream()
            .filter(task -> !task.end().equals(task.dueDate()))
            .toList();
    if (moved.isEmpty()) {
      return;
    }
    tx.sql("tasks.move_days")
        .bind("ids", moved.stream().map(OpenDay::id).toList())
        .bind("due_dates", moved.stream().map(task -> task.end().toString()).toArray(String[]::new))
        .atCommit();
    Tx system = tx.actingFor(tx.userId(), Actor.Source.SYSTEM);
    for (OpenDay task : moved) {
      // The day is the same; a listener of reminders moves those of all tasks at once.
      events.emit(system, new Event.TaskUpdated(task.id(), false, task.end(), null, null));
    }
  }

  @Override
  public void retry(Tx tx, Event event) {
    handle(tx, event);
  }
}
