package app.perpetua.flow.quickadd.parser;

import java.time.LocalTime;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The digits of a time of day in one word, such as {@code 9}, {@code 9:30} or {@code 9am}.
 *
 * @param minute null if there is none
 * @param suffix what follows the digits; may be empty
 */
record ClockText(int hour, @Nullable Integer minute, boolean dotted, String suffix) {
  private static final Pattern FORM =
      Pattern.compile("([0-9]{1,2})(?:([:.])([0-9]{2}))?([\\p{L}.'’]*)");

  /** Halves of a day. */
  enum Half {
    AM,
    PM
  }

  /** Null if a word has another form. */
  static @Nullable ClockText of(String word) {
    if (word.isEmpty() || word.charAt(0) < '0' || word.charAt(0) > '9') {
      return null;
    }
    Matcher matcher = FORM.matcher(word);
    if (!matcher.matches()) {
      return null;
    }
    String minute = matcher.group(3);
    return new ClockText(
        Integer.parseInt(matcher.group(1)),
        minute == null ? null : Integer.valueOf(minute),
        ".".equals(matcher.group(2)),
        matcher.group(4));
  }

  /** The half that a word names; null if it names none. */
  static @Nullable Half half(String word, Vocabulary vocabulary) {
    return vocabulary.single(word, Word.AM) != null
        ? Half.AM
        : vocabulary.single(word, Word.PM) != null ? Half.PM : null;
  }

  /**
   * The time of day; null if there is no such time.
   *
   * @param half null for the 24-hour clock
   */
  @Nullable LocalTime time(@Nullable Half half) {
    int minutes = minute == null ? 0 : minute;
    if (minutes > 59) {
      return null;
    }
    if (half == null) {
      return hour > 23 || dotted ? null : LocalTime.of(hour, minutes);
    }
    return hour < 1 || hour > 12
        ? null
        : LocalTime.of(hour % 12 + (half == Half.PM ? 12 : 0), minutes);
  }
}
