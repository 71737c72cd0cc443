package app.perpetua.flow.tasks;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a task that its user writes. Those of a task to be created are valid, apart from
 * what depends on the account.
 *
 * @param title 1 to 200 characters
 * @param description empty if none
 * @param priority its importance
 * @param dueDate when it is due, within the horizon when it is set; null if never
 * @param estimatedDuration minutes; null if unknown
 */
public record TaskDraft(
    String title,
    String description,
    Priority priority,
    @Nullable Instant dueDate,
    @Nullable Integer estimatedDuration) {}
