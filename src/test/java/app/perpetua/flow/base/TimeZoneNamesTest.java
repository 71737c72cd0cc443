package app.perpetua.flow.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeZoneNamesTest {
  private static final Instant WINTER = Instant.parse("2026-01-15T12:00:00Z");
  private static final Instant SUMMER = Instant.parse("2026-07-15T12:00:00Z");

  @Test
  void FR_090_every_name_of_the_IANA_database_is_known() throws IOException {
    List<String> names = names();
    assertEquals(598, names.size());
    for (String name : names) {
      assertTrue(TimeZoneNames.contains(name), name);
      ZoneId zone = ZoneId.of(name);
      assertTrue(zone.getId().equals(name) || name.startsWith("GMT"), name);
      assertTrue(Math.abs(zone.getRules().getOffset(WINTER).getTotalSeconds()) <= 14 * 3600);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "SystemV/EST5EDT",
        "SystemV/AST4",
        "PST",
        "BST",
        "IST",
        "Z",
        "UTC+1",
        "GMT+1",
        "GMT-00:00",
        "UT",
        "+02:00",
        "europe/berlin",
        "EUROPE/BERLIN",
        "Europe/Berlin ",
        "est",
        "Etc/GMT+15",
        "posix/Europe/Berlin",
        "right/UTC",
        "localtime",
        "Europe/Atlantis"
      })
  void FR_090_another_name_is_unknown(String name) {
    assertFalse(TimeZoneNames.contains(name));
  }

  @ParameterizedTest
  @CsvSource({
    "EST, -05:00, -05:00",
    "MST, -07:00, -07:00",
    "HST, -10:00, -10:00",
    "ROC, +08:00, +08:00",
    "GMT+0, Z, Z",
    "GMT-0, Z, Z",
    "GMT0, Z, Z",
    "Factory, Z, Z",
    "EST5EDT, -05:00, -04:00",
    "US/Pacific, -08:00, -07:00"
  })
  void FR_090_a_link_has_the_rules_of_its_target(String name, String winter, String summer) {
    assertEquals(winter, ZoneId.of(name).getRules().getOffset(WINTER).getId());
    assertEquals(summer, ZoneId.of(name).getRules().getOffset(SUMMER).getId());
  }

  private static List<String> names() throws IOException {
    try (InputStream in = TimeZoneNamesTest.class.getResourceAsStream("/time-zones.txt")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .toList();
    }
  }
}
