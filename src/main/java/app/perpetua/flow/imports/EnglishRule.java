package app.perpetua.flow.imports;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A recurrence in Todoist's English, such as "every 2 weeks on Monday at 9:00", as a rule of RFC
 * 5545.
 *
 * @param rrule the rule
 * @param time of day; null if the text names none
 * @param start the day from which it counts; null if the text names none
 */
record EnglishRule(String rrule, @Nullable LocalTime time, @Nullable LocalDate start) {
  private static final int MAX_LENGTH = 120;

  private static final Map<String, String> WEEKDAYS =
      Map.ofEntries(
          Map.entry("mon", "MO"),
          Map.entry("tue", "TU"),
          Map.entry("wed", "WE"),
          Map.entry("thu", "TH"),
          Map.entry("fri", "FR"),
          Map.entry("sat", "SA"),
          Map.entry("sun", "SU"));

  private static final Map<String, String> UNITS =
      Map.of("day", "DAILY", "week", "WEEKLY", "month", "MONTHLY", "year", "YEARLY");

  private static final Map<String, String> ADVERBS =
      Map.of(
          "daily", "FREQ=DAILY",
          "weekly", "FREQ=WEEKLY",
          "monthly", "FREQ=MONTHLY",
          "yearly", "FREQ=YEARLY");

  private static final Pattern START =
      Pattern.compile("^(.*?)\\s+(?:starting|from)\\s+(?:on\\s+)?(.+)$");
  private static final Pattern TIME =
      Pattern.compile("^(.*?)\\s+(?:at\\s+)?(\\d{1,2})(?::(\\d{2}))?\\s*(am|pm)?$");
  private static final Pattern INTERVAL =
      Pattern.compile("^(?:(\\d{1,3})|(other))?\\s*(day|week|month|year)s?(?:\\s+on\\s+(.+))?$");
  private static final Pattern WORKDAY = Pattern.compile("^(?:weekday|workday)s?$");
  private static final Pattern DAY_OF_MONTH = Pattern.compile("^(\\d{1,2})(?:st|nd|rd|th)$");
  private static final Pattern NTH_WEEKDAY =
      Pattern.compile("^(1st|2nd|3rd|4th|first|second|third|fourth|last)\\s+([a-z]+)$");
  private static final Map<String, Integer> ORDINALS =
      Map.of(
          "1st", 1, "first", 1, "2nd", 2, "second", 2, "3rd", 3, "third", 3, "4th", 4, "fourth", 4,
          "last", -1);

  /** Reads a recurrence; null if it is none, or one that the patterns do not cover. */
  static @Nullable EnglishRule parse(String text) {
    String words = text.strip().toLowerCase(Locale.ENGLISH).replaceAll("\\s+", " ");
    if (words.length() > MAX_LENGTH) {
      return null;
    }
    LocalDate start = null;
    Matcher starting = START.matcher(words);
    if (starting.matches()) {
      start = SourceDates.day(starting.group(2));
      if (start == null) {
        return null;
      }
      words = starting.group(1);
    }
    String rule = rule(words);
    LocalTime time = null;
    if (rule == null) {
      Matcher timed = TIME.matcher(words);
      if (timed.matches()) {
        time = time(timed);
        rule = time == null ? null : rule(timed.group(1));
      }
    }
    return rule == null ? null : new EnglishRule(rule, time, start);
  }

  /** The first due date that the text itself determines; null if it determines none. */
  @Nullable Instant startsAt(ZoneId zone) {
    return start == null
        ? null
        : start.atTime(time == null ? SourceDates.END_OF_DAY : time).atZone(zone).toInstant();
  }

  private static @Nullable LocalTime time(Matcher matcher) {
    int hour = Integer.parseInt(matcher.group(2));
    int minute = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
    String half = matcher.group(4);
    if (half == null && matcher.group(3) == null) {
      return null;
    }
    if (half != null) {
      if (hour < 1 || hour > 12) {
        return null;
      }
      hour = hour % 12 + (half.equals("pm") ? 12 : 0);
    }
    return hour < 24 && minute < 60 ? LocalTime.of(hour, minute) : null;
  }

  private static @Nullable String rule(String words) {
    String adverb = ADVERBS.get(words);
    if (adverb != null) {
      return adverb;
    }
    String rest =
        words.startsWith("every ")
            ? words.substring("every ".length())
            : words.startsWith("ev ") ? words.substring("ev ".length()) : null;
    if (rest == null) {
      return null;
    }
    Matcher interval = INTERVAL.matcher(rest);
    if (interval.matches()) {
      return interval(interval);
    }
    if (WORKDAY.matcher(rest).matches()) {
      return "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR";
    }
    Matcher day = DAY_OF_MONTH.matcher(rest);
    if (day.matches()) {
      return "FREQ=MONTHLY;BYMONTHDAY=" + Integer.parseInt(day.group(1));
    }
    if (rest.equals("last day")) {
      return "FREQ=MONTHLY;BYMONTHDAY=-1";
    }
    Matcher nth = NTH_WEEKDAY.matcher(rest);
    if (nth.matches()) {
      String weekday = weekday(nth.group(2));
      return weekday == null ? null : "FREQ=MONTHLY;BYDAY=" + ORDINALS.get(nth.group(1)) + weekday;
    }
    String days = weekdays(rest);
    return days == null ? null : "FREQ=WEEKLY;BYDAY=" + days;
  }

  private static @Nullable String interval(Matcher matcher) {
    String unit = matcher.group(3);
    int count =
        matcher.group(2) != null
            ? 2
            : matcher.group(1) == null ? 1 : Integer.parseInt(matcher.group(1));
    String rule = "FREQ=" + UNITS.get(unit) + (count == 1 ? "" : ";INTERVAL=" + count);
    String on = matcher.group(4);
    if (on == null) {
      return rule;
    }
    String days = unit.equals("week") ? weekdays(on) : null;
    return days == null ? null : rule + ";BYDAY=" + days;
  }

  private static @Nullable String weekdays(String words) {
    List<String> days = new ArrayList<>();
    for (String word : words.split("\\s*(?:,|\\band\\b)\\s*", -1)) {
      String day = weekday(word.strip());
      if (day == null) {
        return null;
      }
      if (!days.contains(day)) {
        days.add(day);
      }
    }
    return String.join(",", days);
  }

  /** Names in full or as three letters, with or without the plural. */
  private static @Nullable String weekday(String word) {
    String name =
        word.endsWith("s") && !word.equals("tues") ? word.substring(0, word.length() - 1) : word;
    String day = name.length() < 3 ? null : WEEKDAYS.get(name.substring(0, 3));
    return day != null
            && (name.length() <= 4
                || name.equals("thurs")
                || name.equals("thur")
                || name.endsWith("day"))
        ? day
        : null;
  }
}
