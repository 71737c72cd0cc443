package app.perpetua.flow.quickadd.parser;

import java.time.Instant;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * Words that have a meaning by themselves, of which only some are chosen.
 *
 * @param begin their first UTF-16 unit in the text
 * @param end the unit after them
 * @param next the index of the token after them
 * @param weak whether they count only at the end of the text
 */
record Candidate(int begin, int end, int next, Meaning meaning, boolean weak) {
  /** What they determine. */
  sealed interface Meaning {
    record Repeats(RepeatPattern pattern) implements Meaning {}

    record Starts(LocalDate day) implements Meaning {}

    /** A day, with or without a time. */
    record OnDay(LocalDate day, @Nullable TimeOfDay time) implements Meaning {}

    record AtTime(TimeOfDay time) implements Meaning {}

    /** Minutes or hours from now. */
    record After(Instant instant) implements Meaning {}
  }
}
