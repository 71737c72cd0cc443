package app.perpetua.flow.quickadd.parser;

import java.time.LocalTime;
import org.jspecify.annotations.Nullable;

/**
 * A time of day in a text.
 *
 * @param bare whether it is an hour from 1 to 11 without a half of the day
 * @param part whether it is a part of the day, such as the evening
 */
record TimeOfDay(LocalTime time, Strength strength, boolean bare, boolean part) {
  private static final int NOON = 12;

  /** Hours without minutes and half up to this one are those of the afternoon. */
  private static final int LAST_EARLY_HOUR = 6;

  /** What a time needs to be one. */
  enum Strength {
    SURE,
    /** A date beside it, or the end of the text after it. */
    WEAK,
    /** A date beside it. */
    ATTACHED
  }

  /**
   * Reads a time with or without the part of the day; null, and nothing read, if none follows.
   *
   * @param given the part of the day that precedes; null if none does
   */
  static @Nullable TimeOfDay read(Cursor cursor, @Nullable TimeOfDay given) {
    TimeOfDay before = given == null ? part(cursor) : given;
    TimeOfDay clock = clock(cursor);
    if (clock == null) {
      return before;
    }
    TimeOfDay part = before == null ? part(cursor) : before;
    return part == null ? clock : clock.in(part);
  }

  /** This time in a part of the day: 8 in the evening is 20:00. */
  private TimeOfDay in(TimeOfDay part) {
    LocalTime moved =
        !bare
            ? time
            : part.time.getHour() >= NOON
                ? LocalTime.of(time.getHour() % NOON + NOON, time.getMinute())
                : LocalTime.of(time.getHour() % NOON, time.getMinute());
    return new TimeOfDay(moved, Strength.SURE, false, false);
  }

  private static @Nullable TimeOfDay part(Cursor cursor) {
    int mark = cursor.at();
    boolean introduced = cursor.skip(Word.IN) ? cursor.skip(Word.THE) : cursor.skip(Word.AT);
    Vocabulary.Term term = cursor.accept(Word.DAY_PART);
    if (term == null) {
      cursor.reset(mark);
      return null;
    }
    return new TimeOfDay(term.time(), introduced ? Strength.SURE : Strength.ATTACHED, false, true);
  }

  private static @Nullable TimeOfDay clock(Cursor cursor) {
    int mark = cursor.at();
    boolean at = cursor.skip(Word.AT);
    Strength named = at ? Strength.SURE : Strength.WEAK;
    Vocabulary.Term word = cursor.accept(Word.CLOCK);
    if (word != null) {
      return new TimeOfDay(word.time(), named, false, false);
    }
    Token token = cursor.peek();
    ClockText digits = token == null ? null : ClockText.of(token.word());
    TimeOfDay time = digits == null ? null : digits(cursor, digits, at);
    if (time == null) {
      cursor.reset(mark);
    }
    return time;
  }

  private static @Nullable TimeOfDay digits(Cursor cursor, ClockText digits, boolean at) {
    cursor.advance();
    ClockText.Half half = ClockText.half(digits.suffix(), cursor.vocabulary());
    if (half == null && !digits.suffix().isEmpty()) {
      return null;
    }
    if (half == null) {
      half =
          cursor.skip(Word.AM)
              ? ClockText.Half.AM
              : cursor.skip(Word.PM) ? ClockText.Half.PM : null;
    }
    boolean complete = half != null || cursor.skip(Word.OCLOCK);
    LocalTime time = digits.time(half);
    if (time == null || (!complete && digits.minute() == null && !at)) {
      return null;
    }
    boolean bare = half == null && time.getHour() >= 1 && time.getHour() < NOON;
    boolean afternoon = bare && digits.minute() == null && time.getHour() <= LAST_EARLY_HOUR;
    return new TimeOfDay(
        afternoon ? time.plusHours(NOON) : time,
        complete || (at && digits.minute() != null) ? Strength.SURE : Strength.WEAK,
        bare,
        false);
  }
}
