package app.perpetua.flow.recurrence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RruleParserTest {
  private static final Instant START = Instant.parse("2026-03-10T09:30:00Z");
  private static final Duration SOON = Duration.ofMillis(50);

  /** Measured on an idle machine with two cores: a thousand days take 125 microseconds. */
  private static final int USUAL_IN_50_MS = 400;

  private static final int RUNS = 20;

  private static Rrule accepted(String text) {
    Rrule.Parsed.Valid valid =
        assertInstanceOf(Rrule.Parsed.Valid.class, RruleParser.parse(text), text);
    return valid.rule();
  }

  private static String refused(String text) {
    Rrule.Parsed.Invalid invalid =
        assertInstanceOf(Rrule.Parsed.Invalid.class, RruleParser.parse(text), text);
    return invalid.reason();
  }

  @Test
  void FR_015_every_part_is_parsed() {
    Rrule rule =
        accepted("FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1MO,-1FR,WE;BYMONTH=1,12;WKST=SU");
    assertEquals(Rrule.Freq.MONTHLY, rule.freq());
    assertEquals(2, rule.interval());
    assertEquals(10, rule.count());
    assertEquals(
        List.of(
            new Rrule.Day(1, DayOfWeek.MONDAY),
            new Rrule.Day(-1, DayOfWeek.FRIDAY),
            new Rrule.Day(0, DayOfWeek.WEDNESDAY)),
        rule.byDay());
    assertEquals(List.of(1, 12), rule.byMonth());
    assertEquals(DayOfWeek.SUNDAY, rule.weekStart());
    assertEquals(List.of(15, -1), accepted("FREQ=MONTHLY;BYMONTHDAY=+15,-1").byMonthDay());
    assertEquals(List.of(-2), accepted("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-2").bySetPos());
  }

  @Test
  void FR_015_case_and_the_prefix_RRULE_are_ignored() {
    assertEquals("FREQ=WEEKLY;BYDAY=MO", accepted(" rrule:freq=weekly;byday=mo ").text());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "FREQ=WEEKLY;BYDAY=MO,FR",
        "FREQ=WEEKLY;BYDAY=MO,FR;",
        ";FREQ=WEEKLY;;BYDAY=MO,FR;;",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,FR\r\n",
        "rrule: freq=weekly; byday=mo, fr",
        "\tFREQ = WEEKLY ;\u00a0BYDAY = MO , FR\u3000",
        "RRULE:FREQ=WEEKLY;\r\n BYDAY=MO,FR",
        "RRULE:FREQ=WEEKLY;BYD\n\tAY=MO,FR\n\n",
        "RRULE:FREQ=WEEKLY ; ; BYDAY=MO,FR"
      })
  void FR_015_empty_parts_white_space_and_folded_lines_change_nothing(String text) {
    assertEquals("FREQ=WEEKLY;BYDAY=MO,FR", accepted(text).text());
  }

  @Test
  void FR_015_until_is_a_local_date_or_a_time_in_UTC() {
    assertEquals(
        new Rrule.Until.On(LocalDate.parse("2026-12-31")),
        accepted("FREQ=DAILY;UNTIL=20261231").until());
    assertEquals(
        new Rrule.Until.At(Instant.parse("2026-12-31T23:00:00Z")),
        accepted("FREQ=DAILY;UNTIL=20261231T230000Z").until());
    assertEquals(
        Instant.parse("2026-12-31T10:59:59.999Z"),
        new Rrule.Until.On(LocalDate.parse("2026-12-31")).in(ZoneId.of("Pacific/Auckland")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          FREQ=SECONDLY                         | must not occur more often than daily: FREQ=SECONDLY
          FREQ=MINUTELY                         | must not occur more often than daily: FREQ=MINUTELY
          FREQ=HOURLY;INTERVAL=24               | must not occur more often than daily: FREQ=HOURLY
          FREQ=DAILY;BYHOUR=9                   | must not have BYHOUR: use starts_at for the time of day instead
          FREQ=DAILY;BYMINUTE=0                 | must not have BYMINUTE: use starts_at for the time of day instead
          FREQ=DAILY;BYSECOND=0                 | must not have BYSECOND: use starts_at for the time of day instead
          FREQ=YEARLY;BYWEEKNO=20               | must not have BYWEEKNO: use BYMONTH with BYDAY or BYMONTHDAY instead
          FREQ=YEARLY;BYYEARDAY=100             | must not have BYYEARDAY: use BYMONTH with BYMONTHDAY instead
          FREQ=DAILY;DTSTART=20260101T090000Z   | must not have DTSTART: use starts_at and timezone instead
          FREQ=DAILY;TZID=UTC                   | must not have TZID: use timezone instead
          FREQ=DAILY;EXDATE=20260101            | must not have EXDATE: delete the task of that day instead
          DTSTART:20260101T090000Z              | must not have DTSTART: use starts_at and timezone instead
          DTSTART;TZID=Europe/Berlin:20260101   | must not have DTSTART: use starts_at and timezone instead
          EXDATE:20260101                       | must not have EXDATE: delete the task of that day instead
          RRULE;X-A=1:FREQ=DAILY                | must not have parameters between RRULE and the colon
          RSCALE=CHINESE;FREQ=YEARLY            | must not have RSCALE, which is not supported
          FREQ=FORTNIGHTLY                      | must have FREQ DAILY, WEEKLY, MONTHLY or YEARLY
          INTERVAL=2                            | must have FREQ
          FREQ=DAILY;FREQ=WEEKLY                | must not have FREQ twice
          FREQ=DAILY;X-MINE=1                   | must not have X-MINE, which is not supported
          ;;                                    | must not be empty
          ; ;                                   | must not be empty
          RRULE:                                | must not be empty
          FREQ                                  | must have a value for FREQ, such as FREQ=DAILY
          FREQ==DAILY                           | has characters in FREQ that RFC 5545 does not allow
          FREQ=DAILY;BYDAY=                     | must have a value for BYDAY, such as FREQ=DAILY
          FREQ=DAI LY                           | has characters in FREQ that RFC 5545 does not allow
          FREQ=DAILY COUNT=3                    | has characters in FREQ that RFC 5545 does not allow
          FREQ=DAıLY                            | has characters in FREQ that RFC 5545 does not allow
          FREQ=DAILY;=3                         | must consist of parts NAME=VALUE, separated by semicolons
          every day                             | must consist of parts NAME=VALUE, separated by semicolons
          FREQ=DAILY RRULE:FREQ=WEEKLY          | must be one rule, not several: create a template for each
          FREQ=DAILY;INTERVAL=0                 | must have INTERVAL from 1 to 999
          FREQ=DAILY;INTERVAL=-1                | must have INTERVAL from 1 to 999
          FREQ=DAILY;INTERVAL=1000              | must have INTERVAL from 1 to 999
          FREQ=DAILY;INTERVAL=2147483647        | must have INTERVAL from 1 to 999
          FREQ=DAILY;INTERVAL=99999999999999999 | must have INTERVAL from 1 to 999
          FREQ=DAILY;COUNT=0                    | must have COUNT from 1 to 1000
          FREQ=DAILY;COUNT=1001                 | must have COUNT from 1 to 1000
          FREQ=DAILY;COUNT=3;UNTIL=20270101     | must not have both COUNT and UNTIL
          FREQ=DAILY;UNTIL=20270230             | must have UNTIL as a date such as 20261231 or in UTC such as 20261231T235959Z
          FREQ=DAILY;UNTIL=20270101T090000      | must have UNTIL as a date such as 20261231 or in UTC such as 20261231T235959Z
          FREQ=DAILY;UNTIL=20270101T250000Z     | must have UNTIL as a date such as 20261231 or in UTC such as 20261231T235959Z
          FREQ=DAILY;UNTIL=2027                 | must have UNTIL as a date such as 20261231 or in UTC such as 20261231T235959Z
          FREQ=DAILY;BYDAY=1MO                  | must not number the weekdays of BYDAY unless FREQ is MONTHLY or YEARLY
          FREQ=WEEKLY;BYDAY=-1FR                | must not number the weekdays of BYDAY unless FREQ is MONTHLY or YEARLY
          FREQ=MONTHLY;BYDAY=6MO                | must number the weekdays of BYDAY from 1 to 5 within a month, or from -1 to count from its end
          FREQ=YEARLY;BYMONTH=2;BYDAY=20MO      | must number the weekdays of BYDAY from 1 to 5 within a month, or from -1 to count from its end
          FREQ=YEARLY;BYDAY=-54MO               | has a value in BYDAY that RFC 5545 does not allow
          FREQ=MONTHLY;BYDAY=0MO                | has a value in BYDAY that RFC 5545 does not allow
          FREQ=WEEKLY;BYDAY=XX                  | has a value in BYDAY that RFC 5545 does not allow
          FREQ=WEEKLY;BYDAY=MO,                 | has a value in BYDAY that RFC 5545 does not allow
          FREQ=MONTHLY;BYMONTHDAY=0             | has a value in BYMONTHDAY that RFC 5545 does not allow
          FREQ=MONTHLY;BYMONTHDAY=32            | has a value in BYMONTHDAY that RFC 5545 does not allow
          FREQ=WEEKLY;BYMONTHDAY=1              | must not combine FREQ=WEEKLY with BYMONTHDAY
          FREQ=YEARLY;BYMONTHDAY=1              | must have BYMONTH if FREQ=YEARLY has BYMONTHDAY
          FREQ=YEARLY;BYMONTH=13                | has a value in BYMONTH that RFC 5545 does not allow
          FREQ=YEARLY;BYMONTH=-1                | has a value in BYMONTH that RFC 5545 does not allow
          FREQ=YEARLY;BYSETPOS=1                | must have BYDAY, BYMONTHDAY or BYMONTH for BYSETPOS to select from
          FREQ=MONTHLY;BYSETPOS=1               | must have BYDAY, BYMONTHDAY or BYMONTH for BYSETPOS to select from
          FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0      | has a value in BYSETPOS that RFC 5545 does not allow
          FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367    | has a value in BYSETPOS that RFC 5545 does not allow
          FREQ=WEEKLY;WKST=XX                   | must have WKST MO, TU, WE, TH, FR, SA or SU
          FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30   | has no occurrence: no month of BYMONTH has a day of BYMONTHDAY
          FREQ=DAILY;BYMONTH=4,6;BYMONTHDAY=-31 | has no occurrence: no month of BYMONTH has a day of BYMONTHDAY
          """)
  void FR_015_an_invalid_rule_is_refused_with_the_reason(String text, String reason) {
    assertEquals(reason, refused(text));
  }

  @Test
  void FR_015_length_and_lists_are_limited() {
    assertEquals("must have at most 500 characters", refused("FREQ=DAILY;".repeat(1_000)));
    String days = String.join(",", IntStream.rangeClosed(1, 32).mapToObj(_ -> "1").toList());
    assertEquals(
        "must not list more than 31 values in BYMONTHDAY",
        refused("FREQ=MONTHLY;BYMONTHDAY=" + days));
    String several = "must be one rule, not several: create a template for each";
    assertEquals(several, refused("FREQ=DAILY\nRRULE:FREQ=WEEKLY"));
    assertEquals(several, refused("RRULE:FREQ=DAILY\r\nRRULE:FREQ=WEEKLY\r\n"));
    assertEquals(several, refused("FREQ=DAILY\u2028FREQ=WEEKLY"));
    assertEquals(
        "must not have DTSTART: use starts_at and timezone instead",
        refused("DTSTART;TZID=Europe/Berlin:20260101T090000\nRRULE:FREQ=DAILY"));
    assertEquals(
        "must not have EXDATE: delete the task of that day instead",
        refused("RRULE:FREQ=DAILY\nexdate;VALUE=DATE:20260105"));
    assertEquals(
        "must not have BEGIN: send only the text after RRULE: instead",
        refused("BEGIN:VEVENT\nRRULE:FREQ=DAILY\nEND:VEVENT"));
    assertEquals("must not be empty", refused("RRULE:"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=20",
        "FREQ=WEEKLY;BYDAY=SA;BYSETPOS=2",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31;BYMONTH=4,5",
        "FREQ=DAILY;UNTIL=20260310T092959Z",
        "FREQ=DAILY;UNTIL=19700101",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
        "FREQ=YEARLY;INTERVAL=6",
        "FREQ=YEARLY;INTERVAL=999",
        "FREQ=WEEKLY;INTERVAL=999",
      })
  void FR_015_a_rule_that_never_occurs_again_is_refused_when_it_is_saved(String text) {
    // A Tuesday, 10 March, in an even year that is no leap year.
    String problem = new Recurrence(accepted(text), START, ZoneId.of("UTC")).problem();
    assertTrue(problem != null, text);
    assertQuick(text, ZoneId.of("UTC"));
  }

  @Test
  void promise_14_no_hostile_rule_takes_50_ms() {
    Random random = new Random(15);
    String[] parts = {
      "FREQ=DAILY",
      "FREQ=WEEKLY",
      "FREQ=MONTHLY",
      "FREQ=YEARLY",
      "INTERVAL=999",
      "INTERVAL=7",
      "COUNT=1000",
      "UNTIL=99991231",
      "BYDAY=MO",
      "BYDAY=5MO,-5TU",
      "BYDAY=53SU",
      "BYMONTHDAY=31",
      "BYMONTHDAY=29,30,-31",
      "BYMONTH=2",
      "BYMONTH=2,4,6,9,11",
      "BYSETPOS=-366",
      "BYSETPOS=1",
      "WKST=SU",
      "BYDAY=MO,TU,WE,TH,FR,SA,SU"
    };
    ZoneId zone = ZoneId.of("America/New_York");
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder(parts[random.nextInt(4)]);
      for (int part = random.nextInt(5); part > 0; part--) {
        text.append(';').append(parts[4 + random.nextInt(parts.length - 4)]);
      }
      assertQuick(text.toString(), zone);
    }
  }

  /**
   * Asserts a limit of 50 ms, scaled on a busy machine by what a thousand days cost at the same
   * time. The best of several runs counts, as the first one loads the classes.
   */
  private static void assertQuick(String text, ZoneId zone) {
    Duration took = answered(text, zone);
    Duration usual = Duration.ofDays(1);
    for (int run = 0; run < RUNS && took.compareTo(SOON) > 0; run++) {
      took = shorter(took, answered(text, zone));
      usual = shorter(usual, answered("FREQ=DAILY;COUNT=1000", zone));
    }
    Duration best = took;
    Duration limit = usual.multipliedBy(USUAL_IN_50_MS);
    assertTrue(
        took.compareTo(SOON) <= 0 || took.compareTo(limit) <= 0,
        () -> text + " takes " + best + ", more than " + limit);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /**
   * Everything that a request computes. Measures CPU time, on which other processes have less
   * influence than on elapsed time.
   */
  private static Duration answered(String text, ZoneId zone) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long begun = threads.getCurrentThreadCpuTime();
    if (RruleParser.parse(text) instanceof Rrule.Parsed.Valid(Rrule rule)) {
      Recurrence recurrence = new Recurrence(rule, Instant.EPOCH, zone);
      if (recurrence.problem() == null) {
        recurrence.next(START);
        recurrence.upcoming(START, 100);
      }
    }
    return Duration.ofNanos(threads.getCurrentThreadCpuTime() - begun);
  }
}
