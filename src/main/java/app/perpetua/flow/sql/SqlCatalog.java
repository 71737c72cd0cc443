package app.perpetua.flow.sql;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The named statements of {@code sql/<feature>.sql}. A block starts with {@code -- name: verb_noun}
 * and is known as {@code feature.verb_noun}; comment lines below say why. A statement names its
 * owner as {@code :user_id}, or carries the line {@code -- scope: system}. Thread-safe.
 */
public final class SqlCatalog {
  /** The files of statements, {@code sql/<feature>.sql}: all that there are. */
  static final List<String> FEATURES =
      List.of(
          "account",
          "activity",
          "credits",
          "events",
          "export",
          "idempotency",
          "jobs",
          "notifications",
          "owner",
          "reminders",
          "tasks",
          "tombstones");

  private static final Pattern NAME = Pattern.compile("^-- name: ([a-z][a-z0-9_]*)$");
  private static final Pattern SYSTEM = Pattern.compile("^-- scope: system\\b.*");

  /** A parameter, but neither a cast ({@code ::text}) nor a time of day. */
  static final Pattern PARAMETER = Pattern.compile("(?<![:\\w]):([a-z][a-z0-9_]*)");

  /**
   * One statement.
   *
   * @param name {@code feature.verb_noun}
   * @param sql the text, comments removed, parameters as {@code :name}
   * @param parameters the names, in order of first use
   * @param system true if it belongs to no one user
   */
  public record Statement(String name, String sql, Set<String> parameters, boolean system) {
    /** The text with that in front of every parameter's name. */
    String prefixed(String prefix) {
      return PARAMETER.matcher(sql).replaceAll(":" + prefix + "$1");
    }
  }

  private final Map<String, Statement> statements;

  /** As many as there are statements times places, of which a transaction has a few. */
  private final Map<Placed, String> placed = new ConcurrentHashMap<>();

  private record Placed(String name, int place) {}

  private SqlCatalog(Map<String, Statement> statements) {
    this.statements = statements;
  }

  /**
   * Loads every statement of the service.
   *
   * @throws IllegalStateException as {@link #load(List)} does
   */
  public static SqlCatalog load() {
    return load(FEATURES);
  }

  /**
   * Loads the files of the given features from the class path.
   *
   * @throws IllegalStateException if a file is missing, a name occurs twice, or a statement neither
   *     names {@code :user_id} nor is marked as the system's
   */
  public static SqlCatalog load(List<String> features) {
    Map<String, Statement> statements = new LinkedHashMap<>();
    for (String feature : features) {
      for (Statement statement : parse(feature, resource("/sql/" + feature + ".sql"))) {
        if (statements.put(statement.name(), statement) != null) {
          throw new IllegalStateException("statement " + statement.name() + " is defined twice");
        }
        if (statement.system() == statement.parameters().contains("user_id")) {
          throw new IllegalStateException(
              statement.name() + " must name :user_id or be marked -- scope: system, and not both");
        }
      }
    }
    return new SqlCatalog(Map.copyOf(statements));
  }

  /** All statements, in no particular order. */
  public Collection<Statement> all() {
    return statements.values();
  }

  /**
   * The statement of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  Statement get(String name) {
    Statement statement = statements.get(name);
    if (statement == null) {
      throw new IllegalArgumentException("no statement is called " + name);
    }
    return statement;
  }

  /** What a parameter of a statement at that place of a script is called, up to its own name. */
  static String prefix(int place) {
    return "s" + place + "_";
  }

  /** The statement's text for that place. Every commit needs some, so they are remembered. */
  String at(Statement statement, int place) {
    return placed.computeIfAbsent(
        new Placed(statement.name(), place), _ -> statement.prefixed(prefix(place)));
  }

  private static List<Statement> parse(String feature, String text) {
    Map<String, StringBuilder> blocks = new LinkedHashMap<>();
    Set<String> system = new LinkedHashSet<>();
    String current = "";
    for (String line : text.lines().toList()) {
      Matcher name = NAME.matcher(line);
      if (name.matches()) {
        current = feature + "." + name.group(1);
        if (blocks.put(current, new StringBuilder()) != null) {
          throw new IllegalStateException("statement " + current + " is defined twice");
        }
      } else if (SYSTEM.matcher(line).matches()) {
        system.add(current);
      } else if (!line.isBlank() && !line.stripLeading().startsWith("--")) {
        StringBuilder block = blocks.get(current);
        if (block == null) {
          throw new IllegalStateException("sql/" + feature + ".sql: text before the first name");
        }
        block.append(line).append('\n');
      }
    }
    return blocks.entrySet().stream()
        .map(e -> statement(e.getKey(), e.getValue().toString(), system.contains(e.getKey())))
        .toList();
  }

  private static Statement statement(String name, String body, boolean system) {
    String sql = body.strip();
    if (sql.endsWith(";")) {
      sql = sql.substring(0, sql.length() - 1);
    }
    Set<String> parameters = new LinkedHashSet<>();
    Matcher matcher = PARAMETER.matcher(sql);
    while (matcher.find()) {
      parameters.add(matcher.group(1));
    }
    // The name travels along, so that pg_stat_activity and the server's log can show it.
    return new Statement(name, "/* " + name + " */ " + sql, Set.copyOf(parameters), system);
  }

  private static String resource(String path) {
    try (InputStream in = SqlCatalog.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException(path + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
