package app.perpetua.flow.achievements;

import java.time.LocalDate;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The days with a counted completion. Immutable.
 *
 * @param days all of them that are known; earlier releases kept two runs only
 * @param counts number of completions of each of the recent days; a day without a number had
 *     completions that were not recorded by day, and so is never taken back
 * @param longestBefore the longest streak of the time before the known days
 * @param freezesFrom no freeze is used on an earlier day; null for no limit
 */
record CompletionDays(
    DayRuns days,
    NavigableMap<LocalDate, Integer> counts,
    int longestBefore,
    @Nullable LocalDate freezesFrom) {
  static final CompletionDays NONE = new CompletionDays(DayRuns.NONE, new TreeMap<>(), 0, null);

  /** Longer than the period in which changes can be undone. */
  private static final int COUNTS_KEPT = 32;

  CompletionDays {
    counts = Collections.unmodifiableNavigableMap(counts);
  }

  /** Adds a completion on that day. */
  CompletionDays with(LocalDate day) {
    if (days.contains(day) && !counts.containsKey(day)) {
      return this;
    }
    NavigableMap<LocalDate, Integer> more = new TreeMap<>(counts);
    more.merge(day, 1, Integer::sum);
    return new CompletionDays(
        days.with(day),
        new TreeMap<>(more.tailMap(more.lastKey().minusDays(COUNTS_KEPT), true)),
        longestBefore,
        freezesFrom);
  }

  /** Takes a completion back, and the day with it if no other completion counts on it. */
  CompletionDays without(LocalDate day) {
    NavigableMap<LocalDate, Integer> fewer = new TreeMap<>(counts);
    fewer.computeIfPresent(day, (_, count) -> count == 1 ? null : count - 1);
    boolean isLast = counts.containsKey(day) && !fewer.containsKey(day);
    return new CompletionDays(isLast ? days.without(day) : days, fewer, longestBefore, freezesFrom);
  }
}
