package app.perpetua.flow.tasks;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;

/** The instants of a day without a time (FR-195). */
public final class AllDay {
  private AllDay() {}

  /**
   * The last millisecond of a day: what {@code due_date} is for an all-day task. Where a zone skips
   * the day, the last millisecond before the gap.
   */
  public static Instant end(LocalDate day, ZoneId zone) {
    return day.plusDays(1).atStartOfDay(zone).toInstant().minusMillis(1);
  }

  /**
   * A local time of a day, from which the reminders of an all-day task count. In a gap of local
   * time it is later by the length of the gap; of two it is the first.
   */
  public static Instant at(LocalDate day, LocalTime time, ZoneId zone) {
    return day.atTime(time).atZone(zone).toInstant();
  }
}
