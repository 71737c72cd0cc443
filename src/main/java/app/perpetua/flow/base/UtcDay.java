package app.perpetua.flow.base;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;

/** Days in UTC: those of streaks, daily credits, daily jobs, billing and the activity log. */
public final class UtcDay {
  private UtcDay() {}

  /** The day that contains an instant. */
  public static LocalDate of(Instant instant) {
    return LocalDate.ofInstant(instant, ZoneOffset.UTC);
  }

  /** The first instant after a day. */
  public static Instant endOf(LocalDate day) {
    return day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
  }
}
