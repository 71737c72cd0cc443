package app.perpetua.flow.achievements;

import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * Consecutive UTC days with a counted completion (FR-043, SC-007): the latest run of days, and the
 * one before it. That one is remembered for days which arrive late: clocks that disagree around
 * midnight, a completion counted by a job that had to repeat. Immutable.
 *
 * @param current days of the latest run; 0 once the nightly job has ended it
 * @param longest days of the longest run ever
 * @param last the latest run's last day; null if nothing was ever completed
 * @param previous days of the run before; of the latest itself while {@code current} is 0
 * @param previousLast that one's last day; null if there is none
 */
record Streak(
    int current,
    int longest,
    @Nullable LocalDate last,
    int previous,
    @Nullable LocalDate previousLast) {
  static final Streak NONE = new Streak(0, 0, null, 0, null);

  /** As it is with a completion on that day, whatever days are known already. */
  Streak with(LocalDate day) {
    if (last == null) {
      return made(1, day, 0, null);
    }
    int run = run();
    long ahead = ChronoUnit.DAYS.between(last, day);
    if (ahead == 1) {
      return current == 0
          ? made(run + 1, day, 0, null)
          : made(run + 1, day, previous, previousLast);
    }
    if (ahead > 1) {
      return made(1, day, run, last);
    }
    LocalDate first = last.minusDays(run - 1L);
    if (day.plusDays(1).equals(first)) {
      boolean joined = current > 0 && day.minusDays(1).equals(previousLast);
      int earlier = joined ? previous : 0;
      return grown(run + 1 + earlier, joined);
    }
    if (current > 0 && previousLast != null && day.minusDays(1).equals(previousLast)) {
      return new Streak(current, Math.max(longest, previous + 1), last, previous + 1, day);
    }
    return this;
  }

  /** The latest run reaches further back than was known; one that has ended stays so. */
  private Streak grown(int run, boolean joined) {
    return current == 0
        ? new Streak(0, Math.max(longest, run), last, run, last)
        : new Streak(
            run, Math.max(longest, run), last, joined ? 0 : previous, joined ? null : previousLast);
  }

  private Streak made(int run, LocalDate day, int before, @Nullable LocalDate beforeLast) {
    return new Streak(run, Math.max(longest, run), day, before, beforeLast);
  }

  /** The streak as of that day: 0 as soon as a whole day has passed without a completion. */
  int on(LocalDate today) {
    return last == null || last.isBefore(today.minusDays(1)) ? 0 : run();
  }

  /** Days of the latest run, be it ended. */
  private int run() {
    return current == 0 && last != null && last.equals(previousLast) ? previous : current;
  }
}
