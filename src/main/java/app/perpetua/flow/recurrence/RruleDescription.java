package app.perpetua.flow.recurrence;

import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.Month;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Describes a rule in English. Immutable.
 *
 * @param zone the time zone in which an {@code UNTIL} in UTC is shown
 */
record RruleDescription(Rrule rule, ZoneId zone) {
  private static final List<String> ORDINALS =
      List.of("", "first", "second", "third", "fourth", "fifth");
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("d MMMM uuuu", Locale.ENGLISH);

  String text(Anchor anchor) {
    return anchor == Anchor.COMPLETION
        ? frequency() + " after completion" + end()
        : frequency() + days() + months() + weeks() + end();
  }

  private String frequency() {
    String unit = rule.freq().unit();
    return rule.interval() == 1 ? "every " + unit : "every " + rule.interval() + " " + unit + "s";
  }

  private String days() {
    if (rule.byDay().isEmpty() && rule.byMonthDay().isEmpty()) {
      // The only day of the period is the start's.
      return rule.bySetPos().isEmpty() ? "" : " on the " + positions() + " of its days";
    }
    String set = rule.byDay().isEmpty() ? monthDays() : weekdays();
    if (isOneWeekday() && rule.byMonthDay().isEmpty()) {
      set = "the " + positions() + " " + set;
    } else if (!rule.bySetPos().isEmpty()) {
      set = "the " + positions() + " of " + set;
    }
    return " on "
        + set
        + (rule.byDay().isEmpty() || rule.byMonthDay().isEmpty()
            ? ""
            : " that falls on " + monthDays());
  }

  /** Whether positions count all days of one weekday, such as the last Friday. */
  private boolean isOneWeekday() {
    return !rule.bySetPos().isEmpty()
        && rule.byDay().size() == 1
        && rule.byDay().getFirst().ordinal() == 0;
  }

  private String positions() {
    return joined(rule.bySetPos().stream().map(RruleDescription::ordinal).toList());
  }

  private String weekdays() {
    boolean each = rule.freq() == Rrule.Freq.MONTHLY || rule.freq() == Rrule.Freq.YEARLY;
    List<String> names = new ArrayList<>();
    for (Rrule.Day day : rule.byDay()) {
      String name = name(day.weekday());
      if (day.ordinal() == 0) {
        names.add(each && rule.bySetPos().isEmpty() ? "every " + name : name);
      } else {
        names.add("the " + ordinal(day.ordinal()) + " " + name);
      }
    }
    return joined(names);
  }

  private String monthDays() {
    List<String> names = new ArrayList<>();
    for (int day : rule.byMonthDay()) {
      names.add(day > 0 ? numeral(day) : ordinal(day) + " day");
    }
    return "the " + joined(names);
  }

  private String months() {
    return rule.byMonth().isEmpty()
        ? ""
        : " in "
            + joined(
                rule.byMonth().stream()
                    .map(month -> Month.of(month).getDisplayName(TextStyle.FULL, Locale.ENGLISH))
                    .toList())
            + (isOneSet() ? " together" : "");
  }

  /** Whether positions count through several months. */
  private boolean isOneSet() {
    return rule.freq() == Rrule.Freq.YEARLY
        && !rule.bySetPos().isEmpty()
        && rule.byMonth().size() > 1;
  }

  /** The first day of the week matters only if weeks are skipped. */
  private String weeks() {
    return rule.freq() == Rrule.Freq.WEEKLY
            && rule.interval() > 1
            && rule.byDay().size() > 1
            && rule.weekStart() != DayOfWeek.MONDAY
        ? " of weeks that begin on " + name(rule.weekStart())
        : "";
  }

  private String end() {
    if (rule.count() != null) {
      return rule.count() == 1 ? ", once" : ", " + rule.count() + " times";
    }
    return switch (rule.until()) {
      case null -> "";
      case Rrule.Until.On(LocalDate date) -> " until " + DATE.format(date);
      case Rrule.Until.At at -> " until " + DATE.format(at.instant().atZone(zone));
    };
  }

  private static String name(DayOfWeek day) {
    return day.getDisplayName(TextStyle.FULL, Locale.ENGLISH);
  }

  /** "first", "20th", "last", "third-to-last". */
  private static String ordinal(int position) {
    if (position == -1) {
      return "last";
    }
    int distance = Math.abs(position);
    String word = distance < ORDINALS.size() ? ORDINALS.get(distance) : numeral(distance);
    return position > 0 ? word : word + "-to-last";
  }

  /** "1st", "12th", "23rd". */
  private static String numeral(int number) {
    boolean teen = number / 10 % 10 == 1;
    return number
        + switch (teen ? 0 : number % 10) {
          case 1 -> "st";
          case 2 -> "nd";
          case 3 -> "rd";
          default -> "th";
        };
  }

  /** "a, b and c". */
  private static String joined(List<String> items) {
    return items.size() == 1
        ? items.getFirst()
        : String.join(", ", items.subList(0, items.size() - 1)) + " and " + items.getLast();
  }
}
