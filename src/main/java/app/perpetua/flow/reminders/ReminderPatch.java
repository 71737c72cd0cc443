package app.perpetua.flow.reminders;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a PATCH changes; null means the field stays.
 *
 * @param type {@code before}, {@code after} or {@code absolute}
 * @param offsetMinutes minutes from the due date, 0 to 43200
 * @param scheduledAt when
 * @param method {@code in_app} or {@code push}
 */
public record ReminderPatch(
    @Nullable String type,
    @Nullable Integer offsetMinutes,
    @Nullable Instant scheduledAt,
    @Nullable String method) {
  /** True if it says anything about the time. */
  boolean setsTime() {
    return type != null || offsetMinutes != null || scheduledAt != null;
  }
}
