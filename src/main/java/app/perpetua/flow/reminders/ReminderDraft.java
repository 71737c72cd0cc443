package app.perpetua.flow.reminders;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A reminder to be made.
 *
 * @param type {@code before}, {@code after} or {@code absolute}
 * @param offsetMinutes minutes from the due date, 0 to 43200; null exactly if absolute
 * @param scheduledAt when; null unless absolute
 * @param method {@code in_app} or {@code push}
 */
public record ReminderDraft(
    String type, @Nullable Integer offsetMinutes, @Nullable Instant scheduledAt, String method) {}
