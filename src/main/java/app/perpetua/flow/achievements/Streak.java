package app.perpetua.flow.achievements;

import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs of consecutive UTC days with a counted completion (FR-043, SC-007): the latest and the
 * previous one. The previous run is kept for completions that are counted late, by a retry or when
 * clocks differ around midnight, and may connect the two.
 *
 * @param latest length of the latest run in days; 0 for none
 * @param last last day of the latest run; null for none
 * @param ended whether the nightly job has ended the latest run, perhaps too early
 * @param longest length of the longest run ever
 * @param previous length of the previous run; 0 for none
 * @param previousLast last day of the previous run; null for none
 */
record Streak(
    int latest,
    @Nullable LocalDate last,
    boolean ended,
    int longest,
    int previous,
    @Nullable LocalDate previousLast) {
  /** Adds a completion on that day, which may be before or within the known runs. */
  Streak with(LocalDate day) {
    if (last == null) {
      return withLatest(1, day, false);
    }
    long daysAfterLast = ChronoUnit.DAYS.between(last, day);
    if (daysAfterLast == 1) {
      return withLatest(latest + 1, day, false);
    }
    if (daysAfterLast > 1) {
      return new Streak(1, day, false, Math.max(longest, 1), latest, last);
    }
    boolean followsPrevious = previousLast != null && day.minusDays(1).equals(previousLast);
    if (day.equals(last.minusDays(latest))) {
      return followsPrevious
          ? new Streak(0, last, ended, longest, 0, null)
              .withLatest(previous + 1 + latest, last, ended)
          : withLatest(latest + 1, last, ended);
    }
    return followsPrevious
        ? new Streak(latest, last, ended, Math.max(longest, previous + 1), previous + 1, day)
        : this;
  }

  /**
   * Takes a day back, which shortens or splits its run. Of the runs that are left, the two latest
   * that this streak remembers are kept.
   *
   * @param older length of the longest run before these two
   */
  Streak without(LocalDate day, int older) {
    if (last == null || day.isAfter(last)) {
      return this;
    }
    LocalDate first = last.minusDays(latest - 1L);
    if (!day.isBefore(first)) {
      int left = (int) ChronoUnit.DAYS.between(first, day);
      int right = (int) ChronoUnit.DAYS.between(day, last);
      if (left > 0 && right > 0) {
        return runs(right, last, left, day.minusDays(1), Math.max(older, previous));
      }
      if (right > 0) {
        return runs(right, last, previous, previousLast, older);
      }
      return left > 0
          ? runs(left, day.minusDays(1), previous, previousLast, older)
          : runs(previous, previousLast, 0, null, older);
    }
    if (previousLast == null || day.isAfter(previousLast)) {
      return this;
    }
    LocalDate previousFirst = previousLast.minusDays(previous - 1L);
    if (day.isBefore(previousFirst)) {
      return this;
    }
    int left = (int) ChronoUnit.DAYS.between(previousFirst, day);
    int right = (int) ChronoUnit.DAYS.between(day, previousLast);
    return right > 0
        ? runs(latest, last, right, previousLast, Math.max(older, left))
        : runs(latest, last, left, left > 0 ? day.minusDays(1) : null, older);
  }

  private Streak runs(
      int days, @Nullable LocalDate end, int daysBefore, @Nullable LocalDate endBefore, int older) {
    int most = Math.max(older, Math.max(days, daysBefore));
    return new Streak(days, end, ended, most, daysBefore, endBefore);
  }

  private Streak withLatest(int days, LocalDate end, boolean isEnded) {
    return new Streak(days, end, isEnded, Math.max(longest, days), previous, previousLast);
  }

  /** The streak on that day: 0 after a whole day without a completion. */
  int on(LocalDate today) {
    return last == null || last.isBefore(today.minusDays(1)) ? 0 : latest;
  }

  /** The stored value, which the nightly job resets. */
  int current() {
    return ended ? 0 : latest;
  }
}
