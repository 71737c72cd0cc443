package app.perpetua.flow.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import org.junit.jupiter.api.Test;

/** How far ahead due dates may lie ({@code DUE_DATE_MAX_DAYS}). */
class TaskConfigTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final LocalDate TODAY = LocalDate.parse("2026-03-01");

  private static TaskConfig config(int days) {
    return new TaskConfig(50, 50, 4, 10, 1000, 2000, days);
  }

  @Test
  void FR_013_the_limit_is_configurable() {
    TaskConfig week = config(7);
    assertNull(week.dueDateError(null, NOW));
    assertNull(week.dueDateError(NOW.plus(Duration.ofDays(7)), NOW));
    assertEquals(
        "must be later than now and at most 7 days ahead",
        week.dueDateError(NOW.plus(Duration.ofDays(7)).plusMillis(1), NOW));
    assertEquals("must be later than now and at most 7 days ahead", week.dueDateError(NOW, NOW));
    assertNull(week.dueOnError(TODAY, TODAY));
    assertNull(week.dueOnError(TODAY.plusDays(7), TODAY));
    assertEquals(
        "must be today or later and at most 7 days ahead",
        week.dueOnError(TODAY.plusDays(8), TODAY));
    assertEquals(
        "must be today or later and at most 7 days ahead",
        week.dueOnError(TODAY.minusDays(1), TODAY));
    assertEquals(Duration.ofDays(7), week.instanceLead());
  }

  @Test
  void FR_013_zero_is_no_limit_within_years_of_four_digits() {
    TaskConfig unlimited = config(0);
    assertNull(unlimited.dueDateError(Instant.parse("9998-12-31T23:59:59.999Z"), NOW));
    assertEquals(
        "must be later than now and before the year 9999",
        unlimited.dueDateError(Instant.parse("9999-01-01T00:00:00Z"), NOW));
    assertEquals(
        "must be later than now and before the year 9999", unlimited.dueDateError(NOW, NOW));
    assertNull(unlimited.dueOnError(LocalDate.parse("9998-12-31"), TODAY));
    assertEquals(
        "must be today or later and before the year 9999",
        unlimited.dueOnError(LocalDate.parse("9999-01-01"), TODAY));
    assertEquals(
        "must be today or later and before the year 9999",
        unlimited.dueOnError(TODAY.minusDays(1), TODAY));
    assertEquals(Duration.ofDays(30), unlimited.instanceLead());
  }
}
