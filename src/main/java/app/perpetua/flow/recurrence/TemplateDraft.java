package app.perpetua.flow.recurrence;

import app.perpetua.flow.tasks.TaskDraft;
import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * A template to create.
 *
 * @param fields without a due date
 * @param startsAt null for the next occurrence after now
 * @param timezone null for the user's time zone
 */
record TemplateDraft(
    TaskDraft fields, Rrule rule, @Nullable Instant startsAt, @Nullable String timezone) {
  @Nullable ZoneId zone() {
    return timezone == null ? null : ZoneId.of(timezone);
  }
}
