package app.perpetua.flow.reminders;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a PATCH changes; null means the field stays.
 *
 * @param type what its time is relative to
 * @param offsetMinutes minutes from the due date, 0 to 43200
 * @param scheduledAt when
 * @param method where it appears
 */
public record ReminderPatch(
    Reminder.@Nullable Type type,
    @Nullable Integer offsetMinutes,
    @Nullable Instant scheduledAt,
    Reminder.@Nullable Method method) {
  /** True if it says anything about the time. */
  boolean setsTime() {
    return type != null || offsetMinutes != null || scheduledAt != null;
  }
}
