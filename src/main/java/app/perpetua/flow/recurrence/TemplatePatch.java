package app.perpetua.flow.recurrence;

import app.perpetua.flow.tasks.Priority;
import app.perpetua.flow.tasks.TaskPatch;
import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * What a PATCH changes; null means the field stays.
 *
 * @param title 1 to 200 characters
 * @param description empty clears it
 * @param priority the new importance
 * @param estimatedDuration minutes
 * @param rule how often
 * @param startsAt from when on
 * @param zone whose clocks count
 * @param active whether it makes tasks
 * @param alsoOpen true if the instance that is open now changes along
 */
record TemplatePatch(
    @Nullable String title,
    @Nullable String description,
    @Nullable Priority priority,
    TaskPatch.Edit<Integer> estimatedDuration,
    @Nullable Rrule rule,
    @Nullable Instant startsAt,
    @Nullable ZoneId zone,
    @Nullable Boolean active,
    boolean alsoOpen) {
  /** True if it may change when the occurrences are. */
  boolean touchesTimes() {
    return rule != null || startsAt != null || zone != null;
  }

  /** The recurrence as it would be; what is given nowhere begins now, in UTC. */
  @Nullable Recurrence recurrence(@Nullable Template old, Instant now) {
    if (old != null) {
      Recurrence was = old.recurrence();
      return new Recurrence(
          rule == null ? was.rule() : rule,
          startsAt == null ? was.startsAt() : startsAt,
          zone == null ? was.zone() : zone);
    }
    return rule == null
        ? null
        : new Recurrence(
            rule, startsAt == null ? now : startsAt, zone == null ? ZoneId.of("UTC") : zone);
  }

  /** The template with everything changed that does not follow from the time. */
  Template applyTo(Template old, Recurrence recurrence) {
    return new Template(
        old.id(),
        old.userId(),
        title == null ? old.title() : title,
        description == null ? old.description() : description,
        priority == null ? old.priority() : priority,
        estimatedDuration.given() ? estimatedDuration.value() : old.estimatedDuration(),
        Template.Schedule.of(recurrence, old.nextDue(), active == null ? old.active() : active),
        old.createdAt(),
        old.updatedAt());
  }
}
