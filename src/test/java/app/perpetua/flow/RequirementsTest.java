package app.perpetua.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * References to requirements resolve in {@code docs/requirements.md}, and its tests and those of
 * {@code docs/security.md} exist.
 */
class RequirementsTest {
  private static final Path LIST = Path.of("docs/requirements.md");
  private static final Path TESTS = Path.of("src/test/java");
  private static final Pattern TEXT = Pattern.compile(".*\\.(java|sql|ya?ml|md)");

  /** Comments and test names use different notations: FR-001 and FR_001, US9 and US09. */
  private static final Pattern NAMED =
      Pattern.compile(
          "(?<![A-Za-z])(FR)[-_](\\d+[a-z]?)|\\b(SC)[-_](\\d+)|\\b(US)(\\d+)"
              + "|([Pp]romise)s?[\\s*_]+(\\d+(?:(?:, | and | to |_and_)\\d+)*)");

  private static final Pattern NUMBER = Pattern.compile("0*(\\d+[a-z]?)");
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| (\\w+[- ]?\\d+[a-z]?) \\| .+ \\| (.+) \\|$");
  private static final Pattern TEST = Pattern.compile("`(\\w+)(?:\\.(\\w+))?`");

  private static final Path SECURITY = Path.of("docs/security.md");
  private static final Pattern SECTION = Pattern.compile("(?ms)^## (.+?)$(.+?)(?=^## |\\z)");

  /** What each section of the security page answers; further sections need the tests only. */
  private static final List<String> RISK_PARTS =
      List.of("**Here.** ", "**Answer.** ", "**Tests.**", "**Left to the operator.** ");

  @Test
  void every_requirement_in_a_test_name_is_listed() throws IOException {
    Map<String, String> listed = listed(Files.readString(LIST));
    List<String> unknown = new ArrayList<>();
    for (Path file : files(Path.of("src"), Path.of("docs"), Path.of("README.md"))) {
      unlisted(Files.readString(file), listed).forEach(number -> unknown.add(file + ": " + number));
    }
    assertEquals(List.of(), unknown);
  }

  @Test
  void every_listed_test_exists() throws IOException {
    assertEquals(List.of(), missing(listed(Files.readString(LIST)), sources()));
  }

  @Test
  void the_security_page_answers_all_ten_risks_with_tests_that_exist() throws IOException {
    String page = Files.readString(SECURITY);
    assertEquals(
        IntStream.rangeClosed(1, 10).mapToObj(number -> "API" + number + ":2023").toList(),
        SECTION
            .matcher(page)
            .results()
            .map(section -> section.group(1).split(" ", 2)[0])
            .filter(number -> number.startsWith("API"))
            .toList());
    assertEquals(List.of(), unproved(page, sources()));
  }

  @Test
  void a_risk_without_an_answer_or_with_a_test_that_does_not_exist_is_reported() {
    String page =
        """
        # Security
        ## API1:2023 One
        **Here.** Ids.

        **Answer.** `Tx`.

        **Tests.** `ATest.exists`,
        `ATest.missing`, `ATest`.

        **Left to the operator.** `PORT`.
        ## API2:2023 Two
        **Tests.** None.
        ## Data
        **Tests.** `BTest.exists`.
        """;
    assertEquals(
        List.of(
            "API1:2023 One: ATest.missing",
            "API1:2023 One: ATest",
            "API2:2023 Two: no **Here.**",
            "API2:2023 Two: no **Answer.**",
            "API2:2023 Two: no **Left to the operator.**",
            "API2:2023 Two: no test",
            "Data: BTest.exists"),
        unproved(page, Map.of("ATest", "  void exists() {}")));
  }

  @Test
  void a_number_that_is_not_listed_is_reported_in_every_notation() {
    String text =
        """
        (FR-012b) void FR_049_FR_050_x() SC-003 US9 class US10ProTest
        Promises 1, 2 and 3; a promise
         * 4; void promise_21_and_23_x()
        """;
    assertEquals(
        "FR 12b, FR 50, PROMISE 1, PROMISE 2, PROMISE 21, PROMISE 23, PROMISE 3, PROMISE 4, SC 3,"
            + " US 10, US 9",
        String.join(", ", unlisted(text, listed("| FR-049 | Listed. | `ATest` |"))));
  }

