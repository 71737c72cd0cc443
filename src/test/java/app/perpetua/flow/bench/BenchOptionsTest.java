package app.perpetua.flow.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.command.Arguments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BenchOptionsTest {
  @Test
  void without_arguments_every_part_runs_that_need_not_be_named() {
    BenchOptions options = BenchOptions.parse(List.of());
    assertEquals(
        EnumSet.complementOf(
            EnumSet.of(
                BenchOptions.Part.CURVES, BenchOptions.Part.RELEASES, BenchOptions.Part.SOAK)),
        options.parts());
  }

  @Test
  void the_minutes_of_the_soak_are_bounded() {
    assertEquals(30, BenchOptions.parse(List.of("--only", "soak")).minutes());
    assertEquals(4, BenchOptions.parse(List.of("--only", "soak", "--minutes", "4")).minutes());
    for (String wrong : List.of("3", "221", "-5", "1.5", "x", "")) {
      assertThrows(
          Arguments.Invalid.class,
          () -> BenchOptions.parse(List.of("--only", "soak", "--minutes", wrong)));
    }
  }

  @Test
  void minutes_without_the_soak_are_refused() {
    assertThrows(Arguments.Invalid.class, () -> BenchOptions.parse(List.of("--minutes", "10")));
  }

  @Test
  void a_comparison_of_releases_has_an_earlier_one() {
    BenchOptions options =
        BenchOptions.parse(List.of("--only", "releases", "--former", "earlier.jar"));
    assertEquals(Set.of(BenchOptions.Part.RELEASES), options.parts());
    assertEquals(Path.of("earlier.jar"), options.former());
    for (List<String> wrong :
        List.of(
            List.of("--only", "releases"),
            List.of("--former", "earlier.jar"),
            List.of("--only", "peers", "--former", "earlier.jar"))) {
      assertThrows(Arguments.Invalid.class, () -> BenchOptions.parse(wrong));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RELEASES")
  void each_part_can_run_alone(BenchOptions.Part part) {
    assertEquals(Set.of(part), BenchOptions.parse(List.of("--only", part.title())).parts());
  }

  @Test
  void parts_can_be_combined() {
    assertEquals(
        Set.of(BenchOptions.Part.READS, BenchOptions.Part.PEERS),
        BenchOptions.parse(List.of("--only", "peers", "--quick", "--only", "reads")).parts());
  }

  @ParameterizedTest
  @ValueSource(strings = {"peer", "", "all"})
  void an_unknown_part_is_refused_with_the_names_of_all(String name) {
    Arguments.Invalid refused =
        assertThrows(Arguments.Invalid.class, () -> BenchOptions.parse(List.of("--only", name)));
    for (BenchOptions.Part part : BenchOptions.Part.values()) {
      assertTrue(String.valueOf(refused.getMessage()).contains(part.title()), part.title());
    }
  }

  @ParameterizedTest
  @EnumSource
  void the_help_of_the_script_describes_each_part(BenchOptions.Part part) throws IOException {
    List<String> help = Files.readAllLines(Path.of("bench")).stream().map(String::strip).toList();
    assertTrue(
        help.contains("%-12s %s".formatted(part.title(), part.help())),
        "./bench --help has no line for " + part.title() + ": " + part.help());
  }

  @Test
  void FR_129_the_heap_of_the_measured_service_is_bounded() {
    assertEquals(List.of("-Xmx512m"), BenchOptions.parse(List.of()).jvm());
    assertEquals(
        List.of("-XX:+UseSerialGC", "-Xmx256m"),
        BenchOptions.parse(List.of("--jvm", "-XX:+UseSerialGC -Xmx256m")).jvm());
  }
}
