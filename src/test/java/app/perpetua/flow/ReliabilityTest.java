package app.perpetua.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/reliability.md} has a row for each promise and success criterion, and what it names
 * exists: tests, alerts, invariants.
 */
class ReliabilityTest {
  private static final Path PAGE = Path.of("docs/reliability.md");
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| (Promise \\d+|SC-\\d+)[^|]* \\|(.*)\\|$");
  private static final Pattern NAME = Pattern.compile("`(\\w+)`");
  private static final Pattern ALERT = Pattern.compile("(?m)^ +- alert: (\\w+)$");
  private static final Pattern CRITERION =
      Pattern.compile("(?m)^ +- alert: (\\w+)\\n(?:(?! +- ).*\\n)*? +criterion: (SC-\\d+)$");
  private static final Pattern INVARIANT = Pattern.compile("(?m)^-- name: (\\w+)$");
  private static final String DRILL = "`deploy/restore-drill`";

  @Test
  void every_promise_and_success_criterion_has_a_row() throws IOException {
    assertEquals(
        rows(Path.of("docs/requirements.md")).keySet(), rows(PAGE).keySet(), PAGE.toString());
  }

  @Test
  void every_name_in_a_row_is_a_test_an_alert_or_an_invariant() throws IOException {
    Set<String> known = names(Path.of("deploy/alerts.yaml"), ALERT);
    known.addAll(names(Path.of("deploy/invariants.sql"), INVARIANT));
    known.addAll(tests());
    Set<String> unknown = new TreeSet<>();
    rows(PAGE).values().forEach(row -> unknown.addAll(names(row, NAME)));
    unknown.removeAll(known);
    assertEquals(Set.of(), unknown);
  }

  @Test
  void every_promise_has_a_test() throws IOException {
    Set<String> tests = tests();
    rows(PAGE)
        .forEach(
            (number, row) ->
                assertTrue(
                    number.startsWith("SC") || names(row, NAME).stream().anyMatch(tests::contains),
                    number));
  }

  @Test
  void every_success_criterion_has_its_alerts_or_is_checked_by_the_restore_drill()
      throws IOException {
    Map<String, Set<String>> alerts =
        CRITERION
            .matcher(Files.readString(Path.of("deploy/alerts.yaml")))
            .results()
            .collect(
                Collectors.groupingBy(
                    alert -> alert.group(2),
                    Collectors.mapping(alert -> alert.group(1), Collectors.toSet())));
    rows(PAGE)
        .forEach(
            (number, row) -> {
              if (number.startsWith("SC")) {
                String last = row.substring(row.lastIndexOf('|', row.length() - 2) + 1);
                Set<String> own = alerts.getOrDefault(number, Set.of());
                assertTrue(names(last, NAME).containsAll(own), number + ": " + own);
                assertTrue(!own.isEmpty() || last.contains(DRILL), number);
              }
            });
  }

  /** The rest of each row by its number. */
  private static Map<String, String> rows(Path page) throws IOException {
    return ROW.matcher(Files.readString(page))
        .results()
        .collect(Collectors.toMap(row -> row.group(1), row -> row.group(2)));
  }

  private static Set<String> tests() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.endsWith("Test.java"))
          .map(name -> name.replace(".java", ""))
          .collect(Collectors.toSet());
    }
  }

  private static Set<String> names(Path file, Pattern pattern) throws IOException {
    return names(Files.readString(file), pattern);
  }

  private static Set<String> names(String text, Pattern pattern) {
    return pattern
        .matcher(text)
        .results()
        .map(name -> name.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
