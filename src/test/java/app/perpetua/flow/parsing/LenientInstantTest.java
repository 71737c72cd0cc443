package app.perpetua.flow.parsing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LenientInstantTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          2026-01-19T10:30:05Z                      | 2026-01-19T10:30:05Z
          2026-01-19t10:30:05z                      | 2026-01-19T10:30:05Z
          2026-01-19 10:30:05Z                      | 2026-01-19T10:30:05Z
          2026-01-19  10:30:05 +00:00               | 2026-01-19T10:30:05Z
          2026-01-19T10:30:05                       | 2026-01-19T10:30:05Z
          2026-01-19T10:30Z                         | 2026-01-19T10:30:00Z
          2026-01-19 10:30:05 UTC                   | 2026-01-19T10:30:05Z
          2026-01-19T12:30:05+02:00                 | 2026-01-19T10:30:05Z
          2026-01-19T12:30:05+0200                  | 2026-01-19T10:30:05Z
          2026-01-19T12:30:05+02                    | 2026-01-19T10:30:05Z
          2026-01-19T05:00:05-05:30                 | 2026-01-19T10:30:05Z
          2026-01-19T05:00:05\u221205:30            | 2026-01-19T10:30:05Z
          2026-01-19T10:30:05-00:00                 | 2026-01-19T10:30:05Z
          2026-01-19T10:30:05.1Z                    | 2026-01-19T10:30:05.1Z
          2026-01-19T10:30:05,1234567Z              | 2026-01-19T10:30:05.1234567Z
          2026-01-19T10:30:05.123456789012345Z      | 2026-01-19T10:30:05.123456789Z
          2026-01-19T12:30:05.5+01:00[Europe/Paris] | 2026-01-19T11:30:05.5Z
          2026-01-19T11:30:05[Europe/Paris]         | 2026-01-19T10:30:05Z
          20260119T103005Z                          | 2026-01-19T10:30:05Z
          20260119T103005.25+0100                   | 2026-01-19T09:30:05.25Z
          2026-01-18T24:00:00Z                      | 2026-01-19T00:00:00Z
          2016-12-31T23:59:60Z                      | 2016-12-31T23:59:59Z
          Mon, 19 Jan 2026 10:30:05 GMT             | 2026-01-19T10:30:05Z
          1768818605                                | 2026-01-19T10:30:05Z
          1768818605.25                             | 2026-01-19T10:30:05.25Z
          1768818605123                             | 2026-01-19T10:30:05.123Z
          1768818605123456                          | 2026-01-19T10:30:05.123456Z
          1768818605123456789                       | 2026-01-19T10:30:05.123456789Z
          0                                         | 1970-01-01T00:00:00Z
          """)
  void an_instant_is_understood_in_any_notation(String text, Instant instant) {
    assertEquals(instant, LenientInstant.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "yesterday",
        "now",
        "2026-01-19",
        "2026-13-19T10:30:05Z",
        "2026-02-30T10:30:05Z",
        "2026-01-19T25:30:05Z",
        "2026-01-19T24:00:01Z",
        "2026-01-19T10:60:05Z",
        "2026-01-19T10:30:61Z",
        "2026-01-19T10:30:05+19:00",
        "2026-0119T10:30:05Z",
        "2026-01-19T10:30:05Z tomorrow",
        "2026-01-19T10:30:05[Mars/Phobos]",
        "-1768818605",
        "99999999999999999999999999",
        "1e300"
      })
  void anything_else_is_none(String text) {
    assertNull(LenientInstant.parse(text));
  }
}
