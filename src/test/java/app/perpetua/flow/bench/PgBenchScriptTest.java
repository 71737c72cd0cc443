package app.perpetua.flow.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.bench.load.Operation;
import app.perpetua.flow.bench.load.Requests;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.sql.SqlCatalog;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs pgbench's scripts without pgbench, so that a changed statement does not break ./bench. */
class PgBenchScriptTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final int USER = 0;
  private static final int TASK = Requests.PATCHED;

  @BeforeAll
  static void load() throws SQLException {
    try (Connection connection = database.dataSource().getConnection()) {
      Database.load(connection, 1);
    }
    database.makeDays(Instant.now());
  }

  static Stream<Operation> compared() {
    return Stream.of(Operation.values()).filter(Operation::compared);
  }

  @ParameterizedTest
  @MethodSource("compared")
  void every_parameter_of_every_statement_is_bound(Operation operation) throws SQLException {
    Set<String> expected = new LinkedHashSet<>(operation.awaited());
    expected.addAll(operation.deferred());
    try (Connection connection = database.dataSource().getConnection()) {
      connection.setAutoCommit(false);
      Map<String, Integer> run = run(connection, script(connection, operation, List.of()));
      connection.rollback();
      assertEquals(expected, run.keySet());
      run.forEach(
          (statement, rows) ->
              assertEquals(
                  operation == Operation.LIST ? 25 : 1, rows, statement + " reads or writes"));
    }
  }

  @Test
  void a_change_stores_unchanged_columns_with_their_values() throws SQLException {
    try (Connection connection = database.dataSource().getConnection()) {
      connection.setAutoCommit(false);
      try (var statement = connection.createStatement()) {
        statement.execute("update tasks.task_instances set focus_time_seconds = 77");
      }
      Map<String, @Nullable String> before = Database.task(connection, USER, TASK);
      run(connection, script(connection, Operation.PATCH, List.of()));
      Map<String, @Nullable String> after = Database.task(connection, USER, TASK);
      connection.rollback();
      assertEquals("77", after.get("focus_time_seconds"));
      for (String changed : List.of("title", "search_text", "version", "updated_at")) {
        assertTrue(before.remove(changed) != null && after.remove(changed) != null);
      }
      assertEquals(before, after);
    }
  }

  @ParameterizedTest
  @MethodSource("compared")
  void a_parameter_without_a_value_is_named(Operation operation) throws SQLException {
    for (String name :
        Stream.concat(operation.awaited().stream(), operation.deferred().stream()).toList()) {
      assertEquals(
          "parameter :brand_new of "
              + name
              + " has no value in the benchmark: give it one, or null on purpose, in"
              + " bench.PgBenchScript",
          refused(operation, with(name, ", :brand_new")));
    }
  }

  @Test
  void a_value_without_a_parameter_is_named() throws SQLException {
    assertEquals(
        "tasks.find_detail has no parameter [id]: change bench.PgBenchScript",
        refused(Operation.SHOW, statement("tasks.find_detail", "select :user_id")));
  }

  @Test
  void a_removed_statement_is_named() {
    IllegalStateException refused =
        assertThrows(
            IllegalStateException.class,
            () -> PgBenchScript.of(Operation.SHOW, List.of(), Map.of(), 1));
    assertEquals(
        "tasks.find_detail is not a statement: change bench.Operation", refused.getMessage());
  }

  private static String refused(Operation operation, SqlCatalog.Statement changed)
      throws SQLException {
    try (Connection connection = database.dataSource().getConnection()) {
      IllegalStateException refused =
          assertThrows(
              IllegalStateException.class, () -> script(connection, operation, List.of(changed)));
      return String.valueOf(refused.getMessage());
    }
  }

  private static PgBenchScript script(
      Connection connection, Operation operation, List<SqlCatalog.Statement> changed)
      throws SQLException {
    List<SqlCatalog.Statement> statements = new ArrayList<>(SqlCatalog.load().all());
    statements.addAll(changed);
    return PgBenchScript.of(operation, statements, Database.task(connection, USER, TASK), 1);
  }

  private static SqlCatalog.Statement with(String name, String further) {
    return SqlCatalog.load().all().stream()
        .filter(statement -> statement.name().equals(name))
        .map(statement -> statement(name, statement.sql() + further))
        .findFirst()
        .orElseThrow();
  }

  private static SqlCatalog.Statement statement(String name, String sql) {
    Set<String> parameters = new LinkedHashSet<>();
    SqlCatalog.PARAMETER.matcher(sql).results().forEach(found -> parameters.add(found.group(1)));
    Map<String, Integer> indexes = new HashMap<>();
    parameters.forEach(parameter -> indexes.put(parameter, indexes.size()));
    return new SqlCatalog.Statement(
        name, sql, sql, indexes, List.copyOf(indexes.values()), SqlCatalog.Scope.OWNER, false);
  }

  /** Executes the script's statements; returns the number of rows that each read or wrote. */
  private static Map<String, Integer> run(Connection connection, PgBenchScript script)
      throws SQLException {
    Map<String, String> variables = new HashMap<>(script.variables());
    variables.put("user", Integer.toString(USER + 1));
    variables.put("task", Long.toString(Database.taskNumber(USER, TASK)));
    variables.put("key", "4711");
    Map<String, Integer> rows = new HashMap<>();
    String text = script.text().replaceAll("(?m)^(\\\\.*|begin;|commit;)$", "");
    for (String statement : text.split(";\n", -1)) {
      if (statement.isBlank()) {
        continue;
      }
      List<String> names =
          SqlCatalog.PARAMETER.matcher(statement).results().map(PgBenchScriptTest::name).toList();
      try (PreparedStatement prepared =
          connection.prepareStatement(SqlCatalog.PARAMETER.matcher(statement).replaceAll("?"))) {
        for (int i = 0; i < names.size(); i++) {
          // As pgbench sends it: as text, whose type the server infers.
          prepared.setObject(i + 1, variables.get(names.get(i)), Types.OTHER);
        }
        int count = 0;
        if (prepared.execute()) {
          try (ResultSet result = prepared.getResultSet()) {
            while (result.next()) {
              count++;
            }
          }
        } else {
          count = prepared.getUpdateCount();
        }
        rows.put(statement.strip().split(" ", -1)[1], count);
      }
    }
    return rows;
  }

  private static String name(MatchResult parameter) {
    return parameter.group(1);
  }
}
