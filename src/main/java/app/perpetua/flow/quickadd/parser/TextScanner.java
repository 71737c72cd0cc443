package app.perpetua.flow.quickadd.parser;

import app.perpetua.flow.parsing.UnicodeText;
import app.perpetua.flow.tasks.Priority;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Divides a text into markers and words. Quoted and escaped parts are neither. Used once, by one
 * thread.
 */
final class TextScanner {
  /** Code points in a name. */
  static final int MAX_NAME = 100;

  private static final int MAX_DAYS = 30;
  private static final int MINUTES_PER_HOUR = 60;
  private static final int MAX_MINUTES = MAX_DAYS * 24 * MINUTES_PER_HOUR;
  private static final int DAYS_PER_WEEK = 7;

  private static final String OPENING = "([{<'“‘";
  private static final String CLOSING = ".,;:!?)]}>'”’…";
  private static final Pattern OFFSET = Pattern.compile("([0-9]{1,5})(\\p{L}+)");
  private static final Pattern PRIORITY = Pattern.compile("[pP][1-4]");

  private final String text;
  private final Vocabulary vocabulary;
  private final List<Token> tokens = new ArrayList<>();
  private final List<Marker> markers = new ArrayList<>();

  TextScanner(String text, Vocabulary vocabulary) {
    this.text = text;
    this.vocabulary = vocabulary;
    int i = 0;
    while (i < text.length()) {
      i = UnicodeText.isWhiteSpace(text.charAt(i)) ? i + 1 : chunk(i);
    }
  }

  List<Token> tokens() {
    return tokens;
  }

  /** In the order of the text. */
  List<Marker> markers() {
    return markers;
  }

  /** Whether a unit of text is punctuation that belongs to what precedes it. */
  static boolean isClosing(char c) {
    return CLOSING.indexOf(c) >= 0;
  }

  /** Reads from the first unit after white space; returns where to continue. */
  private int chunk(int begin) {
    int end = begin;
    while (end < text.length() && !UnicodeText.isWhiteSpace(text.charAt(end))) {
      end++;
    }
    return switch (text.charAt(begin)) {
      case '"' -> quoted(begin, end);
      case '#', '@' -> named(begin, end);
      case '!' -> reminder(begin, end);
      case '\\' -> escape(begin, end);
      default -> words(begin, end);
    };
  }

  private int quoted(int begin, int end) {
    int quote = text.indexOf('"', begin + 1);
    while (quote > 0 && quote + 1 < text.length() && !endsAfter(quote)) {
      quote = text.indexOf('"', quote + 1);
    }
    return quote > begin + 1 ? quote + 1 : words(begin, end);
  }

  private boolean endsAfter(int i) {
    char next = text.charAt(i + 1);
    return UnicodeText.isWhiteSpace(next) || isClosing(next);
  }

  private int named(int begin, int end) {
    int first = begin + 1;
    int last;
    int next;
    if (first < end && text.charAt(first) == '"') {
      first++;
      last = text.indexOf('"', first);
      next = last + 1;
      if (last < 0 || (next < text.length() && !endsAfter(last))) {
        return end;
      }
    } else {
      last = withoutClosing(first, end);
      next = last;
    }
    String name = UnicodeText.trim(text.substring(first, last));
    if (UnicodeText.isBlank(name)
        || name.codePoints().noneMatch(Character::isLetterOrDigit)
        || name.codePointCount(0, name.length()) > MAX_NAME) {
      return Math.max(end, next);
    }
    markers.add(
        new Marker(
            begin,
            next,
            text.charAt(begin) == '#'
                ? new Marker.Meaning.ToList(name)
                : new Marker.Meaning.Label(name)));
    return Math.max(end, next);
  }

  private int withoutClosing(int begin, int end) {
    int last = end;
    while (last > begin && isClosing(text.charAt(last - 1))) {
      last--;
    }
    return last;
  }

  private int reminder(int begin, int end) {
    int last = withoutClosing(begin + 1, end);
    RemindAt at = remindAt(text.substring(begin + 1, last).toLowerCase(Locale.ROOT));
    if (at == null) {
      return words(begin, end);
    }
    markers.add(new Marker(begin, last, new Marker.Meaning.Reminder(at)));
    return end;
  }

