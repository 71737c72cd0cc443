package app.perpetua.flow.achievements;

import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * Consecutive UTC days with a counted completion (FR-043, SC-007): the latest run of days, and the
 * one before it. That one is remembered for days which arrive late: clocks that disagree around
 * midnight, a completion counted by a job that had to repeat. Immutable.
 *
 * @param latest days of the latest run; 0 if nothing was ever completed
 * @param last its last day; null if nothing was ever completed
 * @param ended whether the nightly job has ended it, perhaps before its time
 * @param longest days of the longest run ever
 * @param previous days of the run before; 0 for none
 * @param previousLast that one's last day; null for none
 */
record Streak(
    int latest,
    @Nullable LocalDate last,
    boolean ended,
    int longest,
    int previous,
    @Nullable LocalDate previousLast) {
  static final Streak NONE = new Streak(0, null, true, 0, 0, null);

  /** As it is with a completion on that day, whatever days are known already. */
  Streak with(LocalDate day) {
    if (last == null) {
      return run(1, day, false);
    }
    long ahead = ChronoUnit.DAYS.between(last, day);
    if (ahead == 1) {
      return run(latest + 1, day, false);
    }
    if (ahead > 1) {
      return new Streak(1, day, false, Math.max(longest, 1), latest, last);
    }
    boolean followsPrevious = previousLast != null && day.minusDays(1).equals(previousLast);
    if (day.equals(last.minusDays(latest))) {
      return followsPrevious
          ? new Streak(0, last, ended, longest, 0, null).run(previous + 1 + latest, last, ended)
          : run(latest + 1, last, ended);
    }
    return followsPrevious
        ? new Streak(latest, last, ended, Math.max(longest, previous + 1), previous + 1, day)
        : this;
  }

  /** The same with another latest run. */
  private Streak run(int days, LocalDate end, boolean over) {
    return new Streak(days, end, over, Math.max(longest, days), previous, previousLast);
  }

  /** The streak as of that day: 0 as soon as a whole day has passed without a completion. */
  int on(LocalDate today) {
    return last == null || last.isBefore(today.minusDays(1)) ? 0 : latest;
  }

  /** What the row says between two nights. */
  int current() {
    return ended ? 0 : latest;
  }
}
