package app.perpetua.flow.tasks;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A task to be created, its fields valid but for what depends on the account.
 *
 * @param title 1 to 200 characters
 * @param description empty if none
 * @param priority its importance
 * @param dueDate within the horizon; null if never due
 * @param estimatedDuration minutes; null if unknown
 */
public record TaskDraft(
    String title,
    String description,
    Priority priority,
    @Nullable Instant dueDate,
    @Nullable Integer estimatedDuration) {}
