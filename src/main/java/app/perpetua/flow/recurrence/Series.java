package app.perpetua.flow.recurrence;

import app.perpetua.flow.tasks.TaskDraft;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.List;
import java.util.UUID;

/**
 * The occurrences of an active template that have no task yet, as a rule for other software.
 *
 * @param templateId the template's
 * @param fields of the tasks; without a due date
 * @param start the first of these occurrences: local, in whole seconds, may be in a gap
 * @param allDay whether occurrences are the days of their times, and {@code UNTIL} is a date
 * @param timezone the IANA name of the zone of local times
 * @param rrule a rule of RFC 5545, whose {@code COUNT} counts from {@code start}
 * @param excluded local times of occurrences from {@code start} on that have a task
 * @param version of the template
 */
public record Series(
    UUID templateId,
    TaskDraft fields,
    LocalDateTime start,
    boolean allDay,
    String timezone,
    String rrule,
    List<LocalDateTime> excluded,
    int version,
    Instant createdAt,
    Instant updatedAt) {
  public Series {
    excluded = List.copyOf(excluded);
  }
}
