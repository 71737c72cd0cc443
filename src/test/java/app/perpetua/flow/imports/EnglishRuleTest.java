package app.perpetua.flow.imports;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Recurrences in words, as Todoist has them (FR-173). */
class EnglishRuleTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "daily | FREQ=DAILY | ",
        "every day | FREQ=DAILY | ",
        "Every  Day at 9am | FREQ=DAILY | 09:00",
        "every day 12am | FREQ=DAILY | 00:00",
        "every day at 12:30pm | FREQ=DAILY | 12:30",
        "every week on mon, wed and fri 18:15 | FREQ=WEEKLY;BYDAY=MO,WE,FR | 18:15",
        "every other week | FREQ=WEEKLY;INTERVAL=2 | ",
        "ev 3 months | FREQ=MONTHLY;INTERVAL=3 | ",
        "yearly | FREQ=YEARLY | ",
        "every weekday | FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR | ",
        "every tuesday | FREQ=WEEKLY;BYDAY=TU | ",
        "every 15th | FREQ=MONTHLY;BYMONTHDAY=15 | ",
        "every last day | FREQ=MONTHLY;BYMONTHDAY=-1 | ",
        "every 2nd monday | FREQ=MONTHLY;BYDAY=2MO | ",
        "every last friday at 5pm | FREQ=MONTHLY;BYDAY=-1FR | 17:00",
      })
  void FR_173_a_recurrence_in_words_becomes_a_rule(String text, String rrule, String time) {
    EnglishRule rule = EnglishRule.parse(text);
    assertNotNull(rule);
    assertEquals(rrule, rule.rrule());
    assertEquals(time, rule.time() == null ? null : rule.time().toString());
    assertNull(rule.startsAt(BERLIN));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "every day starting 2026-03-01 | 2026-03-01T22:59:00Z",
        "every week at 8am from 2026-03-02 | 2026-03-02T07:00:00Z",
      })
  void FR_173_the_text_may_name_the_first_day(String text, Instant start) {
    EnglishRule rule = EnglishRule.parse(text);
    assertNotNull(rule);
    assertEquals(start, rule.startsAt(BERLIN));
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
        "every day at 7",
        "every day starting some day",
        "every mon, someday",
        "every day every day every day every day every day every day every day every day every day"
            + " every day every day every day every day every day every day",
      })
  void FR_173_what_is_not_understood_is_no_rule(String text) {
    assertNull(EnglishRule.parse(text));
  }
}
