package app.perpetua.flow.recurrence;

import static java.util.Objects.requireNonNullElse;

import app.perpetua.flow.tasks.FieldPatch;
import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * A partial update of a template; null keeps the old value.
 *
 * @param version the version that the client read; null accepts every version
 * @param updatesInstance whether to update the open instance as well
 */
record TemplatePatch(
    @Nullable Integer version,
    FieldPatch fields,
    @Nullable Rrule rule,
    Timing timing,
    @Nullable Boolean active,
    boolean updatesInstance) {
  boolean setsRecurrence() {
    return rule != null || timing.isGiven();
  }

  /**
   * The recurrence after the patch. Without a template, a rule is completed with the current time
   * and UTC, so that an invalid rule is refused before a missing template.
   *
   * @return null if there is neither a template nor a rule
   */
  @Nullable Recurrence recurrence(@Nullable Template template, Instant now) {
    if (template == null) {
      return rule == null ? null : timing.recurrence(rule, now, ZoneId.of("UTC"));
    }
    Recurrence old = template.recurrence();
    return timing.applyTo(old, requireNonNullElse(rule, old.rule()));
  }

  /** Keeps {@code nextDue} and the number of created tasks. */
  Template applyTo(Template old, Recurrence recurrence) {
    return new Template(
        old.id(),
        old.userId(),
        Template.Fields.of(fields.applyTo(old.fields().draft())),
        Template.Schedule.of(
            recurrence,
            requireNonNullElse(timing.timezone(), old.schedule().timezone()),
            old.nextDue(),
            requireNonNullElse(active, old.active())),
        old.created(),
        old.version(),
        old.createdAt(),
        old.updatedAt());
  }
}