  @Test
  void a_test_that_does_not_exist_is_reported() {
    String list =
        """
        | number | demand | proof |
        | --- | --- | --- |
        | FR-001 | One. | `ATest.exists`, `ATest.missing` |
        | US02 | two | `BTest` |
        | Promise 3 | Three. | none |
        """;
    assertEquals(
        List.of("FR 1: ATest.missing", "PROMISE 3: no proof", "US 2: BTest"),
        missing(listed(list), Map.of("ATest", "  void exists() {}\n  // missing")));
  }

  /** The sources of the tests by the name of their class. */
  private static Map<String, String> sources() throws IOException {
    Map<String, String> sources = new HashMap<>();
    for (Path file : files(TESTS)) {
      String type = file.getFileName().toString().replace(".java", "");
      sources.merge(type, Files.readString(file), String::concat);
    }
    return sources;
  }

  /** What is missing in sections of the security page; its tests have a class and a method. */
  private static List<String> unproved(String page, Map<String, String> sources) {
    List<String> missing = new ArrayList<>();
    SECTION
        .matcher(page)
        .results()
        .forEach(
            section -> {
              String title = section.group(1);
              String text = section.group(2);
              if (title.startsWith("API")) {
                RISK_PARTS.stream()
                    .filter(part -> !text.contains("\n" + part))
                    .forEach(part -> missing.add(title + ": no " + part.strip()));
              }
              List<MatchResult> tests = TEST.matcher(tests(text)).results().toList();
              if (tests.isEmpty()) {
                missing.add(title + ": no test");
              }
              tests.stream()
                  .filter(
                      test ->
                          test.group(2) == null
                              || !exists(sources.get(test.group(1)), test.group(2)))
                  .forEach(test -> missing.add(title + ": " + test.group().replace("`", "")));
            });
    return missing;
  }

  /** The paragraph of a section that names its tests; empty if there is none. */
  private static String tests(String section) {
    String start = "\n**Tests.**";
    int begin = section.indexOf(start);
    int end = begin < 0 ? -1 : section.indexOf("\n\n", begin);
    return begin < 0 ? "" : section.substring(begin, end < 0 ? section.length() : end);
  }

  private static Set<String> unlisted(String text, Map<String, String> listed) {
    Set<String> numbers = named(text);
    numbers.removeAll(listed.keySet());
    return numbers;
  }

  /** Numbers without leading zeros. */
  private static Set<String> named(String text) {
    Set<String> numbers = new TreeSet<>();
    NAMED
        .matcher(text)
        .results()
        .forEach(
            match -> {
              int kind =
                  match.group(1) != null
                      ? 1
                      : match.group(3) != null ? 3 : match.group(5) != null ? 5 : 7;
              NUMBER
                  .matcher(match.group(kind + 1))
                  .results()
                  .map(number -> match.group(kind).toUpperCase(Locale.ROOT) + " " + number.group(1))
                  .forEach(numbers::add);
            });
    return numbers;
  }

  /** The last column by number. */
  private static Map<String, String> listed(String markdown) {
    return ROW.matcher(markdown)
        .results()
        .collect(
            Collectors.toMap(row -> String.join(" ", named(row.group(1))), row -> row.group(2)));
  }

  private static List<String> missing(Map<String, String> listed, Map<String, String> sources) {
    List<String> missing = new ArrayList<>();
    listed.forEach(
        (number, proof) -> {
          if (!proof.contains("`") && !proof.contains("](")) {
            missing.add(number + ": no proof");
          }
          TEST.matcher(proof)
              .results()
              .filter(test -> !exists(sources.get(test.group(1)), test.group(2)))
              .forEach(test -> missing.add(number + ": " + test.group().replace("`", "")));
        });
    return missing.stream().sorted().toList();
  }

  private static boolean exists(@Nullable String source, @Nullable String method) {
    return source != null && (method == null || source.contains(" " + method + "("));
  }

  private static List<Path> files(Path... roots) throws IOException {
    List<Path> files = new ArrayList<>();
    for (Path root : roots) {
      try (Stream<Path> below = Files.walk(root)) {
        below
            .filter(file -> TEXT.matcher(file.toString()).matches())
            .filter(file -> !file.toString().contains("node_modules"))
            .forEach(files::add);
      }
    }
    return files;
  }
}
