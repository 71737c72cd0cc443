package app.perpetua.flow.reminders;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A reminder to be made.
 *
 * @param type what its time is relative to
 * @param offsetMinutes minutes from the due date, 0 to 43200; null exactly if absolute
 * @param scheduledAt when; null unless absolute
 * @param method where it appears
 */
public record ReminderDraft(
    Reminder.Type type,
    @Nullable Integer offsetMinutes,
    @Nullable Instant scheduledAt,
    Reminder.Method method) {}
