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
 * What tasks come back by, as the contract shows it.
 *
 * @param id UUID version 7
 * @param userId its owner
 * @param title what its instances are called, 1 to 200 characters
 * @param description empty if none
 * @param priority its importance
 * @param estimatedDuration minutes; null if unknown
 * @param schedule when tasks come
 * @param createdAt when it was made
 * @param updatedAt when it last changed
 */
public record Template(
    UUID id,
    UUID userId,
    String title,
    String description,
    Priority priority,
    @Nullable Integer estimatedDuration,
    @JsonUnwrapped Schedule schedule,
    Instant createdAt,
    Instant updatedAt) {
  /**
   * When a template makes tasks.
   *
   * @param rrule the rule (RFC 5545)
   * @param timezone an IANA zone, whose clocks count
   * @param startsAt the first occurrence is the first match at or after it
   * @param nextDue the next occurrence of which no task was made yet; null if there is none
   * @param active whether it makes tasks
   * @param rruleText the rule in plain words
   */
  public record Schedule(
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
          recurrence.words());
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
            recurrence(rrule, startsAt, timezone).words()),
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
      // The gate let it in, so it may only ever become wider.
      case Rrule.Parsed.Invalid(String reason) ->
          throw new IllegalStateException("a stored rule " + reason);
    };
  }

  /** Its instance for that occurrence. */
  TaskDraft draft(Instant occurrence) {
    return new TaskDraft(title, description, priority, occurrence, estimatedDuration);
  }

  /**
   * The first occurrence that is still to come: later than every task there is, and than the newest
   * one's due date (FR-016); none if COUNT or UNTIL is used up.
   */
  Optional<Instant> following(Instances.Made made, Instant now) {
    Instant after = latest(made.newestDue(), latest(made.newest(), now));
    // Also later than a task that was deleted: what was made once is not made again.
    Instant next = schedule.nextDue();
    return next != null && next.isAfter(after) ? Optional.of(next) : recurrence().next(after);
  }

  static Instant latest(@Nullable Instant one, Instant other) {
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
    return with(changed, updatedAt);
  }

  Template touched(Instant when) {
    return with(schedule, when);
  }

  private Template with(Schedule changed, Instant when) {
    return new Template(
        id, userId, title, description, priority, estimatedDuration, changed, createdAt, when);
  }
}
