package app.perpetua.flow.achievements;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreakTest {
  /** A Tuesday. */
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
    Streak streak = of(days, today);
    assertEquals(shown, streak.current());
    assertEquals(longest, streak.longest());
  }

  @Test
  void FR_043_there_is_no_streak_before_the_first_completion() {
    Streak none = StreakCalculator.calculate(CompletionDays.NONE, StreakRules.DEFAULT, DAY);
    assertEquals(0, none.current());
    assertNull(none.keptUntil());
    assertNull(none.nextMissed());
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
    Streak streak = of(days, today);
    assertEquals(shown, streak.current());
    assertEquals(longest, streak.longest());
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
    CompletionDays left = days(days).without(DAY.plusDays(day));
    Streak streak = StreakCalculator.calculate(left, StreakRules.DEFAULT, DAY.plusDays(30));
    assertEquals(latest, streak.latest());
    assertEquals(longest, streak.longest());
  }

  @Test
  void FR_151_a_day_ends_with_its_last_completion_and_stays_if_these_were_not_recorded() {
    CompletionDays twice = days("0 0");
    assertTrue(twice.without(DAY).days().contains(DAY));
    assertFalse(twice.without(DAY).without(DAY).days().contains(DAY));
    CompletionDays converted =
        new CompletionDays(DayRuns.of(List.of(DAY)), new TreeMap<>(), 0, null);
    assertTrue(converted.with(DAY).without(DAY).days().contains(DAY));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # days    | today | streak | freezes | frozen | kept until | next missed
          0-6       | 6     | 7      | 0       | ''     | 7          | 7
          0-6       | 8     | 0      | 0       | ''     | 7          | none
          0-7       | 7     | 8      | 1       | ''     | 9          | 8
          0-7       | 9     | 8      | 0       | 8      | 9          | 9
          0-7       | 10    | 0      | 0       | 8      | 9          | none
          0-7 9     | 9     | 9      | 0       | 8      | 10         | 10
          0-14      | 14    | 15     | 2       | ''     | 17         | 15
          0-14      | 17    | 15     | 0       | 15 16  | 17         | 17
          0-21      | 21    | 22     | 2       | ''     | 24         | 22
          0-7 9-15  | 15    | 15     | 1       | 8      | 17         | 16
          0-7 10-15 | 15    | 6      | 0       | 8      | 16         | 16
          0-6 8-15  | 15    | 8      | 1       | ''     | 17         | 16
          """)
  void FR_223_the_day_after_seven_days_earns_a_freeze_and_a_missed_day_uses_it(
      String days, int today, int shown, int freezes, String frozen, int kept, String missed) {
    Streak streak = of(days, today);
    assertEquals(shown, streak.current());
    assertEquals(freezes, streak.freezes());
    assertEquals(frozen, offsets(streak.frozen()));
    assertEquals(DAY.plusDays(kept), streak.keptUntil());
    assertEquals(missed, streak.nextMissed() == null ? "none" : offset(streak.nextMissed()));
  }

  @Test
  void FR_223_a_completion_that_is_counted_late_gives_the_freeze_back() {
    CompletionDays days = days("0-7 9");
    assertEquals("8", offsets(calculate(days, 9).frozen()));
    Streak later = calculate(days.with(DAY.plusDays(8)), 9);
    assertEquals("", offsets(later.frozen()));
    assertEquals(1, later.freezes());
    assertEquals(10, later.current());
  }

  @Test
  void FR_223_no_freeze_is_used_before_the_first_day_of_freezes() {
    CompletionDays days =
        new CompletionDays(days("0-7 9-10").days(), new TreeMap<>(), 12, DAY.plusDays(9));
    Streak streak = calculate(days, 10);
    assertEquals(2, streak.current());
    assertEquals(12, streak.longest());
    CompletionDays since = new CompletionDays(days("0-7").days(), new TreeMap<>(), 0, DAY);
    assertEquals(8, calculate(since, 9).current());
  }

  @Test
  void FR_220_rest_weekdays_neither_count_nor_break_and_completions_on_them_count() {
    StreakRules rules =
        rules(List.of(new StreakRules.Rest(DAY, Set.of(6, 7))), List.of(), List.of());
    // Tuesday to Friday, Monday; 4 and 5 are Saturday and Sunday.
    assertEquals(5, of("0-3 6", 6, rules).current());
    assertEquals(6, of("0-3 5 6", 6, rules).current());
    assertEquals(4, of("0-3", 6, rules).current());
    assertEquals(0, of("0-3", 7, rules).current());
    assertEquals(DAY.plusDays(6), of("0-3", 3, rules).nextMissed());
  }

  @Test
  void FR_220_a_change_of_the_rest_weekdays_applies_from_its_day_on() {
    // Weekends are for rest from the second Saturday on: the first one is missed.
    List<StreakRules.Rest> history =
        List.of(
            new StreakRules.Rest(DAY.plusDays(11), Set.of(6, 7)),
            new StreakRules.Rest(DAY.plusDays(18), Set.of()));
    StreakRules rules = rules(history, List.of(), List.of());
    assertEquals(1, of("0-3 6", 6, rules).current());
    assertEquals(6, of("6-10 13", 13, rules).current());
    assertEquals(5, of("13-17", 18, rules).current());
    assertEquals(0, of("13-17", 19, rules).current());
  }

  @Test
  void FR_221_a_pause_neither_counts_nor_breaks_and_uses_no_freeze() {
    StreakRules rules = rules(List.of(), List.of(pause(8, 30)), List.of());
    Streak streak = of("0-7 31", 31, rules);
    assertEquals(9, streak.current());
    assertEquals(1, streak.freezes());
    assertEquals(10, of("0-7 12 31", 31, rules).current());
    assertEquals(DAY.plusDays(31), of("0-7", 10, rules).nextMissed());
    assertEquals(DAY.plusDays(32), of("0-7", 10, rules).keptUntil());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # Both clock changes: each day ends at the local midnight.
          Pacific/Auckland    | 2026-04-04T23:59:59 2026-04-05T00:00:00 2026-04-06T00:00:00 | 3
          Pacific/Auckland    | 2026-09-26T23:59:59 2026-09-27T23:59:59 2026-09-28T23:59:59 | 3
          America/Los_Angeles | 2026-03-07T23:59:59 2026-03-08T00:00:00 2026-03-09T00:00:00 | 3
          America/Los_Angeles | 2026-10-31T00:00:00 2026-11-01T23:59:59 2026-11-02T00:00:00 | 3
          # The clock changes by half an hour.
          Australia/Lord_Howe | 2026-04-04T23:59:59 2026-04-05T00:00:00 2026-04-06T23:59:59 | 3
          Australia/Lord_Howe | 2026-10-03T23:59:59 2026-10-04T23:59:59 2026-10-05T00:00:00 | 3
          # Samoa skipped 30 December.
          Pacific/Apia        | 2011-12-29T23:59:59 2011-12-31T00:00:00 2012-01-01T12:00:00 | 3
          Pacific/Apia        | 2011-12-28T12:00:00 2011-12-31T00:00:00 2012-01-01T12:00:00 | 2
          # 29 February and the end of the year.
          Pacific/Auckland    | 2028-02-28T12:00:00 2028-02-29T12:00:00 2028-03-01T00:00:00 | 3
          Pacific/Auckland    | 2028-02-28T12:00:00 2028-03-01T00:00:00                     | 1
          Pacific/Auckland    | 2027-02-28T12:00:00 2027-03-01T00:00:00                     | 2
          America/Los_Angeles | 2026-12-31T23:59:59 2027-01-01T00:00:00                     | 2
          """)
  void FR_222_a_day_is_that_of_the_users_time_zone(String zone, String times, int expected) {
    StreakRules rules = zones(zone);
    CompletionDays days = CompletionDays.NONE;
    LocalDate today = LocalDate.MIN;
    for (String time : times.split(" ", -1)) {
      Instant at = LocalDateTime.parse(time).atZone(ZoneId.of(zone)).toInstant();
      today = rules.dayOf(at);
      assertEquals(LocalDate.parse(time.substring(0, 10)), today);
      days = days.with(today);
    }
    assertEquals(expected, StreakCalculator.calculate(days, rules, today).current());
  }

  @Test
  void FR_222_a_skipped_day_is_no_day() {
    StreakRules apia = zones("Pacific/Apia");
    assertFalse(apia.exists(LocalDate.parse("2011-12-30")));
    assertTrue(apia.exists(LocalDate.parse("2011-12-31")));
    assertTrue(StreakRules.DEFAULT.exists(LocalDate.parse("2011-12-30")));
    assertTrue(zones("America/Los_Angeles").exists(LocalDate.parse("2026-03-08")));
  }

  @Test
  void FR_222_a_change_of_the_zone_moves_no_past_day_and_cuts_no_streak() {
    Instant start = Instant.parse("2026-03-10T20:00:00Z");
    Instant flight = Instant.parse("2026-03-12T06:30:00Z");
    StreakRules rules =
        rules(
            List.of(),
            List.of(),
            List.of(
                new StreakRules.Zone(0, "America/Los_Angeles"),
                new StreakRules.Zone(flight.toEpochMilli(), "Pacific/Auckland")));
    assertEquals(LocalDate.parse("2026-03-10"), rules.dayOf(start));
    assertEquals(LocalDate.parse("2026-03-11"), rules.dayOf(flight));
    assertEquals(LocalDate.parse("2026-03-12"), rules.dayOf(flight.plusMillis(1)));
    // The evening of the 11th was left: no day to miss.
    CompletionDays days =
        CompletionDays.NONE.with(rules.dayOf(start)).with(LocalDate.parse("2026-03-12"));
    assertEquals(
        2, StreakCalculator.calculate(days, rules, LocalDate.parse("2026-03-12")).current());
    // Back again: the date is the one before, and its completion counts once.
    StreakRules back =
        rules(
            List.of(),
            List.of(),
            List.of(
                new StreakRules.Zone(0, "Pacific/Auckland"),
                new StreakRules.Zone(flight.toEpochMilli(), "America/Los_Angeles")));
    LocalDate there = back.dayOf(flight);
    assertEquals(there.minusDays(1), back.dayOf(flight.plusMillis(1)));
    CompletionDays both = CompletionDays.NONE.with(there.minusDays(1)).with(there);
    assertEquals(2, StreakCalculator.calculate(both, back, there.minusDays(1)).current());
  }

  @Test
  void FR_224_every_order_of_counting_and_taking_back_gives_what_a_plain_loop_gives() {
    Random random = new Random(7);
    for (int round = 0; round < 3_000; round++) {
      List<Integer> order = new ArrayList<>();
      for (int day = 0; day < 40; day++) {
        if (random.nextInt(8) > 0) {
          order.add(day);
        }
      }
      List<Integer> removed = order.stream().filter(_ -> random.nextInt(9) == 0).toList();
      StreakRules rules = randomRules(random);
      Collections.shuffle(order, random);
      CompletionDays days = CompletionDays.NONE;
      for (int day : order) {
        days = days.with(DAY.plusDays(day));
      }
      Set<LocalDate> left = new TreeSet<>();
      order.forEach(day -> left.add(DAY.plusDays(day)));
      for (int day : removed) {
        // Longer ago than 32 days before the last one, completions are not recorded by day.
        if (days.counts().containsKey(DAY.plusDays(day))) {
          days = days.without(DAY.plusDays(day));
          left.remove(DAY.plusDays(day));
        }
      }
      int today = 39 + random.nextInt(5);
      Streak streak = StreakCalculator.calculate(days, rules, DAY.plusDays(today));
      assertEquals(
          plain(left, rules, DAY.plusDays(today)),
          "%d %d %d %s"
              .formatted(
                  streak.current(), streak.longest(), streak.freezes(), offsets(streak.frozen())),
          "round " + round);
      if (streak.keptUntil() != null && !streak.keptUntil().isBefore(DAY.plusDays(today))) {
        assertEquals(
            streak.current(),
            StreakCalculator.calculate(days, rules, streak.keptUntil()).current());
        assertEquals(
            0, StreakCalculator.calculate(days, rules, streak.keptUntil().plusDays(1)).current());
      }
    }
  }

  private static StreakRules randomRules(Random random) {
    List<StreakRules.Rest> rest = new ArrayList<>();
    for (int day = random.nextInt(10); day < 40; day += 1 + random.nextInt(25)) {
      Set<Integer> weekdays = new TreeSet<>();
      IntStream.range(0, random.nextInt(4)).forEach(_ -> weekdays.add(1 + random.nextInt(7)));
      rest.add(new StreakRules.Rest(DAY.plusDays(day), weekdays));
    }
    List<Pause> pauses = new ArrayList<>();
    for (int day = random.nextInt(30); day < 40; day += 4 + random.nextInt(20)) {
      pauses.add(pause(day, day + random.nextInt(4)));
    }
    return rules(rest, pauses, List.of());
  }

  /** Day by day, by the definition. */
  private static String plain(Set<LocalDate> completed, StreakRules rules, LocalDate today) {
    int length = 0;
    int longest = 0;
    int freezes = 0;
    List<String> frozen = new ArrayList<>();
    for (LocalDate day = DAY; !day.isAfter(today); day = day.plusDays(1)) {
      if (completed.contains(day)) {
        length++;
        longest = Math.max(longest, length);
        if (length > 1 && length % 7 == 1 && freezes < 2) {
          freezes++;
        }
      } else if (length > 0 && day.isBefore(today) && !rests(rules, day)) {
        if (freezes > 0) {
          freezes--;
          frozen.add(offset(day));
        } else {
          length = 0;
        }
      }
    }
    return "%d %d %d %s".formatted(length, longest, freezes, String.join(" ", frozen));
  }

  private static boolean rests(StreakRules rules, LocalDate day) {
    boolean rests = false;
    for (StreakRules.Rest rest : rules.rest()) {
      if (!rest.from().isAfter(day)) {
        rests = rest.weekdays().contains(day.getDayOfWeek().getValue());
      }
    }
    for (Pause pause : rules.pauses()) {
      rests |= !day.isBefore(pause.from()) && !day.isAfter(pause.to());
    }
    return rests;
  }

  @Test
  void days_are_written_as_postgresql_does() {
    DayRuns runs = days("0-2 5 8-9").days();
    assertEquals(
        "{[2026-03-10,2026-03-13),[2026-03-15,2026-03-16),[2026-03-18,2026-03-20)}", runs.text());
    assertEquals(runs, DayRuns.parse(runs.text()));
    assertEquals(DayRuns.NONE, DayRuns.parse("{}"));
    assertEquals("{}", DayRuns.NONE.text());
    assertEquals("5 8 9", offsets(runs.from(DAY.plusDays(3))));
  }

  private static StreakRules rules(
      List<StreakRules.Rest> rest, List<Pause> pauses, List<StreakRules.Zone> zones) {
    return new StreakRules(rest, pauses, zones);
  }

  private static StreakRules zones(String zone) {
    return rules(List.of(), List.of(), List.of(new StreakRules.Zone(0, zone)));
  }

  private static Pause pause(int from, int to) {
    return new Pause(new UUID(0, 0), DAY.plusDays(from), DAY.plusDays(to));
  }

  private static Streak of(String days, int today) {
    return of(days, today, StreakRules.DEFAULT);
  }

  private static Streak of(String days, int today, StreakRules rules) {
    return StreakCalculator.calculate(days(days), rules, DAY.plusDays(today));
  }

  private static Streak calculate(CompletionDays days, int today) {
    return StreakCalculator.calculate(days, StreakRules.DEFAULT, DAY.plusDays(today));
  }

  /** Days after the first one, such as {@code 0-3 6}, in the order of counting. */
  private static CompletionDays days(String days) {
    CompletionDays counted = CompletionDays.NONE;
    for (String part : days.split(" ", -1)) {
      int dash = part.indexOf('-');
      int first = Integer.parseInt(dash < 0 ? part : part.substring(0, dash));
      int last = dash < 0 ? first : Integer.parseInt(part.substring(dash + 1));
      for (int day = first; day <= last; day++) {
        counted = counted.with(DAY.plusDays(day));
      }
    }
    return counted;
  }

  private static String offset(LocalDate day) {
    return String.valueOf(day.toEpochDay() - DAY.toEpochDay());
  }

  private static String offsets(DayRuns days) {
    return String.join(" ", days.days().map(StreakTest::offset).toList());
  }
}
