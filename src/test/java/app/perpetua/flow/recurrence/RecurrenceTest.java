package app.perpetua.flow.recurrence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecurrenceTest {
  private static final ZoneId NEW_YORK = ZoneId.of("America/New_York");

  private static Recurrence recurrence(String rule, String localStart, ZoneId zone) {
    Rrule.Parsed.Valid valid = (Rrule.Parsed.Valid) RruleParser.parse(rule);
    Instant start = LocalDateTime.parse(localStart).atZone(zone).toInstant();
    return new Recurrence(valid.rule(), start, zone);
  }

  private static List<LocalDate> dates(Recurrence recurrence, int count) {
    return recurrence.upcoming(recurrence.startsAt(), count).stream()
        .map(instant -> instant.atZone(recurrence.zone()).toLocalDate())
        .toList();
  }

  private static List<LocalDate> parsed(String dates) {
    return Stream.of(dates.trim().split("\\s+")).map(LocalDate::parse).toList();
  }

  /** {@code ./fuzz --only rrule --seed 245920}. */
  @Test
  void a_daily_rule_occurs_after_more_than_a_thousand_days_without_one() {
    Recurrence recurrence =
        recurrence("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=-29;BYDAY=SU", "2027-08-11T09:00", NEW_YORK);
    assertEquals(parsed("2032-02-01"), dates(recurrence, 1));
  }

  /**
   * RFC 5545, section 3.8.5.3: every example whose rule is supported, with the dates that it lists.
   * All begin at nine in New York.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1997-09-02 | FREQ=DAILY;COUNT=10 | 1997-09-02 1997-09-03 1997-09-04 1997-09-05 1997-09-06 1997-09-07 1997-09-08 1997-09-09 1997-09-10 1997-09-11
          1997-09-02 | FREQ=DAILY;INTERVAL=2 | 1997-09-02 1997-09-04 1997-09-06 1997-09-08 1997-09-10 1997-09-12
          1997-09-02 | FREQ=DAILY;INTERVAL=10;COUNT=5 | 1997-09-02 1997-09-12 1997-09-22 1997-10-02 1997-10-12
          1997-09-02 | FREQ=WEEKLY;COUNT=10 | 1997-09-02 1997-09-09 1997-09-16 1997-09-23 1997-09-30 1997-10-07 1997-10-14 1997-10-21 1997-10-28 1997-11-04
          1997-09-02 | FREQ=WEEKLY;UNTIL=19971224T000000Z | 1997-09-02 1997-09-09 1997-09-16 1997-09-23 1997-09-30 1997-10-07 1997-10-14 1997-10-21 1997-10-28 1997-11-04 1997-11-11 1997-11-18 1997-11-25 1997-12-02 1997-12-09 1997-12-16 1997-12-23
          1997-09-02 | FREQ=WEEKLY;INTERVAL=2;WKST=SU | 1997-09-02 1997-09-16 1997-09-30 1997-10-14 1997-10-28 1997-11-11 1997-11-25 1997-12-09 1997-12-23 1998-01-06 1998-01-20 1998-02-03 1998-02-17
          1997-09-02 | FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH | 1997-09-02 1997-09-04 1997-09-09 1997-09-11 1997-09-16 1997-09-18 1997-09-23 1997-09-25 1997-09-30 1997-10-02
          1997-09-02 | FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH | 1997-09-02 1997-09-04 1997-09-09 1997-09-11 1997-09-16 1997-09-18 1997-09-23 1997-09-25 1997-09-30 1997-10-02
          1997-09-01 | FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR | 1997-09-01 1997-09-03 1997-09-05 1997-09-15 1997-09-17 1997-09-19 1997-09-29 1997-10-01 1997-10-03 1997-10-13 1997-10-15 1997-10-17 1997-10-27 1997-10-29 1997-10-31 1997-11-10 1997-11-12 1997-11-14 1997-11-24 1997-11-26 1997-11-28 1997-12-08 1997-12-10 1997-12-12 1997-12-22
          1997-09-02 | FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH | 1997-09-02 1997-09-04 1997-09-16 1997-09-18 1997-09-30 1997-10-02 1997-10-14 1997-10-16
          1997-09-05 | FREQ=MONTHLY;COUNT=10;BYDAY=1FR | 1997-09-05 1997-10-03 1997-11-07 1997-12-05 1998-01-02 1998-02-06 1998-03-06 1998-04-03 1998-05-01 1998-06-05
          1997-09-05 | FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR | 1997-09-05 1997-10-03 1997-11-07 1997-12-05
          1997-09-07 | FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU | 1997-09-07 1997-09-28 1997-11-02 1997-11-30 1998-01-04 1998-01-25 1998-03-01 1998-03-29 1998-05-03 1998-05-31
          1997-09-22 | FREQ=MONTHLY;COUNT=6;BYDAY=-2MO | 1997-09-22 1997-10-20 1997-11-17 1997-12-22 1998-01-19 1998-02-16
          1997-09-28 | FREQ=MONTHLY;BYMONTHDAY=-3 | 1997-09-28 1997-10-29 1997-11-28 1997-12-29 1998-01-29 1998-02-26
          1997-09-02 | FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15 | 1997-09-02 1997-09-15 1997-10-02 1997-10-15 1997-11-02 1997-11-15 1997-12-02 1997-12-15 1998-01-02 1998-01-15
          1997-09-30 | FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1 | 1997-09-30 1997-10-01 1997-10-31 1997-11-01 1997-11-30 1997-12-01 1997-12-31 1998-01-01 1998-01-31 1998-02-01
          1997-09-10 | FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15 | 1997-09-10 1997-09-11 1997-09-12 1997-09-13 1997-09-14 1997-09-15 1999-03-10 1999-03-11 1999-03-12 1999-03-13
          1997-09-02 | FREQ=MONTHLY;INTERVAL=2;BYDAY=TU | 1997-09-02 1997-09-09 1997-09-16 1997-09-23 1997-09-30 1997-11-04 1997-11-11 1997-11-18 1997-11-25 1998-01-06 1998-01-13 1998-01-20 1998-01-27 1998-03-03 1998-03-10 1998-03-17 1998-03-24 1998-03-31
          1997-06-10 | FREQ=YEARLY;COUNT=10;BYMONTH=6,7 | 1997-06-10 1997-07-10 1998-06-10 1998-07-10 1999-06-10 1999-07-10 2000-06-10 2000-07-10 2001-06-10 2001-07-10
          1997-05-19 | FREQ=YEARLY;BYDAY=20MO | 1997-05-19 1998-05-18 1999-05-17
          1997-03-13 | FREQ=YEARLY;BYMONTH=3;BYDAY=TH | 1997-03-13 1997-03-20 1997-03-27 1998-03-05 1998-03-12 1998-03-19 1998-03-26 1999-03-04 1999-03-11 1999-03-18 1999-03-25
          1997-06-05 | FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8 | 1997-06-05 1997-06-12 1997-06-19 1997-06-26 1997-07-03 1997-07-10 1997-07-17 1997-07-24 1997-07-31 1997-08-07 1997-08-14 1997-08-21 1997-08-28 1998-06-04 1998-06-11 1998-06-18
          1997-09-02 | FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13 | 1998-02-13 1998-03-13 1998-11-13 1999-08-13 2000-10-13
          1997-09-13 | FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13 | 1997-09-13 1997-10-11 1997-11-08 1997-12-13 1998-01-10 1998-02-07 1998-03-07 1998-04-11 1998-05-09 1998-06-13
          1996-11-05 | FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8 | 1996-11-05 2000-11-07
          1997-09-04 | FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3 | 1997-09-04 1997-10-07 1997-11-06
          1997-09-29 | FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2 | 1997-09-29 1997-10-30 1997-11-27 1997-12-30 1998-01-29 1998-02-26 1998-03-30
          1997-08-05 | FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO | 1997-08-05 1997-08-10 1997-08-19 1997-08-24
          1997-08-05 | FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU | 1997-08-05 1997-08-17 1997-08-19 1997-08-31
          2007-01-15 | FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5 | 2007-01-15 2007-01-30 2007-02-15 2007-03-15 2007-03-30
          """)
  void FR_015_the_examples_of_RFC_5545_give_its_dates(String start, String rule, String dates) {
    List<LocalDate> expected = parsed(dates);
    Recurrence recurrence = recurrence(rule, start + "T09:00", NEW_YORK);
    boolean ends = rule.contains("COUNT") || rule.contains("UNTIL");
    assertEquals(expected, dates(recurrence, ends ? 100 : expected.size()));
    assertEquals(
        List.of(LocalTime.of(9, 0)),
        recurrence.upcoming(recurrence.startsAt(), 100).stream()
            .map(instant -> instant.atZone(NEW_YORK).toLocalTime())
            .distinct()
            .toList());
    assertNull(recurrence.problem());
  }

  @Test
  void FR_015_the_long_examples_of_RFC_5545_have_the_stated_number_of_dates() {
    // Daily until Christmas Eve 1997: 2 September to 23 December.
    List<LocalDate> daily =
        dates(recurrence("FREQ=DAILY;UNTIL=19971224T000000Z", "1997-09-02T09:00", NEW_YORK), 200);
    assertEquals(113, daily.size());
    assertEquals(LocalDate.parse("1997-12-23"), daily.getLast());
    // Every day in January for three years, in two notations.
    List<LocalDate> yearly =
        dates(
            recurrence(
                "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
                "1998-01-01T09:00",
                NEW_YORK),
            200);
    assertEquals(93, yearly.size());
    assertEquals(LocalDate.parse("2000-01-31"), yearly.getLast());
    assertEquals(
        yearly,
        dates(
            recurrence("FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", "1998-01-01T09:00", NEW_YORK),
            200));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "America/New_York",
        "Pacific/Auckland",
        "America/Santiago",
        "Australia/Lord_Howe",
        "Europe/Berlin",
        "Africa/Casablanca"
      })
  void promise_14_the_local_time_stays_when_the_clocks_change(String name) {
    ZoneId zone = ZoneId.of(name);
    Recurrence daily = recurrence("FREQ=DAILY", "2026-01-01T09:00", zone);
    Instant at = daily.first().orElseThrow();
    int changes = 0;
    for (LocalDate day = LocalDate.parse("2026-01-02");
        day.getYear() < 2028;
        day = day.plusDays(1)) {
      Instant next = daily.next(at).orElseThrow();
      assertEquals(day.atTime(9, 0), next.atZone(zone).toLocalDateTime());
      changes += next.getEpochSecond() - at.getEpochSecond() == 24 * 3600 ? 0 : 1;
      at = next;
    }
    assertTrue(changes >= 3, "the clocks changed " + changes + " times");
  }

  @Test
  void promise_14_a_time_that_does_not_exist_moves_forward_by_the_gap() {
    Recurrence daily = recurrence("FREQ=DAILY", "2026-03-07T02:30", NEW_YORK);
    assertEquals(
        List.of("2026-03-07T07:30:00Z", "2026-03-08T07:30:00Z", "2026-03-09T06:30:00Z"),
        daily.upcoming(daily.startsAt(), 3).stream().map(Instant::toString).toList());
    // The gap on Lord Howe is half an hour.
    ZoneId lordHowe = ZoneId.of("Australia/Lord_Howe");
    Recurrence there = recurrence("FREQ=DAILY", "2026-10-03T02:15", lordHowe);
    assertEquals(
        List.of("2026-10-03T02:15", "2026-10-04T02:45", "2026-10-05T02:15"),
        there.upcoming(there.startsAt(), 3).stream()
            .map(instant -> instant.atZone(lordHowe).toLocalDateTime().toString())
            .toList());
  }

  @Test
  void promise_14_midnight_that_does_not_exist_is_one_o_clock() {
    ZoneId santiago = ZoneId.of("America/Santiago");
    Recurrence daily = recurrence("FREQ=DAILY", "2026-09-05T00:00", santiago);
    assertEquals(
        List.of("2026-09-05T00:00", "2026-09-06T01:00", "2026-09-07T00:00"),
        daily.upcoming(daily.startsAt(), 3).stream()
            .map(instant -> instant.atZone(santiago).toLocalDateTime().toString())
            .toList());
  }

  @Test
  void promise_14_of_a_local_time_that_occurs_twice_the_first_counts() {
    Recurrence daily = recurrence("FREQ=DAILY", "2026-10-31T01:30", NEW_YORK);
    assertEquals(
        List.of("2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"),
        daily.upcoming(daily.startsAt(), 3).stream().map(Instant::toString).toList());
  }

  @Test
  void a_start_at_the_second_of_two_equal_local_times_is_the_first_occurrence() {
    Instant second = Instant.parse("2026-11-01T06:30:00Z");
    Recurrence daily =
        new Recurrence(
            ((Rrule.Parsed.Valid) RruleParser.parse("FREQ=DAILY;COUNT=2")).rule(),
            second,
            NEW_YORK);
    assertEquals(
        List.of(second, Instant.parse("2026-11-02T06:30:00Z")), daily.upcoming(second, 10));
  }

  @Test
  void a_day_that_a_zone_skips_does_not_repeat_an_occurrence() {
    // Samoa crossed the date line: it had no 30 December 2011.
    ZoneId apia = ZoneId.of("Pacific/Apia");
    Recurrence daily = recurrence("FREQ=DAILY", "2011-12-28T09:00", apia);
    assertEquals(parsed("2011-12-28 2011-12-29 2011-12-31 2012-01-01"), dates(daily, 4));
    Instant last = daily.upcoming(daily.startsAt(), 3).getLast();
    assertEquals(
        LocalDate.parse("2012-01-01"), daily.next(last).orElseThrow().atZone(apia).toLocalDate());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          2026-01-31 | FREQ=MONTHLY                             | 2026-01-31 2026-03-31 2026-05-31 2026-07-31 2026-08-31
          2026-01-31 | FREQ=MONTHLY;BYMONTHDAY=-1               | 2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31
          2028-01-31 | FREQ=MONTHLY;BYMONTHDAY=-1               | 2028-01-31 2028-02-29 2028-03-31
          2026-01-30 | FREQ=MONTHLY;BYMONTHDAY=30               | 2026-01-30 2026-03-30 2026-04-30
          2026-01-28 | FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1 | 2026-01-31 2026-02-28 2026-03-31 2026-04-30
          2024-02-29 | FREQ=YEARLY                              | 2024-02-29 2028-02-29
          2025-01-01 | FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29      | 2028-02-29
          2025-03-01 | FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29       | 2028-02-29
          2024-02-29 | FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1      | 2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29
          2026-12-31 | FREQ=DAILY;COUNT=2                       | 2026-12-31 2027-01-01
          """)
  void promise_14_month_ends_and_29_February(String start, String rule, String dates) {
    List<LocalDate> expected = parsed(dates);
    assertEquals(expected, dates(recurrence(rule, start + "T09:00", NEW_YORK), expected.size()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1997-09-02 | FREQ=YEARLY;BYMONTH=11;BYDAY=TH;BYSETPOS=4               | 1997-11-27 1998-11-26 1999-11-25 2000-11-23 2001-11-22
          1997-09-02 | FREQ=YEARLY;BYMONTH=12;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1  | 1997-12-31 1998-12-31 1999-12-31 2000-12-29 2001-12-31
          1997-09-02 | FREQ=YEARLY;BYMONTH=1,12;BYDAY=MO;BYSETPOS=1,-1          | 1997-12-29 1998-01-05 1998-12-28 1999-01-04
          2000-01-01 | FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1       | 2000-02-29 2001-02-28 2002-02-28 2003-02-28 2004-02-29
          1997-09-02 | FREQ=YEARLY;BYDAY=MO;BYSETPOS=1                          | 1998-01-05 1999-01-04 2000-01-03
          1997-09-02 | FREQ=YEARLY;BYDAY=FR;BYSETPOS=-1                         | 1997-12-26 1998-12-25 1999-12-31
          """)
  void FR_089_a_yearly_rule_may_have_positions(String start, String rule, String dates) {
    List<LocalDate> expected = parsed(dates);
    assertEquals(expected, dates(recurrence(rule, start + "T09:00", NEW_YORK), expected.size()));
  }

  @Test
  void FR_015_an_until_date_is_evaluated_in_the_time_zone() {
    ZoneId auckland = ZoneId.of("Pacific/Auckland");
    assertEquals(
        parsed("2026-05-01 2026-05-02 2026-05-03"),
        dates(recurrence("FREQ=DAILY;UNTIL=20260503", "2026-05-01T23:30", auckland), 10));
    // 23:30 there is 11:30 in UTC: UNTIL is inclusive, to the second.
    assertEquals(
        parsed("2026-05-01 2026-05-02"),
        dates(recurrence("FREQ=DAILY;UNTIL=20260503T112959Z", "2026-05-01T23:30", auckland), 10));
    assertEquals(
        parsed("2026-05-01 2026-05-02 2026-05-03"),
        dates(recurrence("FREQ=DAILY;UNTIL=20260503T113000Z", "2026-05-01T23:30", auckland), 10));
  }

  @Test
  void FR_015_the_first_occurrence_is_the_first_match_and_COUNT_counts_matches() {
    Recurrence mondays = recurrence("FREQ=WEEKLY;BYDAY=MO;COUNT=2", "2026-03-10T09:00", NEW_YORK);
    assertEquals(parsed("2026-03-16 2026-03-23"), dates(mondays, 10));
    assertEquals(Optional.empty(), mondays.next(mondays.upcoming(Instant.EPOCH, 2).getLast()));
  }

  @Test
  void a_start_long_ago_is_as_fast_as_one_today() {
    Recurrence old = recurrence("FREQ=DAILY;INTERVAL=3", "1970-01-02T09:00", NEW_YORK);
    Instant now = Instant.parse("2026-03-10T09:30:00Z");
    Instant next = old.next(now).orElseThrow();
    long days =
        LocalDate.parse("1970-01-02")
            .until(next.atZone(NEW_YORK).toLocalDate(), java.time.temporal.ChronoUnit.DAYS);
    assertEquals(0, days % 3);
    assertTrue(next.isAfter(now) && next.isBefore(now.plusSeconds(3 * 24 * 3600 + 1)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          FREQ=DAILY                                    | every day
          FREQ=DAILY;INTERVAL=3                         | every 3 days
          FREQ=DAILY;BYDAY=SA,SU                        | every day on Saturday and Sunday
          FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=10   | every 2 weeks on Monday and Friday, 10 times
          FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU    | every 2 weeks on Tuesday and Sunday of weeks that begin on Sunday
          FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20270301        | every month on the last Friday until 1 March 2027
          FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20270301T030000Z | every month on the last Friday until 28 February 2027
          FREQ=MONTHLY;BYMONTHDAY=1,2,3,11,22           | every month on the 1st, 2nd, 3rd, 11th and 22nd
          FREQ=MONTHLY;BYMONTHDAY=-1                    | every month on the last day
          FREQ=MONTHLY;BYMONTHDAY=15,-3                 | every month on the 15th and third-to-last day
          FREQ=MONTHLY;BYDAY=MO                         | every month on every Monday
          FREQ=MONTHLY;BYDAY=1MO,-2TU                   | every month on the first Monday and the second-to-last Tuesday
          FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1 | every month on the last of Monday, Tuesday, Wednesday, Thursday and Friday
          FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13           | every month on every Friday that falls on the 13th
          FREQ=MONTHLY;BYMONTH=3;BYSETPOS=1             | every month on the first of its days in March
          FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1             | every month on the last Friday
          FREQ=YEARLY;BYMONTH=11;BYDAY=TH;BYSETPOS=4    | every year on the fourth Thursday in November
          FREQ=YEARLY;BYMONTH=3,11;BYDAY=TH;BYSETPOS=-1 | every year on the last Thursday in March and November together
          FREQ=YEARLY;BYDAY=SA,SU;BYSETPOS=1            | every year on the first of Saturday and Sunday
          FREQ=YEARLY                                   | every year
          FREQ=YEARLY;BYDAY=20MO                        | every year on the 20th Monday
          FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=1   | every year on the 29th in February, once
          FREQ=YEARLY;INTERVAL=4;BYMONTH=1,7            | every 4 years in January and July
          """)
  void FR_015_a_rule_is_described_in_English(String rule, String text) {
    assertEquals(text, recurrence(rule, "2026-03-10T09:00", NEW_YORK).description());
  }
}
