package app.perpetua.flow.tasks;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a task that the user writes.
 *
 * @param title 1 to 200 characters
 * @param description empty if none; its limit depends on the account and is checked later
 * @param dueDate null if none
 * @param estimatedDuration minutes; null if unknown
 */
public record TaskDraft(
    String title,
    String description,
    Priority priority,
    @Nullable Instant dueDate,
    @Nullable Integer estimatedDuration) {
  public TaskDraft withDueDate(@Nullable Instant due) {
    return new TaskDraft(title, description, priority, due, estimatedDuration);
  }
}
