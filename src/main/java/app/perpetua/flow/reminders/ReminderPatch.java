package app.perpetua.flow.reminders;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A partial update of a reminder; null keeps the old value.
 *
 * @param version the version that the client read; null accepts every version
 * @param offsetMinutes minutes before or after the due date, 0 to 43200
 */
record ReminderPatch(
    @Nullable Integer version,
    Reminder.@Nullable Type type,
    @Nullable Integer offsetMinutes,
    @Nullable Instant scheduledAt,
    Reminder.@Nullable Method method) {}
