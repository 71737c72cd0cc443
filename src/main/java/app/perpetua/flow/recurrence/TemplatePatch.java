package app.perpetua.flow.recurrence;

import static java.util.Objects.requireNonNullElse;
import static java.util.Objects.requireNonNullElseGet;

import app.perpetua.flow.tasks.FieldPatch;
import app.perpetua.flow.tasks.TaskDraft;
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
    @Nullable Instant startsAt,
    @Nullable String timezone,
    @Nullable Boolean active,
    boolean updatesInstance) {
  boolean setsRecurrence() {
    return rule != null || startsAt != null || timezone != null;
  }

  private @Nullable ZoneId zone() {
    return timezone == null ? null : ZoneId.of(timezone);
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
              requireNonNullElseGet(zone(), () -> ZoneId.of("UTC")));
    }
    Recurrence old = template.recurrence();
    return new Recurrence(
        requireNonNullElse(rule, old.rule()),
        requireNonNullElse(startsAt, old.startsAt()),
        requireNonNullElse(zone(), old.zone()));
  }

  /** Keeps {@code nextDue}. */
  Template applyTo(Template old, Recurrence recurrence) {
    TaskDraft changed = fields.applyTo(old.draft(null));
    return new Template(
        old.id(),
        old.userId(),
        changed.title(),
        changed.description(),
        changed.priority(),
        changed.estimatedDuration(),
        Template.Schedule.of(recurrence, old.nextDue(), requireNonNullElse(active, old.active()))
            .named(requireNonNullElse(timezone, old.schedule().timezone())),
        old.version(),
        old.createdAt(),
        old.updatedAt());
  }
}
