package app.perpetua.flow.reminders;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.undo.ChangedRow;
import app.perpetua.flow.undo.ChangedRow.Kind;
import app.perpetua.flow.undo.Changeset;
import app.perpetua.flow.undo.RowReverter;
import app.perpetua.flow.undo.RowStatements;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reverts changes of reminders, and schedules their jobs accordingly. Thread-safe. */
final class ReminderReverter implements RowReverter {
  private static final String TYPE = "reminder";

  private final RowStatements statements;
  private final Reminders reminders;

  ReminderReverter(Json json, Reminders reminders) {
    this.statements =
        new RowStatements(
            TYPE,
            "reminders.find_by_ids",
            "reminders.find_equal_reminders",
            "reminders.remove_created_reminders",
            "reminders.set_former_reminder_values",
            "reminders.insert_former_reminders",
            json);
    this.reminders = reminders;
  }

  @Override
  public String type() {
    return TYPE;
  }

  /** Also refuses to remove a task that has reminders which were added since. */
  @Override
  public void check(Tx tx, Changeset change) {
    statements.check(tx, change, revertible(tx, change));
    List<UUID> tasks = change.ids("task", Kind.CREATED);
    boolean addedSince =
        !tasks.isEmpty()
            && tx.sql("reminders.find_others_of_tasks")
                .bind("tasks", tasks)
                .bind("ids", change.ids(TYPE, Kind.CREATED))
                .one(row -> row.bool("present"))
                .orElse(false);
    if (addedSince) {
      throw RowStatements.changedSince("task");
    }
  }

  @Override
  public void removeCreated(Tx tx, Changeset change) {
    statements.removeCreated(tx, change);
    change.ids(TYPE, Kind.CREATED).forEach(id -> reminders.cancelJob(tx, id));
  }

  @Override
  public void restore(Tx tx, Changeset change) {
    List<ChangedRow> rows = revertible(tx, change);
    statements.update(tx, rows.stream().filter(row -> row.kind() == Kind.UPDATED).toList());
    statements.insert(tx, change.of(TYPE, Kind.DELETED));
    find(tx, rows).values().forEach(reminder -> reminders.resume(tx, reminder));
  }

  /**
   * The rows, without the reminders that a change of their task has moved, and that have fired
   * since: a reminder fires once.
   */
  private static List<ChangedRow> revertible(Tx tx, Changeset change) {
    List<ChangedRow> rows =
        change.of(TYPE).stream().filter(row -> !movedWithDay(row, change)).toList();
    if (change.of("task").isEmpty()) {
      return rows;
    }
    Map<UUID, Reminder> present = find(tx, rows);
    return rows.stream().filter(row -> !hasFiredSince(row, present.get(row.id()))).toList();
  }

  /** A listener moves it again after the settings are restored, whatever has changed since. */
  private static boolean movedWithDay(ChangedRow row, Changeset change) {
    return row.updated("scheduled_at")
        && row.before().size() == 1
        && change.of("settings").stream()
            .anyMatch(user -> user.updated("timezone") || user.updated("all_day_reminder_time"));
  }

  private static boolean hasFiredSince(ChangedRow row, @Nullable Reminder present) {
    return row.kind() == Kind.UPDATED
        && present != null
        && present.fired()
        && !row.updated("fired")
        && !Objects.equals(row.version(), present.version());
  }

  private static Map<UUID, Reminder> find(Tx tx, List<ChangedRow> rows) {
    Map<UUID, Reminder> found = new HashMap<>();
    if (!rows.isEmpty()) {
      tx.sql("reminders.find_by_ids")
          .bind("ids", rows.stream().map(ChangedRow::id).toList())
          .list(Reminder::of)
          .forEach(reminder -> found.put(reminder.id(), reminder));
    }
    return found;
  }
}
