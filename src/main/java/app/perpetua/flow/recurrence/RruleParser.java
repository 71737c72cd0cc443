package app.perpetua.flow.recurrence;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.Month;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The gate before the engine (docs/decisions/recurrence.md): reads a rule by the grammar of RFC
 * 5545 and refuses, with the reason, what is not accepted, contradicts itself or can never occur.
 * Used once, by one thread.
 */
final class RruleParser {
  /** Longer rules are nobody's. */
  static final int MAX_LENGTH = 500;

  private static final int MAX_INTERVAL = 999;
  private static final int MAX_COUNT = 1_000;
  private static final int MAX_LIST = 31;
  private static final int MAX_MONTH_DAY = 31;
  private static final int MAX_MONTH = 12;
  private static final int MAX_SET_POS = 366;

  /** A month has at most five Mondays, a year 53. */
  private static final int DAYS_OF_MONTH = 5;

  private static final int DAYS_OF_YEAR = 53;

  private static final String PREFIX = "RRULE:";
  private static final Set<String> ACCEPTED =
      Set.of(
          "FREQ",
          "INTERVAL",
          "COUNT",
          "UNTIL",
          "BYDAY",
          "BYMONTHDAY",
          "BYMONTH",
          "BYSETPOS",
          "WKST");
  private static final Set<String> REFUSED =
      Set.of("BYSECOND", "BYMINUTE", "BYHOUR", "BYWEEKNO", "BYYEARDAY", "RSCALE", "SKIP");
  private static final Set<String> SUB_DAILY = Set.of("SECONDLY", "MINUTELY", "HOURLY");

