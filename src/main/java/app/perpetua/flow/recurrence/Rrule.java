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
 * A recurrence rule of RFC 5545, section 3.3.10, limited to the supported parts (FR-015). Only
 * {@link RruleParser} creates one, so each is valid. Immutable.
 *
 * @param text as stored and shown: upper case, without {@code RRULE:} and white space
 * @param interval from 1
 * @param count null if there is no {@code COUNT}
 * @param until null if there is no {@code UNTIL}
 * @param byMonthDay counted from the end of the month if negative
 * @param byMonth January is 1
 * @param bySetPos counted from the end of the period if negative
 * @param weekStart {@code WKST}
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
  /** The length of a period. */
  enum Freq {
    DAILY("day", ChronoUnit.DAYS),
    WEEKLY("week", ChronoUnit.WEEKS),
    MONTHLY("month", ChronoUnit.MONTHS),
    YEARLY("year", ChronoUnit.YEARS);

    private final String unit;
    private final ChronoUnit period;

    Freq(String unit, ChronoUnit period) {
      this.unit = unit;
      this.period = period;
    }

    /** A day so many periods later; the last of the month if that month has no such day. */
    LocalDate plus(LocalDate day, long periods) {
      return day.plus(periods, period);
    }

    String unit() {
      return unit;
    }
  }

  /**
   * A weekday of {@code BYDAY}.
   *
   * @param ordinal which one of the month or year, counted from the end if negative; 0 for every
   *     one
   */
  record Day(int ordinal, DayOfWeek weekday) {
    @Override
    public String toString() {
      return (ordinal == 0 ? "" : ordinal) + code(weekday);
    }
  }

  /** The last instant at which an occurrence may be. */
  sealed interface Until {
    Instant in(ZoneId zone);

    record At(Instant instant) implements Until {
      @Override
      public Instant in(ZoneId zone) {
        return instant;
      }
    }

    /** A local date, inclusive. */
    record On(LocalDate date) implements Until {
      @Override
      public Instant in(ZoneId zone) {
        return date.plusDays(1).atStartOfDay(zone).toInstant().minus(1, ChronoUnit.MILLIS);
      }
    }
  }

  /** The result of parsing a rule. */
  sealed interface Parsed {
    record Valid(Rrule rule) implements Parsed {}

    /** The reason completes a sentence that begins with the field's name. */
    record Invalid(String reason) implements Parsed {}
  }

  static String code(DayOfWeek weekday) {
    return weekday.name().substring(0, 2);
  }

  /** The same rule without {@code COUNT}, but with the same {@link #text}. */
  Rrule uncounted() {
    return new Rrule(
        text, freq, interval, null, until, byDay, byMonthDay, byMonth, bySetPos, weekStart);
  }

  /** Whether it has no part that selects days of a period. */
  boolean isInterval() {
    return byDay.isEmpty() && byMonthDay.isEmpty() && byMonth.isEmpty() && bySetPos.isEmpty();
  }

  /**
   * Whether positions select days of a year. The engine would count them from the start, not from
   * the first day of its year, so it has to begin there; then the caller skips what precedes the
   * start, and applies {@code COUNT}.
   */
  boolean hasYearlyPositions() {
    return freq == Freq.YEARLY && !bySetPos.isEmpty();
  }

  /**
   * Whether every day is examined for its day of the month, which gives the same days as every
   * month: the engine gives up after a thousand days without one, and {@code
   * BYMONTH=2;BYMONTHDAY=29;BYDAY=SU} can take longer.
   */
  private boolean isDaysOfMonths() {
    return freq == Freq.DAILY && interval == 1 && !byMonthDay.isEmpty() && bySetPos.isEmpty();
  }

  /**
   * The rule as passed to the engine, without {@code UNTIL}: the engine works on local days and has
   * no time zone.
   *
   * @param start the day from which the rule takes what it does not say
   */
  String engineText(LocalDate start) {
    StringBuilder text =
        new StringBuilder(
            "FREQ=" + (isDaysOfMonths() ? Freq.MONTHLY : freq) + ";INTERVAL=" + interval);
    if (count != null && !hasYearlyPositions()) {
      text.append(";COUNT=").append(count);
    }
    boolean startSaysDay = hasYearlyPositions() && byDay.isEmpty() && byMonthDay.isEmpty();
    append(text, "BYMONTH", byMonth);
    append(text, "BYMONTHDAY", startSaysDay ? List.of(start.getDayOfMonth()) : byMonthDay);
    append(text, "BYDAY", byDay);
    append(text, "BYSETPOS", bySetPos);
    return text.append(";WKST=").append(code(weekStart)).toString().toUpperCase(Locale.ROOT);
  }

  /**
   * A rule of RFC 5545 with the same days from one of them on.
   *
   * @param start the first day
   * @param remaining occurrences from that day on; null without {@code COUNT}
   * @param until null without {@code UNTIL}
   */
  String beginningOn(LocalDate start, @Nullable Integer remaining, @Nullable String until) {
    String text = uncounted().engineText(start);
    return remaining != null
        ? text + ";COUNT=" + remaining
        : until != null ? text + ";UNTIL=" + until : text;
  }

  private static void append(StringBuilder text, String name, List<?> values) {
    if (!values.isEmpty()) {
      text.append(';').append(name).append('=');
      text.append(values.stream().map(String::valueOf).collect(Collectors.joining(",")));
    }
  }
}
