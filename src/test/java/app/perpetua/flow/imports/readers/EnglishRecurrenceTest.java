package app.perpetua.flow.imports.readers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.quickadd.parser.QuickParser;
import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Recurrences in words, as Todoist has them (FR-173). */
class EnglishRecurrenceTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  /** A Sunday, at 13:00 in Berlin. */
  private static final Instant NOW = Instant.parse("2026-02-01T12:00:00Z");

  private final QuickParser parser = new QuickParser();

  private @Nullable EnglishRecurrence parse(String text) {
    return EnglishRecurrence.parse(parser, text, NOW, BERLIN);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "daily | FREQ=DAILY | 2026-02-01T22:59:00Z",
        "every day | FREQ=DAILY | 2026-02-01T22:59:00Z",
        "Every  Day at 9am | FREQ=DAILY | 2026-02-02T08:00:00Z",
        "every day at 7 | FREQ=DAILY | 2026-02-02T06:00:00Z",
        "every day 12am | FREQ=DAILY | 2026-02-01T23:00:00Z",
        "every day at 12:30pm | FREQ=DAILY | 2026-02-02T11:30:00Z",
        "every week on mon, wed and fri 18:15 | FREQ=WEEKLY;BYDAY=MO,WE,FR | 2026-02-02T17:15:00Z",
        "every other week | FREQ=WEEKLY;INTERVAL=2 | 2026-02-01T22:59:00Z",
        "ev 3 months | FREQ=MONTHLY;INTERVAL=3 | 2026-02-01T22:59:00Z",
        "yearly | FREQ=YEARLY | 2026-02-01T22:59:00Z",
        "every weekday | FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR | 2026-02-02T22:59:00Z",
        "every tuesday | FREQ=WEEKLY;BYDAY=TU | 2026-02-03T22:59:00Z",
        "every 15th | FREQ=MONTHLY;BYMONTHDAY=15 | 2026-02-15T22:59:00Z",
        "every last day | FREQ=MONTHLY;BYMONTHDAY=-1 | 2026-02-28T22:59:00Z",
        "every 2nd monday | FREQ=MONTHLY;BYDAY=2MO | 2026-02-09T22:59:00Z",
        "every last friday at 5pm | FREQ=MONTHLY;BYDAY=-1FR | 2026-02-27T16:00:00Z",
        "every day starting 2026-03-01 | FREQ=DAILY | 2026-03-01T22:59:00Z",
        "every week at 8am from 2026-03-02 | FREQ=WEEKLY | 2026-03-02T07:00:00Z",
        "every week starting 2 Mar 2026 | FREQ=WEEKLY | 2026-03-02T22:59:00Z",
      })
  void FR_173_a_recurrence_in_words_becomes_a_rule(String text, String rrule, Instant first) {
    EnglishRecurrence recurrence = parse(text);
    assertNotNull(recurrence);
    assertEquals(rrule, recurrence.rrule());
    assertEquals(first, recurrence.first());
    assertFalse(recurrence.afterCompletion());
  }

  @Test
  void FR_173_an_exclamation_mark_counts_from_completions() {
    EnglishRecurrence recurrence = parse("every! 3 days at 9am");
    assertNotNull(recurrence);
    assertTrue(recurrence.afterCompletion());
    assertEquals("FREQ=DAILY;INTERVAL=3", recurrence.rrule());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tomorrow",
        "every",
        "every blue moon",
        "every 2nd someday",
        "every month on mon",
        "every day at 25:00",
        "every day at 13pm",
        "every day starting some day",
        "every mon, someday",
        "every! monday",
        "every day tomorrow",
        "water every day",
        "every day p1",
        "every day until 2020-01-01",
        "every day every day every day every day every day every day every day every day every day"
            + " every day every day every day every day every day every day",
      })
  void FR_173_what_is_not_understood_as_a_whole_is_no_rule(String text) {
    assertNull(parse(text));
  }
}
