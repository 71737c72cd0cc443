package app.perpetua.flow.achievements;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Computes a streak from all its days (FR-043, FR-220 to FR-224), so that completions give the same
 * streak in every order, and also when some are counted late or taken back. Costs time by the
 * number of runs and of days between them that a streak survives. Confined to one thread.
 */
final class StreakCalculator {
  /** Days of a streak that earn a freeze, once the next one follows them. */
  static final int DAYS_PER_FREEZE = 7;

  static final int MAX_FREEZES = 2;

  private final StreakRules rules;
  private final @Nullable LocalDate freezesFrom;
  private final List<LocalDate> frozen = new ArrayList<>();
  private int length;
  private int freezes;

  private StreakCalculator(StreakRules rules, @Nullable LocalDate freezesFrom) {
    this.rules = rules;
    this.freezesFrom = freezesFrom;
  }

  /**
   * Returns the streak as it is on a day that is not over.
   *
   * @param today a day with completions may be later, if the user has travelled
   */
  static Streak calculate(CompletionDays completions, StreakRules rules, LocalDate today) {
    return new StreakCalculator(rules, completions.freezesFrom()).run(completions, today);
  }

  private Streak run(CompletionDays completions, LocalDate today) {
    int longest = completions.longestBefore();
    LocalDate next = null;
    for (DayRuns.Run run : completions.days().runs()) {
      if (next != null) {
        skip(next, run.first());
      }
      int earned = earned(length + run.length()) - earned(length);
      freezes = Math.min(freezes + earned, MAX_FREEZES);
      length += run.length();
      longest = Math.max(longest, length);
      next = run.last().plusDays(1);
    }
    int latest = length;
    if (next == null) {
      return new Streak(0, 0, longest, 0, DayRuns.NONE, null, null);
    }
    LocalDate ended = skip(next, today);
    if (ended != null) {
      return new Streak(0, latest, longest, 0, DayRuns.of(frozen), ended, null);
    }
    LocalDate missed = notExcused(next.isAfter(today) ? next : today);
    DayRuns used = DayRuns.of(frozen);
    LocalDate kept = missed;
    for (int left = freezes; left > 0 && canFreeze(kept); left--) {
      kept = notExcused(kept.plusDays(1));
    }
    return new Streak(length, latest, longest, freezes, used, kept, missed);
  }

  /** The day that follows each seven days of a streak earns a freeze. */
  private static int earned(int days) {
    return (days - 1) / DAYS_PER_FREEZE;
  }

  /**
   * Passes days without a completion.
   *
   * @return the day that has ended the streak; null if none has
   */
  private @Nullable LocalDate skip(LocalDate from, LocalDate until) {
    for (LocalDate day = from; day.isBefore(until); day = day.plusDays(1)) {
      if (rules.isExcused(day)) {
        continue;
      }
      if (freezes == 0 || !canFreeze(day)) {
        length = 0;
        freezes = 0;
        return day;
      }
      freezes--;
      frozen.add(day);
    }
    return null;
  }

  private boolean canFreeze(LocalDate day) {
    return freezesFrom == null || !day.isBefore(freezesFrom);
  }

  private LocalDate notExcused(LocalDate from) {
    LocalDate day = from;
    while (rules.isExcused(day)) {
      day = day.plusDays(1);
    }
    return day;
  }
}
