package app.perpetua.flow.sql;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The named statements of {@code sql/<feature>.sql}. A block that starts with {@code -- name:
 * verb_noun} is the statement {@code feature.verb_noun}. It either selects its owner's rows by
 * {@code :user_id} or has a line such as {@code -- scope: system lookup}, which says what it would
 * need if users were spread over several servers: a {@link Scope}. Immutable.
 */
public final class SqlCatalog {
  /** The names of all files, without {@code .sql}. */
  static final List<String> FEATURES =
      List.of(
          "account",
          "achievements",
          "activity",
          "agenda",
          "assistant",
          "billing",
          "calendar",
          "credits",
          "events",
          "export",
          "filters",
          "focus",
          "idempotency",
          "imports",
          "jobs",
          "lists",
          "notes",
          "notifications",
          "owner",
          "quickadd",
          "recovery",
          "recurrence",
          "reminders",
          "savedfilters",
          "search",
          "sync",
          "tasklists",
          "tasks",
          "tokens",
          "undo",
          "voice",
          "webhooks");

  private static final Pattern NAME = Pattern.compile("^-- name: ([a-z][a-z0-9_]*)$");
  private static final String SCOPE = "-- scope:";
  private static final Pattern SYSTEM =
      Pattern.compile("^-- scope: system (fan-out|queue|lookup)$");

  /**
   * A parameter, but neither a cast ({@code ::text}) nor a time of day. The colon is outside the
   * lookbehind, so that the search skips other characters quickly.
   */
  public static final Pattern PARAMETER = Pattern.compile(":(?<![:\\w]:)([a-z][a-z0-9_]*)");

  private static final Pattern SELECT = Pattern.compile("(/\\* [a-z_.]+ \\*/ )?select\\b");

  /** The boundary is behind the word, so that the search skips other characters quickly. */
  private static final Pattern ROW_LOCK =
      Pattern.compile("for(?<!\\wfor)\\s+(no\\s+key\\s+)?(update|key|share)\\b");

  /** Whose rows a statement reads or changes. */
  public enum Scope {
    /** The rows of {@code :user_id}, which would be on one server. */
    OWNER,

    /** Rows of many users, or the schema: it would run on every server. */
    FAN_OUT,

    /** The job queue and its schedule, which are shared by all users. */
    QUEUE,

    /** A row by another key than its owner: it would need a directory of these keys. */
    LOOKUP
  }

  /**
   * One statement.
   *
   * @param name {@code feature.verb_noun}
   * @param sql the text without comments, parameters as {@code :name}
   * @param driverSql the same with {@code ?} for each parameter
   * @param indexes each parameter's index, from 0, in the order of their first use
   * @param places the parameter's index for each {@code ?}
   * @param scope whose rows it reads or changes
   * @param plainRead whether it is a select that neither changes nor locks a row
   */
  public record Statement(
      String name,
      String sql,
      String driverSql,
      Map<String, Integer> indexes,
      List<Integer> places,
      Scope scope,
      boolean plainRead) {
    static Statement of(String name, String sql, Scope scope) {
      Map<String, Integer> indexes = new LinkedHashMap<>();
      List<Integer> places = new ArrayList<>();
      String driverSql =
          PARAMETER
              .matcher(sql)
              .replaceAll(
                  parameter -> {
                    places.add(indexes.computeIfAbsent(parameter.group(1), _ -> indexes.size()));
                    return "?";
                  });
      // One that starts with a common table expression may change rows.
      boolean plainRead = SELECT.matcher(sql).lookingAt() && !ROW_LOCK.matcher(sql).find();
      return new Statement(
          name, sql, driverSql, Map.copyOf(indexes), List.copyOf(places), scope, plainRead);
    }

    /** Whether only system transactions may run it. */
    public boolean system() {
      return scope != Scope.OWNER;
    }

    /** The names of the parameters. */
    public Set<String> parameters() {
      return indexes.keySet();
    }
  }

  private final Map<String, Statement> statements;

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
   * @throws IllegalStateException if a file is missing, a name occurs twice, a scope is unknown, or
   *     a statement has neither or both of {@code :user_id} and {@code -- scope: system}
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
              statement.name() + " must have either :user_id or -- scope: system");
        }
      }
    }
    return new SqlCatalog(Map.copyOf(statements));
  }

  public Collection<Statement> all() {
    return statements.values();
  }

  /**
   * Returns the statement with this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  Statement get(String name) {
    Statement statement = statements.get(name);
    if (statement == null) {
      throw new IllegalArgumentException("no such statement: " + name);
    }
    return statement;
  }

  private static List<Statement> parse(String feature, String text) {
    Map<String, StringBuilder> blocks = new LinkedHashMap<>();
    Map<String, Scope> system = new HashMap<>();
    String current = "";
    for (String line : text.lines().toList()) {
      Matcher name = NAME.matcher(line);
      if (name.matches()) {
        current = feature + "." + name.group(1);
        if (blocks.put(current, new StringBuilder()) != null) {
          throw new IllegalStateException("statement " + current + " is defined twice");
        }
      } else if (line.startsWith(SCOPE)) {
        system.put(current, scope(current, line));
      } else if (!line.isBlank() && !line.stripLeading().startsWith("--")) {
        StringBuilder block = blocks.get(current);
        if (block == null) {
          throw new IllegalStateException("sql/" + feature + ".sql: text before the first name");
        }
        block.append(line).append('\n');
      }
    }
    return blocks.entrySet().stream()
        .map(
            e ->
                statement(
                    e.getKey(),
                    e.getValue().toString(),
                    system.getOrDefault(e.getKey(), Scope.OWNER)))
        .toList();
  }

  private static Scope scope(String name, String line) {
    Matcher system = SYSTEM.matcher(line);
    if (!system.matches()) {
      throw new IllegalStateException(
          name + " must have -- scope: system fan-out, system queue or system lookup");
    }
    return Scope.valueOf(system.group(1).replace('-', '_').toUpperCase(Locale.ROOT));
  }

  private static Statement statement(String name, String body, Scope scope) {
    String sql = body.strip();
    if (sql.endsWith(";")) {
      sql = sql.substring(0, sql.length() - 1);
    }
    // Shows the name in pg_stat_activity and in the server's log.
    return Statement.of(name, "/* " + name + " */ " + sql, scope);
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
