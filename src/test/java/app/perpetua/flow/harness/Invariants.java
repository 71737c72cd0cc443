package app.perpetua.flow.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What must hold in every database at rest: the queries of {@code sql/invariants.sql}. */
public final class Invariants {
  private static final Pattern NAME = Pattern.compile("-- name: ([a-z][a-z0-9_]*)");

  private Invariants() {}

  /**
   * Runs every query.
   *
   * @throws AssertionError naming each violated invariant and its rows
   */
  public static void check(TestDatabase database) {
    List<String> violated = new ArrayList<>();
    queries()
        .forEach(
            (name, query) -> {
              List<Map<String, @Nullable Object>> rows = database.rows(query);
              if (!rows.isEmpty()) {
                violated.add(name + ": " + rows);
              }
            });
    if (!violated.isEmpty()) {
      throw new AssertionError(String.join("\n", violated));
    }
  }

  /** The queries by name; each yields nothing in a database that is as it must be. */
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
    try (InputStream in = Invariants.class.getResourceAsStream("/sql/invariants.sql")) {
      if (in == null) {
        throw new IllegalStateException("sql/invariants.sql is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
