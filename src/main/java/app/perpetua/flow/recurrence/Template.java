package app.perpetua.flow.recurrence;

import app.perpetua.flow.sql.Row;
import app.perpetua.flow.tasks.Instances;
import app.perpetua.flow.tasks.Placement;
import app.perpetua.flow.tasks.Priority;
import app.perpetua.flow.tasks.TaskDraft;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A template of recurring tasks, as defined by the API contract.
 *
 * @param id UUID version 7
 * @param created the number of tasks created by its present rule, for a {@code COUNT} of
 *     completions
 * @param version 1 at first, one higher after each change
 */
public record Template(
    UUID id,
    UUID userId,
    @JsonUnwrapped Fields fields,
    @JsonUnwrapped Schedule schedule,
    @JsonIgnore int created,
    int version,
    Instant createdAt,
    Instant updatedAt) {
  /**
   * What its tasks copy.
   *
   * @param title 1 to 200 characters
   * @param description empty if none
   * @param estimatedDuration minutes; null if unknown
   * @param listId null for the inbox
   * @param labelIds at most {@link Placement#MAX_LABELS}, each once
   */
  public record Fields(
      String title,
      String description,
      Priority priority,
      @Nullable Integer estimatedDuration,
      @Nullable UUID listId,
      List<UUID> labelIds) {
    public Fields {
      labelIds = List.copyOf(labelIds);
    }

    static Fields of(TaskDraft draft) {
      return new Fields(
          draft.title(),
          draft.description(),
          draft.priority(),
          draft.estimatedDuration(),
          draft.placement().listId(),
          draft.placement().labelIds());
    }

    Placement placement() {
      return new Placement(listId, null, labelIds);
    }

    /** Without days. */
    TaskDraft draft() {
      return new TaskDraft(
          title, description, priority, null, null, null, estimatedDuration, placement());
    }
  }

  /**
   * When a template creates tasks.
   *
   * @param rrule a rule of RFC 5545
   * @param timezone the IANA time zone in which the rule is evaluated
   * @param allDay whether its tasks are due on days without a time (FR-200)
   * @param startsAt the first occurrence is the first match at or after it
   * @param startsOn the day of {@code startsAt}, if {@code allDay}
   * @param nextDue the next occurrence that has no task yet; null if there is none. If anchored to
   *     completions, as if the open task were completed on its day
   * @param nextOn the day of {@code nextDue}, if {@code allDay}
   * @param active whether it creates tasks
   * @param rruleText the rule in English
   */
  public record Schedule(
      String rrule,
      String timezone,
      Anchor anchor,
      boolean allDay,
      Instant startsAt,
      @Nullable LocalDate startsOn,
      @Nullable Instant nextDue,
      @Nullable LocalDate nextOn,
      boolean active,
      String rruleText) {
    /**
     * Of a recurrence.
     *
     * @param timezone the name as the user wrote it: GMT+0, which Java calls GMT
     */
    static Schedule of(
        Recurrence recurrence, String timezone, @Nullable Instant nextDue, boolean active) {
      return new Schedule(
          recurrence.rule().text(),
          timezone,
          recurrence.anchor(),
          recurrence.allDay(),
          recurrence.startsAt(),
          recurrence.allDay() ? recurrence.day(recurrence.startsAt()) : null,
          nextDue,
          recurrence.allDay() && nextDue != null ? recurrence.day(nextDue) : null,
          active,
          recurrence.description());
    }
  }

  static Template of(Row row) {
    String timezone = row.text("timezone");
    return new Template(
        row.uuid("id"),
        row.uuid("user_id"),
        new Fields(
            row.text("title"),
            row.text("description"),
            row.wireName("priority", Priority.class),
            row.integerOrNull("estimated_duration"),
            row.uuidOrNull("list_id"),
            row.uuids("label_ids")),
        Schedule.of(
            recurrence(
                row.text("rrule"),
                row.instant("starts_at"),
                timezone,
                row.bool("all_day"),
                row.wireName("anchor", Anchor.class)),
            timezone,
            row.instantOrNull("next_due"),
            row.bool("active")),
        row.integer("created"),
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
    return recurrence(
        schedule.rrule(),
        schedule.startsAt(),
        schedule.timezone(),
        schedule.allDay(),
        schedule.anchor());
  }

  private static Recurrence recurrence(
      String rrule, Instant startsAt, String timezone, boolean allDay, Anchor anchor) {
    return switch (RruleParser.parse(rrule)) {
      case Rrule.Parsed.Valid(Rrule rule) ->
          new Recurrence(rule, startsAt, ZoneId.of(timezone), allDay, anchor);
      // The parser accepted the rule when it was stored, and may only become more lenient.
      case Rrule.Parsed.Invalid(String reason) ->
          throw new IllegalStateException("invalid stored rule: rrule " + reason);
    };
  }

  /**
   * The fields of an instance.
   *
   * @param userZone the user's, in which a day ends
   */
  TaskDraft draft(Instant occurrence, ZoneId userZone) {
    return due(fields.draft(), occurrence, userZone);
  }

  /** Due at an occurrence or on its day. */
  TaskDraft due(TaskDraft task, Instant occurrence, ZoneId userZone) {
    return schedule.allDay()
        ? task.withDueOn(recurrence().day(occurrence), userZone)
        : task.withDueDate(occurrence);
  }

  /**
   * The first occurrence in the future that is later than those of all instances and, unless it
   * counts from a completion, than the due date of the newest one (FR-016); empty if COUNT or UNTIL
   * is exhausted.
   *
   * @param ended when the newest instance was completed, skipped or deleted; null if unknown
   */
  Optional<Instant> nextOccurrence(
      Instances.Summary existing, @Nullable Instant ended, Instant now) {
    Recurrence recurrence = recurrence();
    Instant newest = later(existing.newestOccurrence(), now);
    if (schedule.anchor() == Anchor.COMPLETION) {
      if (recurrence.left(created) == 0) {
        return Optional.empty();
      }
      if (created == 0 && schedule.startsAt().isAfter(newest)) {
        return Optional.of(schedule.startsAt());
      }
      return recurrence.afterCompletion(recurrence.day(ended == null ? now : ended), newest);
    }
    Instant after = later(newestDue(existing, recurrence), newest);
    // The instance of an occurrence before nextDue may have been deleted; it is not created again.
    Instant next = schedule.nextDue();
    return next != null && next.isAfter(after) ? Optional.of(next) : recurrence.next(after);
  }

  /** The end of a day is that in the template's time zone, as occurrences are. */
  private static @Nullable Instant newestDue(Instances.Summary existing, Recurrence recurrence) {
    LocalDate day = existing.newestDueOn();
    return recurrence.allDay() && day != null ? recurrence.on(day) : existing.newestDueDate();
  }

  /** The occurrence that follows another, if so many tasks have been created with it. */
  static Optional<Instant> following(Recurrence recurrence, Instant occurrence, int created) {
    return recurrence.left(created) == 0 ? Optional.empty() : recurrence.next(occurrence);
  }

  static Instant later(@Nullable Instant one, Instant other) {
    return one == null || one.isBefore(other) ? other : one;
  }

  Template withNext(@Nullable Instant next, boolean active) {
    return with(
        Schedule.of(recurrence(), schedule.timezone(), next, active), created, version, updatedAt);
  }

  Template withCreated(int number) {
    return with(schedule, number, version, updatedAt);
  }

  /** The changed template as it is stored. */
  Template nextVersion(Instant when) {
    return with(schedule, created, version + 1, when);
  }

  private Template with(Schedule changed, int newCreated, int newVersion, Instant when) {
    return new Template(id, userId, fields, changed, newCreated, newVersion, createdAt, when);
  }
}
