package app.perpetua.flow.achievements;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreakTest {
  private static final Streak NONE = new Streak(0, null, true, 0, 0, null);
  private static final LocalDate DAY = LocalDate.parse("2026-03-10");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0       | 0 | 1 | 1
          0 0     | 0 | 1 | 1
          0 1 2   | 2 | 3 | 3
          0 1 2   | 3 | 3 | 3
          0 1 2   | 4 | 0 | 3
          0 1 3   | 3 | 1 | 2
          0 1 9   | 9 | 1 | 2
          """)
  void FR_043_a_streak_is_days_in_a_row_up_to_today_or_yesterday(
      String days, int today, int shown, int longest) {
    Streak streak = of(days);
    assertEquals(shown, streak.on(DAY.plusDays(today)));
    assertEquals(longest, streak.longest());
  }

  @Test
  void FR_043_there_is_no_streak_before_the_first_completion() {
    assertEquals(0, NONE.on(DAY));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0 1 3 2     | 3 | 4 | 4
          0 1 4 2 3   | 4 | 5 | 5
          0 1 4 3     | 4 | 2 | 2
          0 1 5 2     | 5 | 1 | 3
          0 1 0       | 1 | 2 | 2
          3 2         | 3 | 2 | 2
          5 9 1       | 9 | 1 | 1
          """)
  void SC_007_a_day_that_is_counted_late_joins_adjacent_runs(
      String days, int today, int shown, int longest) {
    Streak streak = of(days);
    assertEquals(shown, streak.on(DAY.plusDays(today)));
    assertEquals(longest, streak.longest());
  }

  @Test
  void SC_007_a_streak_that_was_ended_too_early_is_shown_and_continues() {
    Streak ended = ended(of("0 1 2"));
    assertEquals(3, ended.on(DAY.plusDays(3)));
    assertEquals(4, ended.with(DAY.plusDays(3)).current());
    assertEquals(0, ended.on(DAY.plusDays(4)));
    assertEquals(1, ended.with(DAY.plusDays(4)).current());
    // A day before the run extends it; a day within it changes nothing.
    assertEquals(5, ended.with(DAY.minusDays(1)).with(DAY.plusDays(3)).current());
    assertEquals(ended, ended.with(DAY));
  }

  @Test
  void SC_007_days_counted_slightly_out_of_order_give_the_same_streak() {
    Random random = new Random(7);
    for (int round = 0; round < 3_000; round++) {
      List<LocalDate> days = new ArrayList<>();
      LocalDate day = DAY;
      for (int i = 0; i < 12; i++) {
        day = day.plusDays(random.nextInt(10) < 7 ? 1 : random.nextInt(4));
        days.add(day);
      }
      // One day is counted after its successor.
      int late = random.nextInt(days.size() - 1);
      days.add(late + 1, days.remove(late));
      Streak streak = NONE;
      TreeSet<LocalDate> known = new TreeSet<>();
      for (LocalDate next : days) {
        if (random.nextInt(5) == 0 && !known.isEmpty()) {
          streak = ended(streak);
        }
        streak = streak.with(next);
        known.add(next);
      }
      assertEquals(run(known, known.last()), streak.on(known.last()), days.toString());
      int longest = known.stream().mapToInt(end -> run(known, end)).max().orElse(0);
      assertEquals(longest, streak.longest(), days.toString());
    }
  }

  private static int run(Set<LocalDate> days, LocalDate end) {
    int run = 0;
    while (days.contains(end.minusDays(run))) {
      run++;
    }
    return run;
  }

  /** The result of {@code break_streaks}. */
  private static Streak ended(Streak streak) {
    return new Streak(
        streak.latest(),
        streak.last(),
        true,
        streak.longest(),
        streak.previous(),
        streak.previousLast());
  }

  private static Streak of(String days) {
    Streak streak = NONE;
    for (String day : days.split(" ", -1)) {
      streak = streak.with(DAY.plusDays(Long.parseLong(day)));
    }
    return streak;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0       | 0 | 0 | 0
          0 1 2   | 2 | 2 | 2
          0 1 2   | 0 | 2 | 2
          0 1 2 3 | 1 | 2 | 2
          0 1 5   | 5 | 2 | 2
          0 1 2 5 | 1 | 1 | 1
          0 1 5 6 | 0 | 2 | 2
          0 1 2 9 | 4 | 1 | 3
          """)
  void FR_151_a_day_that_is_taken_back_shortens_or_splits_its_run(
      String days, int day, int latest, int longest) {
    Streak streak = of(days).without(DAY.plusDays(day), 0);
    assertEquals(latest, streak.latest());
    assertEquals(longest, streak.longest());
  }

  @Test
  void FR_151_taking_a_day_back_leaves_the_streak_as_if_it_had_not_been_counted() {
    Random random = new Random(3);
    for (int round = 0; round < 5_000; round++) {
      Set<Integer> days = new TreeSet<>();
      for (int i = 0; i < 9; i++) {
        days.add(random.nextInt(14));
      }
      List<Integer> list = new ArrayList<>(days);
      int removed = list.get(random.nextInt(list.size()));
      AchievementStats counted = stats(list);
      if (isBeforeBothRuns(counted.streak(), DAY.plusDays(removed))) {
        continue;
      }
      AchievementStats expected = stats(list.stream().filter(day -> day != removed).toList());
      AchievementStats actual = counted.withoutTask(DAY.plusDays(removed), false);
      String message = list + " without " + removed;
      assertEquals(expected.streak().longest(), actual.streak().longest(), message);
      assertEquals(expected.streak().last(), actual.streak().last(), message);
      assertEquals(expected.streak().latest(), actual.streak().latest(), message);
      assertEquals(expected.tasks(), actual.tasks());
    }
  }

  @Test
  void FR_151_the_longest_streak_is_never_less_than_what_is_left_of_the_days() {
    Random random = new Random(4);
    for (int round = 0; round < 2_000; round++) {
      Set<Integer> days = new TreeSet<>();
      for (int i = 0; i < 12; i++) {
        days.add(random.nextInt(20));
      }
      AchievementStats stats = stats(List.copyOf(days));
      List<Integer> left = new ArrayList<>(days);
      while (left.size() > 8) {
        int removed = left.get(random.nextInt(left.size()));
        left.remove((Object) removed);
        stats = stats.withoutTask(DAY.plusDays(removed), false);
        int longest = stats(left).streak().longest();
        assertTrue(stats.streak().longest() >= longest, days + ", left " + left);
      }
    }
  }

  /** A streak does not remember earlier runs, and keeps what they have reached. */
  private static boolean isBeforeBothRuns(Streak streak, LocalDate day) {
    LocalDate end = streak.previousLast();
    return end != null && day.isBefore(end.minusDays(streak.previous() - 1L));
  }

  private static AchievementStats stats(List<Integer> days) {
    AchievementStats stats = new AchievementStats(0, NONE, 0, 0, new RecentDays(null, null, null));
    for (int day : days) {
      stats = stats.withTask(DAY.plusDays(day), false);
    }
    return stats;
  }
}
