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
 * Says a rule in plain English: how often, on which days, in which months, until when. Immutable.
 *
 * @param rule what to say
 * @param zone where the day of {@code UNTIL} is the day it is
 */
record RruleWords(Rrule rule, ZoneId zone) {
  private static final List<String> ORDINALS =
      List.of("", "first", "second", "third", "fourth", "fifth");
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("d MMMM uuuu", Locale.ENGLISH);

  String text() {
    return how() + days() + months() + weeks() + end();
  }

  private String how() {
    String unit = rule.freq().unit();
    return rule.interval() == 1 ? "every " + unit : "every " + rule.interval() + " " + unit + "s";
  }

  private String days() {
    if (rule.byDay().isEmpty() && rule.byMonthDay().isEmpty()) {
      // The days are the start's, of which the set position takes none away.
      return rule.bySetPos().isEmpty() ? "" : " on the " + places() + " of its days";
    }
    String set = rule.byDay().isEmpty() ? monthDays() : weekdays();
    if (!rule.bySetPos().isEmpty()) {
      set = "the " + places() + " of " + set;
    }
    return " on "
        + set
        + (rule.byDay().isEmpty() || rule.byMonthDay().isEmpty()
            ? ""
            : " that falls on " + monthDays());
  }

  private String places() {
    return joined(rule.bySetPos().stream().map(RruleWords::place).toList());
  }

  private String weekdays() {
    boolean each = rule.freq() == Rrule.Freq.MONTHLY || rule.freq() == Rrule.Freq.YEARLY;
    List<String> names = new ArrayList<>();
    for (Rrule.Day day : rule.byDay()) {
      String name = name(day.weekday());
      if (day.place() == 0) {
        names.add(each && rule.bySetPos().isEmpty() ? "every " + name : name);
      } else {
        names.add("the " + place(day.place()) + " " + name);
      }
    }
    return joined(names);
  }

  private String monthDays() {
    List<String> names = new ArrayList<>();
    for (int day : rule.byMonthDay()) {
      names.add(day > 0 ? numeral(day) : place(day) + " day");
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
                    .toList());
  }

  /** Where weeks begin decides only which of them are left out. */
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
  private static String place(int place) {
    if (place == -1) {
      return "last";
    }
    int from = Math.abs(place);
    String word = from < ORDINALS.size() ? ORDINALS.get(from) : numeral(from);
    return place > 0 ? word : word + "-to-last";
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
  private static String joined(List<String> words) {
    return words.size() == 1
        ? words.getFirst()
        : String.join(", ", words.subList(0, words.size() - 1)) + " and " + words.getLast();
  }
}
