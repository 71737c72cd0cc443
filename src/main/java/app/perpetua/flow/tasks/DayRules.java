package app.perpetua.flow.tasks;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Which days and due dates a task may get (FR-013, FR-195). Thread-safe. */
final class DayRules {
  private final TaskConfig config;

  DayRules(TaskConfig config) {
    this.config = config;
  }

  /** The acting user's time zone, whose row is locked. */
  static ZoneId zone(Tx tx) {
    return ZoneId.of(tx.owner().timezone());
  }

  /** With the end of its day, if it is due on a day. */
  TaskDraft resolved(Tx tx, TaskDraft draft) {
    LocalDate day = draft.dueOn();
    if (day == null) {
      return draft;
    }
    TaskDraft resolved = draft.in(zone(tx));
    if (draft.dueDate() != null && !draft.dueDate().equals(resolved.dueDate())) {
      throw contradiction();
    }
    checkDueOn(tx, day);
    return resolved;
  }

  /** Checks the days that a patch changes; {@code old} is null for a missing task. */
  void check(Tx tx, TaskPatch.DayPatch days, @Nullable TaskDraft old) {
    LocalDate day = days.dueOn().value();
    if (day != null) {
      if (days.contradicts(old, zone(tx))) {
        throw contradiction();
      }
      if (old == null || !day.equals(old.dueOn())) {
        checkDueOn(tx, day);
      }
      return;
    }
    Instant due = days.dueDate().value();
    if (old == null || !Objects.equals(due, old.dueDate())) {
      config.checkDueDate(due, tx.now());
    }
  }

  private void checkDueOn(Tx tx, LocalDate day) {
    config.checkDueOn(day, LocalDate.ofInstant(tx.now(), zone(tx)));
  }

  private static Refusal contradiction() {
    return Refusal.invalid("due_on", "must be absent or null if due_date is set");
  }
}
