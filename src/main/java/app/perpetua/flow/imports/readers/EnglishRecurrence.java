package app.perpetua.flow.imports.readers;

import app.perpetua.flow.quickadd.parser.QuickParser;
import app.perpetua.flow.quickadd.parser.Repeat;
import app.perpetua.flow.recurrence.Anchor;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * A recurrence in Todoist's English, such as "every 2 weeks on Monday at 9:00".
 *
 * @param rrule a rule that a template can have
 * @param afterCompletion whether it counts from completions: "every! 3 days"
 * @param first the first occurrence; without a time of day at the end of the day
 * @param day the day of the first occurrence, if it has no time
 */
record EnglishRecurrence(
    String rrule, boolean afterCompletion, Instant first, @Nullable LocalDate day) {
  private static final int MAX_LENGTH = 120;

  /**
   * Reads a recurrence; null if the text is none as a whole, or selects days and counts from
   * completions, which a template cannot.
   *
   * @param now when it begins, unless the text says so
   */
  static @Nullable EnglishRecurrence parse(
      QuickParser parser, String text, Instant now, ZoneId zone) {
    Repeat repeat = text.length() > MAX_LENGTH ? null : parser.recurrence(text, now, zone);
    if (repeat == null) {
      return null;
    }
    boolean afterCompletion = repeat.anchor() == Anchor.COMPLETION;
    if (afterCompletion && repeat.rrule().contains(";BY")) {
      return null;
    }
    LocalTime time = repeat.time() == null ? SourceDates.END_OF_DAY : repeat.time();
    return new EnglishRecurrence(
        repeat.rrule(),
        afterCompletion,
        repeat.start().atTime(time).atZone(zone).toInstant(),
        repeat.time() == null ? repeat.start() : null);
  }
}
