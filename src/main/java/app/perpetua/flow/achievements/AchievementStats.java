package app.perpetua.flow.achievements;

import app.perpetua.flow.base.Json;
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
 * @param recent what taking back a completion needs
 */
record AchievementStats(int tasks, Streak streak, int focus, int notes, RecentDays recent) {
  static AchievementStats of(Row row, Json json) {
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
        row.integer("notes_converted"),
        json.read(row.text("recent"), RecentDays.class));
  }

  private static @Nullable LocalDate day(@Nullable String text) {
    return text == null ? null : LocalDate.parse(text);
  }

  AchievementStats withTask(LocalDate day, boolean focused) {
    Streak longer = streak.with(day);
    return new AchievementStats(
        tasks + 1, longer, focus + (focused ? 1 : 0), notes, recent.with(day, streak, longer));
  }

  /** Takes a completion back, and the day with it if no other completion counts on it. */
  AchievementStats withoutTask(LocalDate day, boolean focused) {
    Streak shorter = streak;
    if (recent.isOnly(day)) {
      Streak before = recent.before();
      Integer older = recent.older();
      shorter =
          day.equals(streak.last()) && before != null
              ? before
              : streak.without(day, older == null ? streak.longest() : older);
    }
    return new AchievementStats(
        tasks - 1, shorter, focus - (focused ? 1 : 0), notes, recent.without(day, streak));
  }

  /** Adds converted notes, or takes them back. */
  AchievementStats withNotes(int more) {
    return new AchievementStats(tasks, streak, focus, notes + more, recent);
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
