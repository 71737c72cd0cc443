package app.perpetua.flow.recurrence;

import app.perpetua.flow.sql.Row;
import app.perpetua.flow.tasks.Instances;
import app.perpetua.flow.tasks.Priority;
import app.perpetua.flow.tasks.TaskDraft;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A template of recurring tasks, as defined by the API contract.
 *
 * @param id UUID version 7
 * @param title 1 to 200 characters
 * @param description empty if none
 * @param estimatedDuration minutes; null if unknown
 * @param version 1 at first, one higher after each change
 */
record Template(
    UUID id,
    UUID userId,
    String title,
    String description,
    Priority priority,
    @Nullable Integer estimatedDuration,
    @JsonUnwrapped Schedule schedule,
    int version,
    Instant createdAt,
    Instant updatedAt) {
  /**
   * When a template creates tasks.
   *
   * @param rrule a rule of RFC 5545
   * @param timezone the IANA time zone in which the rule is evaluated
   * @param startsAt the first occurrence is the first match at or after it
   * @param nextDue the next occurrence that has no task yet; null if there is none
   * @param active whether it creates tasks
   * @param rruleText the rule in English
   */
  record Schedule(
      String rrule,
      String timezone,
      Instant startsAt,
      @Nullable Instant nextDue,
      boolean active,
      String rruleText) {
    static Schedule of(Recurrence recurrence, @Nullable Instant nextDue, boolean active) {
      return new Schedule(
          recurrence.rule().text(),
          recurrence.zone().getId(),
          recurrence.startsAt(),
          nextDue,
          active,
          recurrence.description());
    }

    /** With the name of the time zone as the user wrote it: GMT+0, which Java calls GMT. */
    Schedule named(String name) {
      return new Schedule(rrule, name, startsAt, nextDue, active, rruleText);
    }
  }

  static Template of(Row row) {
    String rrule = row.text("rrule");
    String timezone = row.text("timezone");
    Instant startsAt = row.instant("starts_at");
    return new Template(
        row.uuid("id"),
        row.uuid("user_id"),
        row.text("title"),
        row.text("description"),
        row.wireName("priority", Priority.class),
        row.integerOrNull("estimated_duration"),
        new Schedule(
            rrule,
            timezone,
            startsAt,
            row.instantOrNull("next_due"),
            row.bool("active"),
            recurrence(rrule, startsAt, timezone).description()),
        row.integer("version"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }

  @Nullable Instant nextDue() {
    return schedule.nextDue();
  }

  boolean active() {
    return schedule.active();
  }

  Recurrence recurrence() {
    return recurrence(schedule.rrule(), schedule.startsAt(), schedule.timezone());
  }

  private static Recurrence recurrence(String rrule, Instant startsAt, String timezone) {
    return switch (RruleParser.parse(rrule)) {
      case Rrule.Parsed.Valid(Rrule rule) -> new Recurrence(rule, startsAt, ZoneId.of(timezone));
      // The parser accepted the rule when it was stored, and may only become more lenient.
      case Rrule.Parsed.Invalid(String reason) ->
          throw new IllegalStateException("invalid stored rule: rrule " + reason);
    };
  }

  /** The fields of an instance; the occurrence is its due date. */
  TaskDraft draft(@Nullable Instant occurrence) {
    return new TaskDraft(title, description, priority, occurrence, estimatedDuration);
  }

  /**
   * The first occurrence in the future that is later than those of all instances, and than the due
   * date of the newest one (FR-016); empty if COUNT or UNTIL is exhausted.
   */
  Optional<Instant> nextOccurrence(Instances.Summary existing, Instant now) {
    Instant after = later(existing.newestDueDate(), later(existing.newestOccurrence(), now));
    // The instance of an occurrence before nextDue may have been deleted; it is not created again.
    Instant next = schedule.nextDue();
    return next != null && next.isAfter(after) ? Optional.of(next) : recurrence().next(after);
  }

  static Instant later(@Nullable Instant one, Instant other) {
    return one == null || one.isBefore(other) ? other : one;
  }

  Template withNext(@Nullable Instant next, boolean active) {
    Schedule changed =
        new Schedule(
            schedule.rrule(),
            schedule.timezone(),
            schedule.startsAt(),
            next,
            active,
            schedule.rruleText());
    return with(changed, version, updatedAt);
  }

  /** The changed template as it is stored. */
  Template nextVersion(Instant when) {
    return with(schedule, version + 1, when);
  }

  private Template with(Schedule changed, int newVersion, Instant when) {
    return new Template(
        id,
        userId,
        title,
        description,
        priority,
        estimatedDuration,
        changed,
        newVersion,
        createdAt,
        when);
  }
}
