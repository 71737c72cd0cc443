package app.perpetua.flow.recurrence;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A recurrence rule of RFC 5545, section 3.3.10, as far as it is accepted here (FR-015): daily to
 * yearly, {@code INTERVAL}, {@code COUNT}, {@code UNTIL}, {@code BYDAY}, {@code BYMONTHDAY}, {@code
 * BYMONTH}, {@code BYSETPOS}, {@code WKST}. Only {@link RruleParser} makes one, so each has passed
 * the gate. Immutable.
 *
 * @param text as it is stored and shown: upper case, without {@code RRULE:}
 * @param freq how long a period is
 * @param interval every how many periods, from 1
 * @param count how many occurrences there are in all; null if {@code until} or nothing ends them
 * @param until the last moment at which one may be; null if {@code count} or nothing ends them
 * @param byDay weekdays, with their place in month or year or without
 * @param byMonthDay days of the month, from the end if negative
 * @param byMonth months, January is 1
 * @param bySetPos which of a period's days, from the end if negative
 * @param weekStart the day on which weeks begin
 */
record Rrule(
    String text,
    Freq freq,
    int interval,
    @Nullable Integer count,
    @Nullable Until until,
    List<Day> byDay,
    List<Integer> byMonthDay,
    List<Integer> byMonth,
    List<Integer> bySetPos,
    DayOfWeek weekStart) {
  /** How long a period is. */
  enum Freq {
    DAILY("day"),
    WEEKLY("week"),
    MONTHLY("month"),
    YEARLY("year");

    private final String unit;

    Freq(String unit) {
      this.unit = unit;
    }

    /** The word for one period. */
    String unit() {
      return unit;
    }
  }

  /**
   * A weekday.
   *
   * @param place which one of the month or year, from the end if negative; 0 for every
   */
  record Day(int place, DayOfWeek weekday) {
    @Override
    public String toString() {
      return (place == 0 ? "" : place) + code(weekday);
    }
  }

  /** The last moment at which an occurrence may be. */
  sealed interface Until {
    /** That moment, where the clocks of this zone count. */
    Instant in(ZoneId zone);

    /** A moment. */
    record At(Instant instant) implements Until {
      @Override
      public Instant in(ZoneId zone) {
        return instant;
      }
    }

    /** The whole of a local day. */
    record On(LocalDate date) implements Until {
      @Override
      public Instant in(ZoneId zone) {
        return date.plusDays(1).atStartOfDay(zone).toInstant().minus(1, ChronoUnit.MILLIS);
      }
    }
  }

  /** A text that was a rule, or why it is none. */
  sealed interface Parsed {
    /** A rule that is accepted. */
    record Valid(Rrule rule) implements Parsed {}

    /**
     * No such rule.
     *
     * @param reason continues a sentence that begins with the field's name
     */
    record Invalid(String reason) implements Parsed {}
  }

  static String code(DayOfWeek weekday) {
    return weekday.name().substring(0, 2);
  }

  /**
   * The rule for the engine, spelled by us. Where it ends in time is not the engine's business: it
   * counts local days and knows no zone.
   */
  String engineText() {
    StringBuilder text = new StringBuilder("FREQ=" + freq + ";INTERVAL=" + interval);
    if (count != null) {
      text.append(";COUNT=").append(count);
    }
    append(text, "BYMONTH", byMonth);
    append(text, "BYMONTHDAY", byMonthDay);
    append(text, "BYDAY", byDay);
    append(text, "BYSETPOS", bySetPos);
    return text.append(";WKST=").append(code(weekStart)).toString().toUpperCase(Locale.ROOT);
  }

  private static void append(StringBuilder text, String name, List<?> values) {
    if (!values.isEmpty()) {
      text.append(';').append(name).append('=');
      text.append(values.stream().map(String::valueOf).collect(Collectors.joining(",")));
    }
  }
}
