package app.perpetua.flow.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AllDayTest {
  /** The instants are those of another implementation, Python's zoneinfo. */
  @ParameterizedTest
  @CsvSource({
    // Both changes of the clock.
    "Pacific/Auckland,    2026-04-05, 2026-04-05T11:59:59.999Z, 2026-04-04T21:00:00Z",
    "Pacific/Auckland,    2026-09-27, 2026-09-27T10:59:59.999Z, 2026-09-26T20:00:00Z",
    "America/Los_Angeles, 2026-03-08, 2026-03-09T06:59:59.999Z, 2026-03-08T16:00:00Z",
    "America/Los_Angeles, 2026-11-01, 2026-11-02T07:59:59.999Z, 2026-11-01T17:00:00Z",
    // Half an hour.
    "Australia/Lord_Howe, 2026-04-05, 2026-04-05T13:29:59.999Z, 2026-04-04T22:30:00Z",
    "Australia/Lord_Howe, 2026-10-04, 2026-10-04T12:59:59.999Z, 2026-10-03T22:00:00Z",
    // Midnight does not exist on the next day.
    "America/Santiago,    2026-09-05, 2026-09-06T03:59:59.999Z, 2026-09-05T13:00:00Z",
    "Asia/Beirut,         2026-03-28, 2026-03-28T21:59:59.999Z, 2026-03-28T07:00:00Z",
    "Africa/Cairo,        2026-04-23, 2026-04-23T21:59:59.999Z, 2026-04-23T07:00:00Z",
    // The last hour of the day exists twice.
    "America/Santiago,    2026-04-04, 2026-04-05T03:59:59.999Z, 2026-04-04T12:00:00Z",
    "Asia/Beirut,         2026-10-24, 2026-10-24T21:59:59.999Z, 2026-10-24T06:00:00Z",
    "Africa/Cairo,        2026-10-29, 2026-10-29T21:59:59.999Z, 2026-10-29T06:00:00Z",
    // Midnight exists twice on the next day; the first one ends the day.
    "America/Havana,      2026-10-31, 2026-11-01T03:59:59.999Z, 2026-10-31T13:00:00Z",
    // The zone skipped the 30th, which ends with the 29th; its reminders are a day later.
    "Pacific/Apia,        2011-12-29, 2011-12-30T09:59:59.999Z, 2011-12-29T19:00:00Z",
    "Pacific/Apia,        2011-12-30, 2011-12-30T09:59:59.999Z, 2011-12-30T19:00:00Z",
    "Pacific/Apia,        2011-12-31, 2011-12-31T09:59:59.999Z, 2011-12-30T19:00:00Z",
    // 29 February and the end of the year.
    "America/Los_Angeles, 2028-02-29, 2028-03-01T07:59:59.999Z, 2028-02-29T17:00:00Z",
    "Pacific/Auckland,    2028-02-29, 2028-02-29T10:59:59.999Z, 2028-02-28T20:00:00Z",
    "Pacific/Auckland,    2026-12-31, 2026-12-31T10:59:59.999Z, 2026-12-30T20:00:00Z",
    "Pacific/Apia,        2026-12-31, 2026-12-31T10:59:59.999Z, 2026-12-30T20:00:00Z",
    "UTC,                 2026-12-31, 2026-12-31T23:59:59.999Z, 2026-12-31T09:00:00Z",
  })
  void FR_195_a_day_ends_before_the_next_one_begins(
      String zoneName, LocalDate day, Instant end, Instant nine) {
    ZoneId zone = ZoneId.of(zoneName);
    assertEquals(end, AllDay.end(day, zone));
    assertEquals(nine, AllDay.at(day, LocalTime.of(9, 0), zone));
    // Overdue only after local midnight.
    assertFalse(LocalDate.ofInstant(end, zone).isAfter(day));
    assertTrue(LocalDate.ofInstant(end.plusMillis(1), zone).isAfter(day));
  }

  @Test
  void FR_197_a_time_in_a_gap_is_later_and_of_two_the_first() {
    assertEquals(
        Instant.parse("2026-10-03T15:45:00Z"), at("2026-10-04", "02:15", "Australia/Lord_Howe"));
    assertEquals(
        Instant.parse("2026-03-08T10:30:00Z"), at("2026-03-08", "02:30", "America/Los_Angeles"));
    assertEquals(
        Instant.parse("2026-11-01T08:30:00Z"), at("2026-11-01", "01:30", "America/Los_Angeles"));
  }

  private static Instant at(String day, String time, String zone) {
    return AllDay.at(LocalDate.parse(day), LocalTime.parse(time), ZoneId.of(zone));
  }
}
