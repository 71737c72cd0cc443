package app.perpetua.flow.reminders;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A reminder as the contract shows it.
 *
 * @param id UUID version 7
 * @param taskId what it reminds of
 * @param userId its owner
 * @param type what its time is relative to
 * @param offsetMinutes minutes from the due date, 0 to 43200; null exactly if absolute
 * @param scheduledAt when
 * @param method where it appears
 * @param fired whether its time is over, be it that nobody was told
 * @param firedAt since when; null until then
 * @param createdAt when it was made
 * @param updatedAt when it last changed
 */
public record Reminder(
    UUID id,
    UUID taskId,
    UUID userId,
    Type type,
    @Nullable Integer offsetMinutes,
    Instant scheduledAt,
    Method method,
    boolean fired,
    @Nullable Instant firedAt,
    Instant createdAt,
    Instant updatedAt) {
  /** What the time of a reminder is relative to. */
  public enum Type implements WireName {
    /** So long before the due date. */
    BEFORE,
    /** So long after the due date. */
    AFTER,
    /** A time of its own. */
    ABSOLUTE
  }

  /** Where a reminder appears. */
  public enum Method implements WireName {
    /** In the app, and as Web Push. */
    PUSH,
    IN_APP
  }

  static Reminder of(Row row) {
    return new Reminder(
        row.uuid("id"),
        row.uuid("task_id"),
        row.uuid("user_id"),
        row.wireName("type", Type.class),
        row.integerOrNull("offset_minutes"),
        row.instant("scheduled_at"),
        row.wireName("method", Method.class),
        row.bool("fired"),
        row.instantOrNull("fired_at"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }

  /** So many minutes before or after the due date. */
  static Instant around(Instant due, Type type, int offsetMinutes) {
    Duration offset = Duration.ofMinutes(offsetMinutes);
    return type == Type.BEFORE ? due.minus(offset) : due.plus(offset);
  }

  /** As it follows the due date; one that would have been due already has fired. */
  Reminder following(Instant due, Instant now) {
    Instant at = around(due, type, Objects.requireNonNull(offsetMinutes));
    Reminder moved = with(type, offsetMinutes, at, method, now);
    return Reminders.isPast(at, now) ? moved.firedAt(now) : moved;
  }

  Reminder with(
      Type newType, @Nullable Integer newOffset, Instant at, Method newMethod, Instant now) {
    return new Reminder(
        id, taskId, userId, newType, newOffset, at, newMethod, fired, firedAt, createdAt, now);
  }

  Reminder firedAt(Instant now) {
    return new Reminder(
        id, taskId, userId, type, offsetMinutes, scheduledAt, method, true, now, createdAt, now);
  }

  /** As one comes back whose time has passed meanwhile (FR-027): fired, its times as they were. */
  Reminder lapsedAt(Instant now) {
    return new Reminder(
        id,
        taskId,
        userId,
        type,
        offsetMinutes,
        scheduledAt,
        method,
        true,
        now,
        createdAt,
        updatedAt);
  }
}
