package app.perpetua.flow.achievements;

import app.perpetua.flow.sql.Row;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * A user's counters. Each task and each note is counted once.
 *
 * @param tasks number of tasks completed
 * @param focus number of tasks completed with at least half of their estimate spent in focus
 *     (FR-045)
 * @param notes number of notes converted
 */
record AchievementStats(int tasks, Streak streak, int focus, int notes) {
  static AchievementStats of(Row row) {
    return new AchievementStats(
        row.integer("lifetime_tasks_completed"),
        new Streak(
            row.integer("latest_streak"),
            day(row.textOrNull("last_completion_date")),
            row.integer("current_streak") == 0,
            row.integer("longest_streak"),
            row.integer("previous_streak"),
            day(row.textOrNull("previous_completion_date"))),
        row.integer("focus_completions"),
        row.integer("notes_converted"));
  }

  private static @Nullable LocalDate day(@Nullable String text) {
    return text == null ? null : LocalDate.parse(text);
  }

  AchievementStats withTask(LocalDate day) {
    return new AchievementStats(tasks + 1, streak.with(day), focus, notes);
  }

  AchievementStats withFocus() {
    return new AchievementStats(tasks, streak, focus + 1, notes);
  }

  AchievementStats withNote() {
    return new AchievementStats(tasks, streak, focus, notes + 1);
  }

  /** Whether the achievement is unlocked; for streaks the longest counts. */
  boolean reaches(Achievement achievement) {
    int value =
        achievement.category() == Achievement.Category.STREAKS
            ? streak.longest()
            : value(achievement.category(), LocalDate.MAX);
    return value >= achievement.threshold();
  }

  /** The value of a category on that day. */
  int value(Achievement.Category category, LocalDate today) {
    return switch (category) {
      case TASKS -> tasks;
      case STREAKS -> streak.on(today);
      case FOCUS -> focus;
      case NOTES -> notes;
    };
  }
}
