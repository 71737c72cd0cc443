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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Parses and validates rules before they reach the engine (docs/decisions/recurrence.md): rejects,
 * with a reason, those that are malformed, unsupported, contradictory or never occur. Used once, by
 * one thread.
 */
final class RruleParser {
  static final int MAX_LENGTH = 500;

  private static final int MAX_INTERVAL = 999;
  private static final int MAX_COUNT = 1_000;
  private static final int MAX_LIST = 31;
  private static final int MAX_MONTH_DAY = 31;
  private static final int MAX_MONTH = 12;
  private static final int MAX_SET_POS = 366;

  /** A weekday occurs at most five times in a month and 53 times in a year. */
  private static final int MAX_IN_MONTH = 5;

  private static final int MAX_IN_YEAR = 53;

  static final Set<String> SUPPORTED =
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
  private static final Set<String> SUB_DAILY = Set.of("SECONDLY", "MINUTELY", "HOURLY");

  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,4}");
  private static final Pattern SIGNED = Pattern.compile("[+-]?[0-9]{1,3}");
  private static final Pattern DAY = Pattern.compile("([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)");
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("uuuuMMdd").withResolverStyle(ResolverStyle.STRICT);
  private static final DateTimeFormatter DATE_TIME =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withResolverStyle(ResolverStyle.STRICT);

  /** Ends the parsing; {@link #parse} turns it into a result. */
  static final class InvalidRule extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    InvalidRule(String reason) {
      super(reason, null, false, false);
      this.reason = reason;
    }
  }

  private final Map<String, String> parts;

  private RruleParser(Map<String, String> parts) {
    this.parts = parts;
  }

  /** Parses a rule in every form that {@link RruleText} knows. */
  static Rrule.Parsed parse(String input) {
    try {
      if (input.length() > MAX_LENGTH) {
        throw new InvalidRule("must have at most " + MAX_LENGTH + " characters");
      }
      return new Rrule.Parsed.Valid(new RruleParser(RruleText.parts(input)).rule());
    } catch (InvalidRule e) {
      return new Rrule.Parsed.Invalid(e.reason);
    }
  }

  private Rrule rule() throws InvalidRule {
    Rrule.Freq freq = freq();
    Integer count = number("COUNT", MAX_COUNT);
    if (count != null && parts.containsKey("UNTIL")) {
      throw new InvalidRule("must not have both COUNT and UNTIL");
    }
    List<Integer> months = list("BYMONTH", item -> integer(item, NUMBER, 1, MAX_MONTH));
    Rrule rule =
        new Rrule(
            text(),
            freq,
            Objects.requireNonNullElse(number("INTERVAL", MAX_INTERVAL), 1),
            count,
            until(),
            days(freq, months),
            list("BYMONTHDAY", item -> integer(item, SIGNED, -MAX_MONTH_DAY, MAX_MONTH_DAY)),
            months,
            list("BYSETPOS", item -> integer(item, SIGNED, -MAX_SET_POS, MAX_SET_POS)),
            weekStart());
    checkCombination(rule);
    return rule;
  }

  private String text() {
    return parts.entrySet().stream()
        .map(part -> part.getKey() + "=" + part.getValue())
        .collect(Collectors.joining(";"));
  }

  private Rrule.Freq freq() throws InvalidRule {
    String value = parts.get("FREQ");
    if (value == null) {
      throw new InvalidRule("must have FREQ");
    }
    if (SUB_DAILY.contains(value)) {
      throw new InvalidRule("must not occur more often than daily: FREQ=" + value);
    }
    return Arrays.stream(Rrule.Freq.values())
        .filter(freq -> freq.name().equals(value))
        .findFirst()
        .orElseThrow(() -> new InvalidRule("must have FREQ DAILY, WEEKLY, MONTHLY or YEARLY"));
  }

  private @Nullable Integer number(String name, int max) throws InvalidRule {
    String text = parts.get(name);
    Integer value = text == null ? null : integer(text, NUMBER, 1, max);
    if (text != null && value == null) {
      throw new InvalidRule("must have " + name + " from 1 to " + max);
    }
    return value;
  }

  /** Null if the item is not an integer within the bounds, or is 0. */
  private static @Nullable Integer integer(String item, Pattern form, int min, int max) {
    if (!form.matcher(item).matches()) {
      return null;
    }
    int value = Integer.parseInt(item);
    return value == 0 || value < min || value > max ? null : value;
  }

  /** RFC 5545 requires a date or, as the occurrences have a time zone, a time in UTC. */
  private Rrule.@Nullable Until until() throws InvalidRule {
    String value = parts.get("UNTIL");
    if (value == null) {
      return null;
    }
    try {
      return value.length() == "20260131".length()
          ? new Rrule.Until.On(LocalDate.parse(value, DATE))
          : new Rrule.Until.At(LocalDateTime.parse(value, DATE_TIME).toInstant(ZoneOffset.UTC));
    } catch (DateTimeException e) {
      throw new InvalidRule(
          "must have UNTIL as a date such as 20261231 or in UTC such as 20261231T235959Z");
    }
  }

  private List<Rrule.Day> days(Rrule.Freq freq, List<Integer> months) throws InvalidRule {
    List<Rrule.Day> days = list("BYDAY", RruleParser::day);
    if (days.stream().allMatch(day -> day.ordinal() == 0)) {
      return days;
    }
    if (freq == Rrule.Freq.DAILY || freq == Rrule.Freq.WEEKLY) {
      throw new InvalidRule(
          "must not number the weekdays of BYDAY unless FREQ is MONTHLY or YEARLY");
    }
    boolean inMonth = freq == Rrule.Freq.MONTHLY || !months.isEmpty();
    int max = inMonth ? MAX_IN_MONTH : MAX_IN_YEAR;
    if (days.stream().anyMatch(day -> Math.abs(day.ordinal()) > max)) {
      throw new InvalidRule(
          "must number the weekdays of BYDAY from 1 to "
              + max
              + (inMonth ? " within a month" : " within a year")
              + ", or from -1 to count from its end");
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
    Integer ordinal = integer(day.group(1), SIGNED, -MAX_IN_YEAR, MAX_IN_YEAR);
    return ordinal == null ? null : new Rrule.Day(ordinal, weekday);
  }

  private static DayOfWeek weekday(String code) {
    return Arrays.stream(DayOfWeek.values())
        .filter(day -> Rrule.code(day).equals(code))
        .findFirst()
        .orElseThrow();
  }

  private DayOfWeek weekStart() throws InvalidRule {
    Rrule.Day day = day(parts.getOrDefault("WKST", "MO"));
    if (day == null || day.ordinal() != 0) {
      throw new InvalidRule("must have WKST MO, TU, WE, TH, FR, SA or SU");
    }
    return day.weekday();
  }

  private <T> List<T> list(String name, Function<String, @Nullable T> item) throws InvalidRule {
    String value = parts.get(name);
    if (value == null) {
      return List.of();
    }
    String[] items = value.split(",", -1);
    if (items.length > MAX_LIST) {
      throw new InvalidRule("must not list more than " + MAX_LIST + " values in " + name);
    }
    List<T> values = new ArrayList<>();
    for (String text : items) {
      T parsed = item.apply(text);
      if (parsed == null) {
        throw new InvalidRule("has a value in " + name + " that RFC 5545 does not allow");
      }
      values.add(parsed);
    }
    return values.stream().distinct().toList();
  }

  private static void checkCombination(Rrule rule) throws InvalidRule {
    boolean yearly = rule.freq() == Rrule.Freq.YEARLY;
    boolean hasMonths = !rule.byMonth().isEmpty();
    boolean hasMonthDays = !rule.byMonthDay().isEmpty();
    boolean hasPositions = !rule.bySetPos().isEmpty();
    if (rule.freq() == Rrule.Freq.WEEKLY && hasMonthDays) {
      throw new InvalidRule("must not combine FREQ=WEEKLY with BYMONTHDAY");
    }
    if (yearly && hasMonthDays && !hasMonths) {
      throw new InvalidRule("must have BYMONTH if FREQ=YEARLY has BYMONTHDAY");
    }
    if (hasPositions && rule.byDay().isEmpty() && !hasMonthDays && !hasMonths) {
      throw new InvalidRule("must have BYDAY, BYMONTHDAY or BYMONTH for BYSETPOS to select from");
    }
    if (hasMonths
        && hasMonthDays
        && rule.byMonth().stream().noneMatch(month -> hasDay(month, rule.byMonthDay()))) {
      throw new InvalidRule("has no occurrence: no month of BYMONTH has a day of BYMONTHDAY");
    }
  }

  private static boolean hasDay(int month, List<Integer> days) {
    int length = Month.of(month).maxLength();
    return days.stream().anyMatch(day -> Math.abs(day) <= length);
  }
}
