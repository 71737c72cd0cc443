package app.perpetua.flow.achievements;

import java.time.LocalDate;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What taking back a completion needs: how many completions count on each of the latest days, and
 * the streak before the last of them. Immutable.
 *
 * @param days number of completions by day, of the days within a month of the last one
 * @param before the streak before the first completion of the last day; null if it is not known
 * @param older length of the longest run before the two that the streak remembers, or more if a day
 *     was taken back; null if it is not known, because it was before these days were recorded
 */
record RecentDays(
    NavigableMap<LocalDate, Integer> days, @Nullable Streak before, @Nullable Integer older) {
  /** Longer than the period in which changes can be undone. */
  private static final int DAYS_KEPT = 32;

  /**
   * @param days null for none
   */
  RecentDays(
      @Nullable NavigableMap<LocalDate, Integer> days,
      @Nullable Streak before,
      @Nullable Integer older) {
    this.days = Collections.unmodifiableNavigableMap(days == null ? new TreeMap<>() : days);
    this.before = before;
    this.older = older;
  }

  /**
   * Adds a completion.
   *
   * @param streak as it was before the completion
   * @param longer as it is after it
   */
  RecentDays with(LocalDate day, Streak streak, Streak longer) {
    NavigableMap<LocalDate, Integer> more = new TreeMap<>(days);
    more.merge(day, 1, Integer::sum);
    LocalDate last = streak.last();
    boolean isNewLast = last == null || day.isAfter(last);
    // A day that is added later may connect runs of which the former streak knows nothing.
    boolean isKept = day.equals(last) || days.containsKey(day);
    return new RecentDays(
        more.tailMap(more.lastKey().minusDays(DAYS_KEPT), true),
        isNewLast ? streak : isKept ? before : null,
        olderThan(streak, longer));
  }

  private @Nullable Integer olderThan(Streak streak, Streak longer) {
    Integer known = streak.longest() == 0 ? Integer.valueOf(0) : older;
    boolean begins = streak.last() != null && Objects.equals(longer.previousLast(), streak.last());
    return known == null || !begins ? known : Integer.valueOf(Math.max(known, streak.previous()));
  }

  /** Whether this is the only completion that counts on that day; false if that is not known. */
  boolean isOnly(LocalDate day) {
    return days.getOrDefault(day, 0) == 1;
  }

  /**
   * Takes a completion back.
   *
   * @param streak as it was before, whose previous run may be forgotten now
   */
  RecentDays without(LocalDate day, Streak streak) {
    if (!days.containsKey(day)) {
      return this;
    }
    NavigableMap<LocalDate, Integer> fewer = new TreeMap<>(days);
    fewer.computeIfPresent(day, (_, count) -> count == 1 ? null : count - 1);
    return fewer.containsKey(day)
        ? new RecentDays(fewer, before, older)
        : new RecentDays(
            fewer,
            null,
            older == null ? null : Integer.valueOf(Math.max(older, streak.previous())));
  }
}
