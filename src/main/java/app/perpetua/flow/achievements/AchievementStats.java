package app.perpetua.flow.achievements;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.time.LocalDate;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A user's counters. Each task and each note is counted once.
 *
 * @param tasks number of tasks completed
 * @param focus number of tasks completed with at least half of their estimate spent in focus
 *     (FR-045)
 * @param notes number of notes converted
 * @param completions what the streak is computed from, with the rules
 * @param streak on the day that the counters were read for
 * @param announced recent days on which a freeze was used, as the user was told
 */
record AchievementStats(
    int tasks,
    int focus,
    int notes,
    CompletionDays completions,
    StreakRules rules,
    LocalDate today,
    Streak streak,
    DayRuns announced) {
  /** Days on which a freeze was used are shown and announced for so many days. */
  static final int DAYS_SHOWN = 35;

  /** Earlier releases write a part of the figures only. */
  private record Recent(@Nullable NavigableMap<LocalDate, Integer> days) {}

  /** The counters now. */
  static AchievementStats of(Row row, Json json, Instant now) {
    StreakRules rules = StreakRules.of(row, json);
    return of(row, json, rules, rules.dayOf(now));
  }

  /** The counters on a day. */
  static AchievementStats of(Row row, Json json, StreakRules rules, LocalDate today) {
    NavigableMap<LocalDate, Integer> counts = json.read(row.text("recent"), Recent.class).days();
    DayRuns days = DayRuns.parse(row.text("days"));
    if (counts != null) {
      // A process of the release before this one, during a deployment, counts only there.
      for (LocalDate day : counts.keySet()) {
        days = days.with(day);
      }
    }
    CompletionDays completions =
        new CompletionDays(
            days,
            counts == null ? new TreeMap<>() : counts,
            row.integer("longest_before"),
            day(row.textOrNull("freezes_from")));
    return new AchievementStats(
        row.integer("lifetime_tasks_completed"),
        row.integer("focus_completions"),
        row.integer("notes_converted"),
        completions,
        rules,
        today,
        StreakCalculator.calculate(completions, rules, today),
        DayRuns.parse(row.text("frozen")));
  }

  private static @Nullable LocalDate day(@Nullable String text) {
    return text == null ? null : LocalDate.parse(text);
  }

  /** Adds a completion at that time. */
  AchievementStats withTask(Instant at, boolean focused) {
    return with(tasks + 1, focus + (focused ? 1 : 0), completions.with(rules.dayOf(at)));
  }

  /** Takes a completion back, and the day with it if no other completion counts on it. */
  AchievementStats withoutTask(Instant at, boolean focused) {
    return with(tasks - 1, focus - (focused ? 1 : 0), completions.without(rules.dayOf(at)));
  }

  private AchievementStats with(int allTasks, int allFocus, CompletionDays all) {
    return new AchievementStats(
        allTasks,
        allFocus,
        notes,
        all,
        rules,
        today,
        StreakCalculator.calculate(all, rules, today),
        announced);
  }

  /** Adds converted notes, or takes them back. */
  AchievementStats withNotes(int more) {
    return new AchievementStats(
        tasks, focus, notes + more, completions, rules, today, streak, announced);
  }

  /** The user was told of the recent days on which a freeze was used. */
  AchievementStats withAnnounced() {
    return new AchievementStats(
        tasks, focus, notes, completions, rules, today, streak, recentlyFrozen());
  }

  /** The recent days on which a freeze was used. */
  DayRuns recentlyFrozen() {
    return streak.frozen().from(today.minusDays(DAYS_SHOWN - 1));
  }

  /** Whether the achievement is unlocked; for streaks the longest counts. */
  boolean reaches(Achievement achievement) {
    int value =
        achievement.category() == Achievement.Category.STREAKS
            ? streak.longest()
            : value(achievement.category());
    return value >= achievement.threshold();
  }

  /** The value of a category. */
  int value(Achievement.Category category) {
    return switch (category) {
      case TASKS -> tasks;
      case STREAKS -> streak.current();
      case FOCUS -> focus;
      case NOTES -> notes;
    };
  }
}
