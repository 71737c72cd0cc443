package app.perpetua.flow.recurrence;

import app.perpetua.flow.tasks.Priority;
import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * A template to be created, its fields valid but for what depends on the account.
 *
 * @param title 1 to 200 characters
 * @param description empty if none
 * @param priority its importance
 * @param estimatedDuration minutes; null if unknown
 * @param rule how often
 * @param startsAt from when on; null for now
 * @param zone whose clocks count; null for the user's own
 */
record TemplateDraft(
    String title,
    String description,
    Priority priority,
    @Nullable Integer estimatedDuration,
    Rrule rule,
    @Nullable Instant startsAt,
    @Nullable ZoneId zone) {}
