package app.perpetua.flow.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.command.Arguments;
import app.perpetua.flow.fuzz.FuzzOptions.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FuzzOptionsTest {
  @Test
  void without_arguments_every_part_runs_within_ten_minutes() {
    FuzzOptions options = FuzzOptions.parse(List.of());
    assertEquals(EnumSet.allOf(Part.class), options.parts());
    assertEquals(10, options.minutes());
    assertNull(options.seed());
  }

  @Test
  void every_option_has_an_effect() {
    FuzzOptions options =
        FuzzOptions.parse(
            List.of("--minutes", "3", "--seed", "-7", "--only", "http", "--only", "rrule"));
    assertEquals(3, options.minutes());
    assertEquals(-7L, options.seed());
    assertEquals(Set.of(Part.HTTP, Part.RRULE), options.parts());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--minutes 0",
        "--minutes 1.5",
        "--minutes 100000",
        "--minutes",
        "--seed x",
        "--seed 9223372036854775808",
        "--only tcp",
        "--only",
        "-x",
        "5"
      })
  void an_invalid_option_is_refused_by_name(String line) {
    List<String> words = List.of(line.split(" ", -1));
    Arguments.Invalid refused =
        assertThrows(Arguments.Invalid.class, () -> FuzzOptions.parse(words));
    assertTrue(String.valueOf(refused.getMessage()).contains(words.getFirst()));
  }

  @Test
  void the_parts_share_the_time_that_is_left() {
    FuzzOptions all = FuzzOptions.parse(List.of());
    Duration left = Duration.ofSeconds(100);
    assertEquals(Duration.ofSeconds(8), all.share(Part.TOKENS, left));
    assertEquals(left, all.share(Part.CONTRACT, left), "the last one gets the rest");
    assertEquals(Duration.ZERO, all.share(Part.HTTP, Duration.ofSeconds(-1)));
    FuzzOptions one = FuzzOptions.parse(List.of("--only", "tokens"));
    assertEquals(left, one.share(Part.TOKENS, left));
  }

  @ParameterizedTest
  @EnumSource
  void the_help_of_the_script_describes_each_part(Part part) throws IOException {
    List<String> help = Files.readAllLines(Path.of("fuzz")).stream().map(String::strip).toList();
    assertTrue(help.contains("%-12s %s".formatted(part.title(), part.help())), part.title());
  }
}
