package app.perpetua.flow.quickadd.parser;

import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * A day in a text.
 *
 * @param part the part of the day that its words name; null if they name none
 */
record Day(LocalDate date, Strength strength, @Nullable TimeOfDay part) {
  /** What a day needs to be one. */
  enum Strength {
    SURE,
    /** A preposition before it, a time beside it, or the end of the text after it. */
    WEAK,
    /** A time beside it, or the end of the text after it. */
    WEAKER
  }

  static Day sure(LocalDate date) {
    return new Day(date, Strength.SURE, null);
  }

  static Day of(LocalDate date, boolean weak) {
    return new Day(date, weak ? Strength.WEAK : Strength.SURE, null);
  }
}