  private @Nullable RemindAt remindAt(String word) {
    Matcher offset = OFFSET.matcher(word);
    if (offset.matches()) {
      Vocabulary.Term unit = vocabulary.single(offset.group(2), Word.SHORT_UNIT);
      if (unit != null) {
        return before(Integer.parseInt(offset.group(1)), unit.unit());
      }
    }
    ClockText clock = ClockText.of(word);
    if (clock == null) {
      return null;
    }
    ClockText.Half half = ClockText.half(clock.suffix(), vocabulary);
    boolean complete = half != null || (clock.suffix().isEmpty() && clock.minute() != null);
    LocalTime time = complete ? clock.time(half) : null;
    return time == null ? null : new RemindAt.OnDay(time);
  }

  private static @Nullable RemindAt before(int count, Unit unit) {
    return switch (unit) {
      case MINUTE -> count > MAX_MINUTES ? null : new RemindAt.Minutes(count);
      case HOUR ->
          count > MAX_MINUTES / MINUTES_PER_HOUR
              ? null
              : new RemindAt.Minutes(count * MINUTES_PER_HOUR);
      case DAY -> count > MAX_DAYS ? null : new RemindAt.Days(count);
      case WEEK ->
          count > MAX_DAYS / DAYS_PER_WEEK ? null : new RemindAt.Days(count * DAYS_PER_WEEK);
      case MONTH, QUARTER, YEAR -> null;
    };
  }

  /** A backslash is one that escapes only before what would be understood. */
  private int escape(int begin, int end) {
    int last = withoutClosing(begin + 1, end);
    String word = text.substring(begin + 1, last);
    boolean escapes =
        end > begin + 1
            && ("#@!\"".indexOf(text.charAt(begin + 1)) >= 0
                || PRIORITY.matcher(word).matches()
                || ClockText.of(word) != null
                || !vocabulary.startingWith(word.toLowerCase(Locale.ROOT)).isEmpty());
    if (escapes) {
      markers.add(new Marker(begin, begin + 1, new Marker.Meaning.Escape()));
    }
    return end;
  }

  private int words(int begin, int end) {
    int from = begin;
    for (int i = begin; i <= end; i++) {
      if (i == end || isSeparatingComma(i)) {
        word(from, i);
        from = i + 1;
      }
    }
    return end;
  }

  /** A comma that is not within a number. */
  private boolean isSeparatingComma(int i) {
    return text.charAt(i) == ','
        && !(i > 0
            && i + 1 < text.length()
            && Character.isDigit(text.charAt(i - 1))
            && Character.isDigit(text.charAt(i + 1)));
  }

  private void word(int from, int to) {
    int begin = from;
    while (begin < to && OPENING.indexOf(text.charAt(begin)) >= 0) {
      begin++;
    }
    int end = endOfWord(begin, to);
    if (begin == end) {
      return;
    }
    String word = text.substring(begin, end);
    if (PRIORITY.matcher(word).matches()) {
      markers.add(
          new Marker(
              begin,
              end,
              new Marker.Meaning.WithPriority(
                  word.toLowerCase(Locale.ROOT), priority(word.charAt(1)))));
      return;
    }
    String lower = word.toLowerCase(Locale.ROOT);
    if (vocabulary.isLowerCaseOnly(lower) && !lower.equals(word)) {
      return;
    }
    tokens.add(
        new Token(lower, begin, end, gap(begin), Character.isUpperCase(word.codePointAt(0))));
  }

  /** The full stop of an abbreviation such as a.m. belongs to it. */
  private int endOfWord(int begin, int to) {
    int end = withoutClosing(begin, to);
    boolean abbreviation =
        end < to
            && text.charAt(end) == '.'
            && end - begin > 2
            && text.charAt(end - 2) == '.'
            && Character.isLetter(text.charAt(end - 1))
            && Character.isLetter(text.charAt(end - 3));
    return abbreviation ? end + 1 : end;
  }

  private static Priority priority(char digit) {
    return switch (digit) {
      case '1' -> Priority.HIGH;
      case '2' -> Priority.MEDIUM;
      default -> Priority.LOW;
    };
  }

  private Token.Gap gap(int begin) {
    if (tokens.isEmpty()) {
      return Token.Gap.OTHER;
    }
    String between = text.substring(tokens.getLast().end(), begin);
    String sign = UnicodeText.trim(between);
    if (sign.isEmpty()) {
      return Token.Gap.SPACE;
    }
    // The sign must touch the word before it.
    if (sign.equals(",") && between.charAt(0) == ',') {
      return Token.Gap.COMMA;
    }
    return sign.equals("!") && between.charAt(0) == '!' && between.length() > 1
        ? Token.Gap.BANG
        : Token.Gap.OTHER;
  }
}
