package app.perpetua.flow.recurrence;

import app.perpetua.flow.tasks.Priority;
import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * A template to create.
 *
 * @param title 1 to 200 characters
 * @param description empty if none; its limit depends on the account and is checked later
 * @param estimatedDuration minutes; null if unknown
 * @param startsAt null for now
 * @param zone null for the user's time zone
 */
record TemplateDraft(
    String title,
    String description,
    Priority priority,
    @Nullable Integer estimatedDuration,
    Rrule rule,
    @Nullable Instant startsAt,
    @Nullable ZoneId zone) {}
