package app.perpetua.flow.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Checks the invariants of a database at rest: the queries of {@code deploy/invariants.sql}. */
public final class Invariants {
  private static final Path FILE = Path.of("deploy/invariants.sql");
  private static final Pattern NAME = Pattern.compile("-- name: ([a-z][a-z0-9_]*)");

  /** The names of violated invariants, by one statement instead of thirty. */
  private static final String VIOLATED =
      queries().entrySet().stream()
          .map(
              query ->
                  "select '%s' as name where exists (%s)"
                      .formatted(query.getKey(), query.getValue().strip().replaceFirst(";$", "")))
          .collect(Collectors.joining("\nunion all\n"));

  private Invariants() {}

  /**
   * Runs every query.
   *
   * @throws AssertionError with each violated invariant and its rows
   */
  public static void check(TestDatabase database) {
    Set<String> violated =
        database.rows(VIOLATED).stream()
            .map(row -> String.valueOf(row.get("name")))
            .collect(Collectors.toSet());
    if (!violated.isEmpty()) {
      throw new AssertionError(
          queries().entrySet().stream()
              .filter(query -> violated.contains(query.getKey()))
              .map(query -> query.getKey() + ": " + database.rows(query.getValue()))
              .collect(Collectors.joining("\n")));
    }
  }

  /** The queries by name; each returns the rows that violate it. */
  public static Map<String, String> queries() {
    Map<String, StringBuilder> queries = new LinkedHashMap<>();
    StringBuilder current = new StringBuilder();
    for (String line : text().lines().toList()) {
      Matcher name = NAME.matcher(line);
      if (name.matches()) {
        current = new StringBuilder();
        queries.put(name.group(1), current);
      } else if (!line.startsWith("--")) {
        current.append(line).append('\n');
      }
    }
    Map<String, String> texts = new LinkedHashMap<>();
    queries.forEach((name, query) -> texts.put(name, query.toString()));
    return texts;
  }

  private static String text() {
    try {
      return Files.readString(FILE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
