package app.perpetua.flow.parsing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InstantFormatTest {
  @ParameterizedTest
  @CsvSource({
    "2026-01-19T10:30:00Z, 2026-01-19T10:30:00Z",
    "2026-01-19t10:30:00z, 2026-01-19T10:30:00Z",
    "2026-01-19T10:30:00.5Z, 2026-01-19T10:30:00.500Z",
    "2026-01-19T10:30:00.05Z, 2026-01-19T10:30:00.050Z",
    "2026-01-19T10:30:00.1239Z, 2026-01-19T10:30:00.123Z",
    "2026-01-19T10:30:00.123456789012345678901Z, 2026-01-19T10:30:00.123Z",
    "2026-01-19T10:30:00.999999999999999999999Z, 2026-01-19T10:30:00.999Z",
    "2026-01-19T10:30:00+00:00, 2026-01-19T10:30:00Z",
    "2026-01-19T10:30:00-00:00, 2026-01-19T10:30:00Z",
    "2026-01-19T10:30:00+01:00, 2026-01-19T09:30:00Z",
    "2026-01-19T00:30:00+05:45, 2026-01-18T18:45:00Z",
    "2026-01-19T10:30:00.25-03:30, 2026-01-19T14:00:00.250Z",
    "2026-01-19T10:30:00+23:59, 2026-01-18T10:31:00Z",
    "2026-01-19T10:30:00-23:59, 2026-01-20T10:29:00Z",
    "2024-02-29T23:59:59.999Z, 2024-02-29T23:59:59.999Z",
    "2016-12-31T23:59:60Z, 2017-01-01T00:00:00Z",
    "1990-12-31T15:59:60-08:00, 1991-01-01T00:00:00Z",
    "2015-07-01T00:59:60.5+01:00, 2015-07-01T00:00:00.500Z",
    "0001-01-01T00:00:00Z, 0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.9999Z, 9999-12-31T23:59:59.999Z",
    "0000-12-31T23:00:00-01:00, 0001-01-01T00:00:00Z"
  })
  void FR_086_an_instant_is_read_as_RFC_3339_defines_it(String text, Instant expected) {
    assertEquals(expected, InstantFormat.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-01-19T10:30:00",
        "2026-01-19 10:30:00Z",
        "2026-01-19T10:30Z",
        "2026-01-19T24:00:00Z",
        "2026-01-19T10:60:00Z",
        "2026-01-19T10:30:61Z",
        "2026-01-19T23:59:60Z",
        "2016-12-31T23:58:60Z",
        "2016-12-31T23:59:60+01:00",
        "2026-02-29T10:30:00Z",
        "2026-13-01T10:30:00Z",
        "2026-01-19T10:30:00-0500",
        "2026-01-19T10:30:00+05",
        "2026-01-19T10:30:00+24:00",
        "2026-01-19T10:30:00+05:60",
        "2026-01-19T10:30:00.Z",
        "2026-01-19T10:30:00,5Z",
        "2026-01-19T10:30:00ZZ",
        "2026-01-19T10:30:00Z[UTC]",
        "2026-01-19T10:30:00 +01:00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:00-00:01",
        "9999-12-31T23:59:60Z",
        "10000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "٢٠٢٦-٠١-١٩T١٠:٣٠:٠٠Z",
        ""
      })
  void FR_086_another_text_is_no_instant(String text) {
    assertNull(InstantFormat.parse(text));
  }

  @Test
  void FR_086_a_fraction_may_be_as_long_as_a_body() {
    String digits = "1".repeat(200_000);
    assertEquals(
        Instant.parse("2026-01-19T10:30:00.111Z"),
        InstantFormat.parse("2026-01-19T10:30:00." + digits + "Z"));
    assertNull(InstantFormat.parse("2026-01-19T10:30:00." + digits));
  }
}
