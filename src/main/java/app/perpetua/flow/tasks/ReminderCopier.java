package app.perpetua.flow.tasks;

import app.perpetua.flow.sql.Tx;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Copies reminders to a new instance; implemented by the feature that owns reminders. */
@FunctionalInterface
public interface ReminderCopier {
  /**
   * Adds reminders to an instance in the transaction that creates it.
   *
   * @param instance which has a due date
   * @param reminders {@code type}, {@code offset_minutes} and {@code method} of relative reminders
   */
  void copy(Tx tx, Task instance, List<JsonNode> reminders);
}
