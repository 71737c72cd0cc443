package app.perpetua.flow.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  private final Json json = new Json();

  @ParameterizedTest
  @CsvSource({
    "2026-01-19T10:30:00Z, 2026-01-19T10:30:00.000Z",
    "2026-01-19T10:30:00.1Z, 2026-01-19T10:30:00.100Z",
    "2026-12-31T23:59:59.999999999Z, 2026-12-31T23:59:59.999Z",
    "0000-01-01T00:00:00Z, 0000-01-01T00:00:00.000Z",
    "0001-03-01T00:00:00Z, 0001-03-01T00:00:00.000Z",
    "1969-12-31T23:59:59.999Z, 1969-12-31T23:59:59.999Z",
    "1970-01-01T00:00:00Z, 1970-01-01T00:00:00.000Z",
    "2000-02-29T12:00:00Z, 2000-02-29T12:00:00.000Z",
    "9999-12-31T23:59:59.999Z, 9999-12-31T23:59:59.999Z",
    "-0001-12-31T23:59:59.999Z, -0001-12-31T23:59:59.999Z",
    "+10000-01-01T00:00:00Z, +10000-01-01T00:00:00.000Z"
  })
  void instants_have_three_digits_of_milliseconds(String instant, String expected) {
    assertEquals(expected, Json.instant(Instant.parse(instant)));
    assertEquals('"' + expected + '"', json.text(Instant.parse(instant)));
    assertEquals(
        '"' + expected + '"',
        new String(json.bytes(Instant.parse(instant)), StandardCharsets.UTF_8));
  }

  @Test
  void every_day_of_ten_thousand_years_is_written_as_by_the_formatter() {
    Random random = new Random(1);
    Instant last = LocalDate.of(10_000, 1, 2).atStartOfDay().toInstant(ZoneOffset.UTC);
    for (Instant day = LocalDate.of(-1, 12, 30).atStartOfDay().toInstant(ZoneOffset.UTC);
        day.isBefore(last);
        day = day.plus(1, ChronoUnit.DAYS)) {
      Instant time = day.plusNanos(random.nextLong(ChronoUnit.DAYS.getDuration().toNanos()));
      assertEquals(InstantText.FORMAT.format(time), Json.instant(time));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"data\":{\"id\":\"ü\\\"\"}}",
        "{\"pagination\":{\"id\":\"x\",\"data\":{\"id\":\"y\"}},\"data\":{\"id\":\"ü\\\"\"}}",
        "{\"data\":{\"part\":{\"id\":\"x\"},\"ids\":[\"id\",{}],\"id\":\"ü\\\"\",\"z\":null}}"
      })
  void the_text_of_a_member_of_data_is_found_wherever_it_is(String answer) {
    assertEquals("ü\"", json.dataText(answer.getBytes(StandardCharsets.UTF_8), "id"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "{\"data\":null}",
        "{\"data\":[{\"id\":\"x\"}]}",
        "{\"data\":{},\"id\":\"x\"}",
        "{\"data\":{\"id\":7}}",
        "{\"data\":{\"part\":{\"id\":\"x\"}}}"
      })
  void a_member_that_is_no_text_of_data_is_not_found(String answer) {
    byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
    assertThrows(IllegalArgumentException.class, () -> json.dataText(bytes, "id"));
  }
}