  private static final Pattern LETTERS = Pattern.compile("[A-Z0-9:;=,+-]*");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,4}");
  private static final Pattern SIGNED = Pattern.compile("[+-]?[0-9]{1,3}");
  private static final Pattern DAY = Pattern.compile("([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)");
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("uuuuMMdd").withResolverStyle(ResolverStyle.STRICT);
  private static final DateTimeFormatter DATE_TIME =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withResolverStyle(ResolverStyle.STRICT);

  /** Ends the reading; never leaves this class. */
  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    Refused(String reason) {
      super(reason, null, false, false);
      this.reason = reason;
    }
  }

  private final String text;
  private final Map<String, String> parts = new HashMap<>();

  private RruleParser(String text) {
    this.text = text;
  }

  /**
   * Reads a rule. Letter case does not matter, and {@code RRULE:} in front, as calendars write it,
   * is taken off.
   *
   * @param given what a client sent, of any length
   */
  static Rrule.Parsed parse(String given) {
    try {
      if (given.length() > MAX_LENGTH) {
        throw new Refused("must have at most " + MAX_LENGTH + " characters");
      }
      String text = given.strip().toUpperCase(Locale.ROOT);
      if (text.startsWith(PREFIX)) {
        text = text.substring(PREFIX.length());
      }
      return new Rrule.Parsed.Valid(new RruleParser(text).rule());
    } catch (Refused e) {
      return new Rrule.Parsed.Invalid(e.reason);
    }
  }

  private Rrule rule() throws Refused {
    split();
    Rrule.Freq freq = freq();
    @Nullable Integer count = parts.containsKey("COUNT") ? number("COUNT", MAX_COUNT) : null;
    if (count != null && parts.containsKey("UNTIL")) {
      throw new Refused("must not have both COUNT and UNTIL");
    }
    List<Integer> months = list("BYMONTH", item -> whole(item, NUMBER, 1, MAX_MONTH));
    Rrule rule =
        new Rrule(
            text,
            freq,
            parts.containsKey("INTERVAL") ? number("INTERVAL", MAX_INTERVAL) : 1,
            count,
            until(),
            days(freq, months),
            list("BYMONTHDAY", item -> whole(item, SIGNED, -MAX_MONTH_DAY, MAX_MONTH_DAY)),
            months,
            list("BYSETPOS", item -> whole(item, SIGNED, -MAX_SET_POS, MAX_SET_POS)),
            weekStart());
    checkTogether(rule);
    return rule;
  }

  private void split() throws Refused {
    if (text.isEmpty()) {
      throw new Refused("must not be empty");
    }
    if (text.contains("\n") || text.contains("\r") || text.contains(PREFIX)) {
      throw new Refused("must be one rule, not several");
    }
    if (!LETTERS.matcher(text).matches()) {
      throw new Refused("must consist of parts such as FREQ=WEEKLY;BYDAY=MO, without spaces");
    }
    for (String part : text.split(";", -1)) {
      String[] sides = part.split("=", -1);
      if (sides.length != 2 || sides[1].isEmpty()) {
        throw new Refused("must consist of parts NAME=VALUE with a semicolon between them");
      }
      if (REFUSED.contains(sides[0])) {
        throw new Refused("must not have " + sides[0] + ", which is not supported");
      }
      if (!ACCEPTED.contains(sides[0])) {
        throw new Refused("has a part that RFC 5545 does not know");
      }
      if (parts.put(sides[0], sides[1]) != null) {
        throw new Refused("must not have " + sides[0] + " twice");
      }
    }
  }

  private Rrule.Freq freq() throws Refused {
    String value = parts.get("FREQ");
    if (value == null) {
      throw new Refused("must have FREQ");
    }
    if (SUB_DAILY.contains(value)) {
      throw new Refused("must not come more often than daily: FREQ=" + value);
    }
    return Arrays.stream(Rrule.Freq.values())
        .filter(freq -> freq.name().equals(value))
        .findFirst()
        .orElseThrow(() -> new Refused("must have FREQ of DAILY, WEEKLY, MONTHLY or YEARLY"));
  }

  private int number(String name, int max) throws Refused {
    Integer value = whole(parts.getOrDefault(name, ""), NUMBER, 1, max);
    if (value == null) {
      throw new Refused("must have " + name + " from 1 to " + max);
    }
    return value;
  }

  /** The number, or null if it is none within these bounds, 0 excluded. */
  private static @Nullable Integer whole(String item, Pattern form, int min, int max) {
    if (!form.matcher(item).matches()) {
      return null;
    }
    int value = Integer.parseInt(item);
    return value == 0 || value < min || value > max ? null : value;
  }

  /** RFC 5545 wants a date or, as our occurrences stand in a time zone, a moment in UTC. */
  private Rrule.@Nullable Until until() throws Refused {
    String value = parts.get("UNTIL");
    if (value == null) {
      return null;
    }
    try {
      return value.length() == "20260131".length()
          ? new Rrule.Until.On(LocalDate.parse(value, DATE))
          : new Rrule.Until.At(LocalDateTime.parse(value, DATE_TIME).toInstant(ZoneOffset.UTC));
    } catch (DateTimeException e) {
      throw new Refused(
          "must have UNTIL as a date such as 20261231 or in UTC such as 20261231T235959Z");
    }
  }

  private List<Rrule.Day> days(Rrule.Freq freq, List<Integer> months) throws Refused {
    List<Rrule.Day> days = list("BYDAY", RruleParser::day);
    if (days.stream().allMatch(day -> day.place() == 0)) {
      return days;
    }
    if (freq == Rrule.Freq.DAILY || freq == Rrule.Freq.WEEKLY) {
      throw new Refused("must not number the weekdays of BYDAY unless it is monthly or yearly");
    }
    boolean within = freq == Rrule.Freq.MONTHLY || !months.isEmpty();
    int most = within ? DAYS_OF_MONTH : DAYS_OF_YEAR;
    if (days.stream().anyMatch(day -> Math.abs(day.place()) > most)) {
      throw new Refused(
          "must number the weekdays of BYDAY from 1 to "
              + most
              + (within ? " within a month" : " within a year")
              + ", negative from its end");
    }
    return days;
  }

  private static Rrule.@Nullable Day day(String item) {
    Matcher day = DAY.matcher(item);
    if (!day.matches()) {
      return null;
    }
    DayOfWeek weekday = weekday(day.group(2));
    if (day.group(1) == null) {
      return new Rrule.Day(0, weekday);
    }
    Integer place = whole(day.group(1), SIGNED, -DAYS_OF_YEAR, DAYS_OF_YEAR);
    return place == null ? null : new Rrule.Day(place, weekday);
  }

  private static DayOfWeek weekday(String code) {
    return Arrays.stream(DayOfWeek.values())
        .filter(day -> Rrule.code(day).equals(code))
        .findFirst()
        .orElseThrow();
  }

  private DayOfWeek weekStart() throws Refused {
    Rrule.Day day = day(parts.getOrDefault("WKST", "MO"));
    if (day == null || day.place() != 0) {
      throw new Refused("must have WKST of MO, TU, WE, TH, FR, SA or SU");
    }
    return day.weekday();
  }

  private <T> List<T> list(String name, Function<String, @Nullable T> item) throws Refused {
    String value = parts.get(name);
    if (value == null) {
      return List.of();
    }
    String[] items = value.split(",", -1);
    if (items.length > MAX_LIST) {
      throw new Refused("must not list more than " + MAX_LIST + " values in " + name);
    }
    List<T> values = new ArrayList<>();
    for (String text : items) {
      T parsed = item.apply(text);
      if (parsed == null) {
        throw new Refused("has a value in " + name + " that RFC 5545 does not allow");
      }
      values.add(parsed);
    }
    return values.stream().distinct().toList();
  }

  private static void checkTogether(Rrule rule) throws Refused {
    if (rule.freq() == Rrule.Freq.WEEKLY && !rule.byMonthDay().isEmpty()) {
      throw new Refused("must not have BYMONTHDAY if it is weekly");
    }
    if (rule.freq() == Rrule.Freq.YEARLY && !rule.bySetPos().isEmpty()) {
      throw new Refused("must not have BYSETPOS if it is yearly, which is not supported");
    }
    if (rule.freq() == Rrule.Freq.YEARLY
        && !rule.byMonthDay().isEmpty()
        && rule.byMonth().isEmpty()) {
      throw new Refused("must have BYMONTH beside BYMONTHDAY if it is yearly");
    }
    if (!rule.bySetPos().isEmpty()
        && rule.byDay().isEmpty()
        && rule.byMonthDay().isEmpty()
        && rule.byMonth().isEmpty()) {
      throw new Refused("must have a set for BYSETPOS to choose from, such as BYDAY");
    }
    if (!rule.byMonth().isEmpty()
        && !rule.byMonthDay().isEmpty()
        && rule.byMonth().stream().noneMatch(month -> holdsOne(month, rule.byMonthDay()))) {
      throw new Refused("never occurs: no month of BYMONTH has a day of BYMONTHDAY");
    }
  }

  private static boolean holdsOne(int month, List<Integer> days) {
    int length = Month.of(month).maxLength();
    return days.stream().anyMatch(day -> Math.abs(day) <= length);
  }
}
