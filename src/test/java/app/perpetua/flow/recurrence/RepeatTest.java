package app.perpetua.flow.recurrence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import app.perpetua.flow.tasks.AllDay;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Rules for days, and rules that count from completions, across changes of clocks and calendars.
 */
class RepeatTest {
  private static Rrule rule(String text) {
    return ((Rrule.Parsed.Valid) RruleParser.parse(text)).rule();
  }

  private static Recurrence days(String rule, LocalDate start, ZoneId zone, Anchor anchor) {
    return new Recurrence(rule(rule), AllDay.end(start, zone), zone, true, anchor);
  }

  private static Recurrence times(String rule, LocalDateTime start, ZoneId zone, Anchor anchor) {
    return new Recurrence(rule(rule), start.atZone(zone).toInstant(), zone, false, anchor);
  }

  private static List<String> words(String text) {
    return List.of(text.trim().split("\\s+"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Pacific/Auckland    | FREQ=DAILY                | 2026-04-04 2026-04-05 2026-04-06
          Pacific/Auckland    | FREQ=DAILY                | 2026-09-26 2026-09-27 2026-09-28
          America/Los_Angeles | FREQ=DAILY                | 2026-03-07 2026-03-08 2026-03-09
          America/Los_Angeles | FREQ=DAILY                | 2026-10-31 2026-11-01 2026-11-02
          Australia/Lord_Howe | FREQ=DAILY                | 2026-04-04 2026-04-05 2026-04-06
          Australia/Lord_Howe | FREQ=DAILY                | 2026-10-03 2026-10-04 2026-10-05
          America/Nuuk        | FREQ=DAILY                | 2026-03-27 2026-03-28 2026-03-29
          America/Nuuk        | FREQ=WEEKLY               | 2026-10-17 2026-10-24 2026-10-31
          Pacific/Apia        | FREQ=DAILY                | 2011-12-28 2011-12-29 2011-12-31 2012-01-01
          Pacific/Apia        | FREQ=WEEKLY;BYDAY=FR      | 2011-12-23 2011-12-29 2012-01-06
          Europe/Berlin       | FREQ=YEARLY               | 2024-02-29 2028-02-29
          Europe/Berlin       | FREQ=MONTHLY;BYMONTHDAY=-1 | 2026-01-31 2026-02-28 2026-03-31
          Europe/Berlin       | FREQ=MONTHLY              | 2026-01-31 2026-03-31 2026-05-31
          Pacific/Kiritimati  | FREQ=DAILY                | 2026-12-30 2026-12-31 2027-01-01
          """)
  void FR_200_a_rule_for_days_is_evaluated_on_dates(ZoneId zone, String rule, String expected) {
    List<String> days = words(expected);
    Recurrence recurrence = days(rule, LocalDate.parse(days.getFirst()), zone, Anchor.SCHEDULE);
    List<Instant> occurrences = recurrence.upcoming(recurrence.startsAt(), days.size());
    assertEquals(days, occurrences.stream().map(recurrence::day).map(LocalDate::toString).toList());
    assertEquals(
        days.stream().map(day -> AllDay.end(LocalDate.parse(day), zone)).toList(), occurrences);
    assertEquals(occurrences.subList(1, occurrences.size()), following(recurrence, occurrences));
  }

  private static List<Instant> following(Recurrence recurrence, List<Instant> occurrences) {
    return occurrences.stream()
        .limit(occurrences.size() - 1)
        .map(occurrence -> recurrence.next(occurrence).orElseThrow())
        .toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Pacific/Auckland    | FREQ=DAILY | 2026-09-26T02:30 | 2026-09-25T14:30:00Z 2026-09-26T14:30:00Z 2026-09-27T13:30:00Z
          Pacific/Auckland    | FREQ=DAILY | 2026-04-04T02:30 | 2026-04-03T13:30:00Z 2026-04-04T13:30:00Z 2026-04-05T14:30:00Z
          America/Los_Angeles | FREQ=DAILY | 2026-03-07T02:30 | 2026-03-07T10:30:00Z 2026-03-08T10:30:00Z 2026-03-09T09:30:00Z
          America/Los_Angeles | FREQ=DAILY | 2026-10-31T01:30 | 2026-10-31T08:30:00Z 2026-11-01T08:30:00Z 2026-11-02T09:30:00Z
          Australia/Lord_Howe | FREQ=DAILY | 2026-10-03T02:15 | 2026-10-02T15:45:00Z 2026-10-03T15:45:00Z 2026-10-04T15:15:00Z
          Australia/Lord_Howe | FREQ=DAILY | 2026-04-04T01:45 | 2026-04-03T14:45:00Z 2026-04-04T14:45:00Z 2026-04-05T15:15:00Z
          Pacific/Apia        | FREQ=DAILY | 2011-12-29T09:00 | 2011-12-29T19:00:00Z 2011-12-30T19:00:00Z 2011-12-31T19:00:00Z
          Europe/Berlin       | FREQ=YEARLY | 2024-02-29T09:00 | 2024-02-29T08:00:00Z 2028-02-29T08:00:00Z
          Europe/Berlin       | FREQ=DAILY | 2026-12-31T09:00 | 2026-12-31T08:00:00Z 2027-01-01T08:00:00Z
          """)
  void FR_200_a_rule_for_times_keeps_its_local_time(
      ZoneId zone, String rule, LocalDateTime start, String expected) {
    Recurrence recurrence = times(rule, start, zone, Anchor.SCHEDULE);
    List<Instant> occurrences = words(expected).stream().map(Instant::parse).toList();
    assertEquals(occurrences, recurrence.upcoming(recurrence.startsAt(), occurrences.size()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Europe/Berlin       | FREQ=DAILY;INTERVAL=3   | 2026-06-01T09:00 | 2026-06-05 | 2026-06-08T09:00
          Europe/Berlin       | FREQ=WEEKLY;INTERVAL=2  | 2026-06-01T09:00 | 2026-06-05 | 2026-06-19T09:00
          Europe/Berlin       | FREQ=MONTHLY            | 2026-01-31T09:00 | 2026-01-31 | 2026-02-28T09:00
          Europe/Berlin       | FREQ=MONTHLY            | 2026-01-31T09:00 | 2026-02-28 | 2026-03-28T09:00
          Europe/Berlin       | FREQ=YEARLY             | 2024-02-29T09:00 | 2024-02-29 | 2025-02-28T09:00
          Europe/Berlin       | FREQ=DAILY              | 2026-01-01T09:00 | 2026-12-31 | 2027-01-01T09:00
          Pacific/Auckland    | FREQ=DAILY              | 2026-09-01T02:30 | 2026-09-26 | 2026-09-27T03:30
          Pacific/Auckland    | FREQ=DAILY;INTERVAL=2   | 2026-04-01T02:30 | 2026-04-04 | 2026-04-06T02:30
          America/Los_Angeles | FREQ=DAILY;INTERVAL=3   | 2026-03-01T02:30 | 2026-03-05 | 2026-03-08T03:30
          America/Los_Angeles | FREQ=WEEKLY             | 2026-10-01T17:00 | 2026-10-29 | 2026-11-05T17:00
          Australia/Lord_Howe | FREQ=DAILY              | 2026-10-01T02:15 | 2026-10-03 | 2026-10-04T02:45
          Pacific/Apia        | FREQ=DAILY              | 2011-12-01T09:00 | 2011-12-29 | 2011-12-31T09:00
          Pacific/Apia        | FREQ=DAILY;INTERVAL=2   | 2011-12-01T09:00 | 2011-12-29 | 2011-12-31T09:00
          """)
  void FR_201_the_next_occurrence_counts_from_the_day_of_completion(
      ZoneId zone, String rule, LocalDateTime start, LocalDate completed, LocalDateTime expected) {
    Recurrence recurrence = times(rule, start, zone, Anchor.COMPLETION);
    Instant before = completed.atStartOfDay(zone).toInstant();
    assertEquals(
        expected.atZone(zone).toInstant(),
        recurrence.afterCompletion(completed, before).orElseThrow());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Pacific/Auckland    | FREQ=DAILY            | 2026-09-26 | 2026-09-27
          America/Los_Angeles | FREQ=DAILY;INTERVAL=3 | 2026-10-30 | 2026-11-02
          Australia/Lord_Howe | FREQ=WEEKLY           | 2026-03-29 | 2026-04-05
          America/Nuuk        | FREQ=DAILY            | 2026-03-27 | 2026-03-28
          Pacific/Apia        | FREQ=DAILY            | 2011-12-29 | 2011-12-31
          Pacific/Apia        | FREQ=DAILY;INTERVAL=2 | 2011-12-28 | 2011-12-29
          Europe/Berlin       | FREQ=MONTHLY          | 2026-08-31 | 2026-09-30
          Europe/Berlin       | FREQ=YEARLY           | 2024-02-29 | 2025-02-28
          Europe/Berlin       | FREQ=DAILY            | 2026-12-31 | 2027-01-01
          """)
  void FR_201_days_count_from_the_day_of_completion(
      ZoneId zone, String rule, LocalDate completed, LocalDate expected) {
    Recurrence recurrence = days(rule, completed, zone, Anchor.COMPLETION);
    Instant next = recurrence.afterCompletion(completed, AllDay.end(completed, zone)).orElseThrow();
    assertEquals(AllDay.end(expected, zone), next);
    assertEquals(expected, recurrence.day(next));
  }

  @Test
  void FR_201_an_occurrence_is_later_than_those_before() {
    ZoneId zone = ZoneId.of("Europe/Berlin");
    Recurrence daily =
        times("FREQ=DAILY", LocalDateTime.parse("2026-06-01T09:00"), zone, Anchor.COMPLETION);
    Instant done = Instant.parse("2026-06-04T07:00:00Z");
    assertEquals(
        Instant.parse("2026-06-05T07:00:00Z"),
        daily.afterCompletion(LocalDate.parse("2026-06-02"), done).orElseThrow());
  }

  @Test
  void FR_201_until_ends_what_counts_from_completions() {
    ZoneId zone = ZoneId.of("Europe/Berlin");
    Recurrence recurrence =
        days(
            "FREQ=DAILY;INTERVAL=2;UNTIL=20260610",
            LocalDate.parse("2026-06-01"),
            zone,
            Anchor.COMPLETION);
    LocalDate eighth = LocalDate.parse("2026-06-08");
    Instant last = recurrence.afterCompletion(eighth, AllDay.end(eighth, zone)).orElseThrow();
    assertEquals(LocalDate.parse("2026-06-10"), recurrence.day(last));
    assertEquals(Optional.empty(), recurrence.afterCompletion(recurrence.day(last), last));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          FREQ=WEEKLY;BYDAY=MO
          FREQ=MONTHLY;BYMONTHDAY=-1
          FREQ=YEARLY;BYMONTH=3
          """)
  void FR_201_a_rule_that_selects_days_cannot_count_from_completions(String rule) {
    LocalDate start = LocalDate.parse("2026-06-01");
    ZoneId zone = ZoneId.of("UTC");
    assertNotNull(days(rule, start, zone, Anchor.COMPLETION).problem());
    assertNull(days(rule, start, zone, Anchor.SCHEDULE).problem());
  }

  @Test
  void FR_200_the_end_of_a_rule_for_days_is_a_day() {
    ZoneId zone = ZoneId.of("Pacific/Auckland");
    LocalDate start = LocalDate.parse("2026-06-01");
    for (String until : List.of("20260603", "20260602T230000Z")) {
      Recurrence recurrence = days("FREQ=DAILY;UNTIL=" + until, start, zone, Anchor.SCHEDULE);
      List<Instant> found = recurrence.upcoming(recurrence.startsAt(), 10);
      assertEquals(
          Stream.of("2026-06-01", "2026-06-02", "2026-06-03").map(LocalDate::parse).toList(),
          found.stream().map(recurrence::day).toList());
      assertEquals(
          "FREQ=DAILY;INTERVAL=1;WKST=MO;UNTIL=20260603", recurrence.from(found.get(1)).rrule());
    }
  }

  @Test
  void FR_201_the_text_of_a_rule_says_that_it_counts_from_completions() {
    Recurrence recurrence =
        days(
            "FREQ=DAILY;INTERVAL=3;COUNT=10",
            LocalDate.parse("2026-06-01"),
            ZoneId.of("UTC"),
            Anchor.COMPLETION);
    assertEquals("every 3 days after completion, 10 times", recurrence.description());
  }
}
