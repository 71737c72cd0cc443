package app.perpetua.flow.recurrence;

import static java.util.Objects.requireNonNullElse;
import static java.util.Objects.requireNonNullElseGet;

import app.perpetua.flow.tasks.Priority;
import app.perpetua.flow.tasks.TaskDraft;
import app.perpetua.flow.tasks.TaskPatch;
import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * A partial update of a template; null keeps the old value.
 *
 * @param title 1 to 200 characters
 * @param description empty clears it
 * @param estimatedDuration minutes
 * @param updatesInstance whether to update the open instance as well
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
    boolean updatesInstance) {
  boolean setsRecurrence() {
    return rule != null || startsAt != null || zone != null;
  }

  /**
   * The recurrence after the patch. Without a template, a rule is completed with the current time
   * and UTC, so that an invalid rule is refused before a missing template.
   *
   * @return null if there is neither a template nor a rule
   */
  @Nullable Recurrence recurrence(@Nullable Template template, Instant now) {
    if (template == null) {
      return rule == null
          ? null
          : new Recurrence(
              rule,
              requireNonNullElse(startsAt, now),
              requireNonNullElseGet(zone, () -> ZoneId.of("UTC")));
    }
    Recurrence old = template.recurrence();
    return new Recurrence(
        requireNonNullElse(rule, old.rule()),
        requireNonNullElse(startsAt, old.startsAt()),
        requireNonNullElse(zone, old.zone()));
  }

  /** The fields of an instance, or of the template itself, with the given due date. */
  TaskDraft applyTo(TaskDraft old, @Nullable Instant dueDate) {
    return new TaskDraft(
        requireNonNullElse(title, old.title()),
        requireNonNullElse(description, old.description()),
        requireNonNullElse(priority, old.priority()),
        dueDate,
        estimatedDuration.or(old.estimatedDuration()));
  }

  /** The template with the recurrence given; {@code nextDue} stays. */
  Template applyTo(Template old, Recurrence recurrence) {
    TaskDraft fields = applyTo(old.draft(null), null);
    return new Template(
        old.id(),
        old.userId(),
        fields.title(),
        fields.description(),
        fields.priority(),
        fields.estimatedDuration(),
        Template.Schedule.of(recurrence, old.nextDue(), requireNonNullElse(active, old.active())),
        old.createdAt(),
        old.updatedAt());
  }
}
