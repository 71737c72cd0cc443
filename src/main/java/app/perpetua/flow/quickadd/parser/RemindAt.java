package app.perpetua.flow.quickadd.parser;

import java.time.Duration;
import java.time.LocalTime;
import java.time.Period;

/** When a reminder of a task fires. */
public sealed interface RemindAt {
  /** A time before the due time, in minutes up to 30 days. */
  record Minutes(int before) implements RemindAt {
    @Override
    public String toString() {
      return Duration.ofMinutes(before).toString();
    }
  }

  /** Calendar days before the due date, at most 30. */
  record Days(int before) implements RemindAt {
    @Override
    public String toString() {
      return Period.ofDays(before).toString();
    }
  }

  /** A local time on the day of the due date. */
  record OnDay(LocalTime time) implements RemindAt {
    @Override
    public String toString() {
      return time.toString();
    }
  }
}
