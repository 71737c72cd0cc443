package app.perpetua.flow.reminders;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A reminder to create.
 *
 * @param offsetMinutes minutes before or after the due date, 0 to 43200; null if absolute
 * @param scheduledAt null unless absolute
 */
public record ReminderDraft(
    Reminder.Type type,
    @Nullable Integer offsetMinutes,
    @Nullable Instant scheduledAt,
    Reminder.Method method) {}
