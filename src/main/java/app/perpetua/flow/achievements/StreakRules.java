package app.perpetua.flow.achievements;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.UtcDay;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A user's settings of streaks, each with the time from which it applies, so that a change of them
 * does not change the past. Immutable.
 *
 * @param rest ascending
 * @param pauses by their first day
 * @param zones ascending; days are UTC days before the first
 */
record StreakRules(List<Rest> rest, List<Pause> pauses, List<Zone> zones) {
  static final StreakRules DEFAULT = new StreakRules(List.of(), List.of(), List.of());

  /**
   * The weekdays on which a missing completion does not break the streak.
   *
   * @param from the day from which they apply
   * @param weekdays 1 is Monday
   */
  record Rest(LocalDate from, Set<Integer> weekdays) {
    Rest {
      weekdays = Set.copyOf(new TreeSet<>(weekdays));
    }
  }

  /**
   * The time zone that decides on the day of a completion.
   *
   * @param since milliseconds since 1970, exclusive
   * @param zone an IANA zone; null for UTC days
   */
  record Zone(long since, @Nullable String zone) {
    LocalDate dayOf(Instant instant) {
      return zone == null ? UtcDay.of(instant) : LocalDate.ofInstant(instant, ZoneId.of(zone));
    }
  }

  private static final Zone UTC = new Zone(Long.MIN_VALUE, null);

  static StreakRules of(Row row, Json json) {
    return new StreakRules(
        list(json, row.text("rest_days"), Rest[].class),
        list(json, row.text("pauses"), Pause[].class),
        list(json, row.text("zones"), Zone[].class));
  }

  private static <T> List<T> list(Json json, String text, Class<T[]> type) {
    return text.equals("[]") ? List.of() : List.of(json.read(text, type));
  }

  /** The day of a completion at that time. */
  LocalDate dayOf(Instant instant) {
    return zoneAt(instant).dayOf(instant);
  }

  /** Whether days are those of the user's time zone at present. */
  boolean local() {
    return !zones.isEmpty() && zones.getLast().zone() != null;
  }

  /** The weekdays for rest on that day; 1 is Monday. */
  Set<Integer> restWeekdays(LocalDate day) {
    return rest.reversed().stream()
        .filter(one -> !one.from().isAfter(day))
        .findFirst()
        .map(Rest::weekdays)
        .orElse(Set.of());
  }

  boolean isRest(LocalDate day) {
    return restWeekdays(day).contains(day.getDayOfWeek().getValue());
  }

  boolean isPaused(LocalDate day) {
    return pauses.stream().anyMatch(pause -> pause.contains(day));
  }

  /** Whether the streak survives the day without a completion and without a freeze. */
  boolean isExcused(LocalDate day) {
    return isRest(day) || isPaused(day) || !exists(day) || isCutShort(day);
  }

  /** False for a day that the user's time zone has skipped, as Samoa did 2011-12-30. */
  boolean exists(LocalDate day) {
    String zone = zoneAt(day.atTime(LocalTime.NOON).toInstant(ZoneOffset.UTC)).zone();
    return zone == null
        || !ZoneId.of(zone).getRules().getValidOffsets(day.atTime(LocalTime.NOON)).isEmpty();
  }

  /** Whether a change to a zone whose date was a later one ended the day early, or skipped it. */
  private boolean isCutShort(LocalDate day) {
    Zone before = UTC;
    for (Zone after : zones) {
      Instant change = Instant.ofEpochMilli(after.since());
      if (!day.isBefore(before.dayOf(change)) && day.isBefore(after.dayOf(change))) {
        return true;
      }
      before = after;
    }
    return false;
  }

  private Zone zoneAt(Instant instant) {
    // Not from its millisecond on: a completion before the change in the same one keeps its day.
    for (Zone zone : zones.reversed()) {
      if (zone.since() < instant.toEpochMilli()) {
        return zone;
      }
    }
    return UTC;
  }
}
