package app.perpetua.flow.reminders;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A reminder, as defined by the API contract.
 *
 * @param id UUID version 7
 * @param fired whether it has fired, or its time has passed without a notification
 * @param firedAt null until then
 * @param version 1 at first, one higher after each change
 */
public record Reminder(
    UUID id,
    UUID taskId,
    UUID userId,
    @JsonUnwrapped Timing timing,
    Method method,
    boolean fired,
    @Nullable Instant firedAt,
    int version,
    Instant createdAt,
    Instant updatedAt) {
  /** What the time of a reminder is relative to. */
  public enum Type implements WireName {
    BEFORE,
    AFTER,
    ABSOLUTE
  }

  /** Where a reminder appears. */
  public enum Method implements WireName {
    /** In the app, and as Web Push. */
    PUSH,
    IN_APP
  }

  /**
   * When a reminder fires.
   *
   * @param offsetMinutes minutes before or after the due date, 0 to 43200; null if absolute
   * @param scheduledAt null if dormant: relative to the due date of a task that has none
   */
  public record Timing(Type type, @Nullable Integer offsetMinutes, @Nullable Instant scheduledAt) {
    static Timing absolute(Instant at) {
      return new Timing(Type.ABSOLUTE, null, at);
    }

    /** Dormant without a due date. */
    static Timing relativeTo(@Nullable Instant due, Type type, int offsetMinutes) {
      if (due == null) {
        return new Timing(type, offsetMinutes, null);
      }
      Duration offset = Duration.ofMinutes(offsetMinutes);
      return new Timing(
          type, offsetMinutes, type == Type.BEFORE ? due.minus(offset) : due.plus(offset));
    }

    boolean isPast(Instant now) {
      return scheduledAt != null && scheduledAt.isBefore(now);
    }
  }

  static Reminder of(Row row) {
    return new Reminder(
        row.uuid("id"),
        row.uuid("task_id"),
        row.uuid("user_id"),
        new Timing(
            row.wireName("type", Type.class),
            row.integerOrNull("offset_minutes"),
            row.instantOrNull("scheduled_at")),
        row.wireName("method", Method.class),
        row.bool("fired"),
        row.instantOrNull("fired_at"),
        row.integer("version"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }

  @Nullable Instant scheduledAt() {
    return timing.scheduledAt();
  }

  /** Moved with the due date: marked as fired if the new time is past, dormant if there is none. */
  Reminder movedTo(@Nullable Instant due, Instant now) {
    Timing moved =
        Timing.relativeTo(due, timing.type(), Objects.requireNonNull(timing.offsetMinutes()));
    Reminder changed = with(moved, method, now);
    return moved.isPast(now) ? changed.markedFired(now) : changed;
  }

  Reminder with(Timing newTiming, Method newMethod, Instant now) {
    return new Reminder(
        id, taskId, userId, newTiming, newMethod, fired, firedAt, version + 1, createdAt, now);
  }

  Reminder firedAt(Instant now) {
    return new Reminder(id, taskId, userId, timing, method, true, now, version + 1, createdAt, now);
  }

  /** Marked as fired because its time passed while it was deleted (FR-027). */
  Reminder lapsedAt(Instant now) {
    return new Reminder(
        id, taskId, userId, timing, method, true, now, version + 1, createdAt, updatedAt);
  }

  /** Marked as fired by the change that computed it, of which it keeps the version. */
  Reminder markedFired(Instant now) {
    return new Reminder(id, taskId, userId, timing, method, true, now, version, createdAt, now);
  }
}
