package app.perpetua.flow.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SqlCatalogTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  /** Parameters that the transaction binds. */
  private static final Set<String> BOUND = Set.of("user_id", "now");

  private static final Pattern QUOTED = Pattern.compile("'(?:[^']|'')*'|\"[^\"]*\"");

  /** With {@code select *}, a new column would change the result. */
  private static final Pattern STAR =
      Pattern.compile("(?i)(?:select|returning|,|distinct)\\s+(?:\\w+\\.)?\\*|\\w\\.\\*");

  /** Functions of the server's clock, except {@code clock_timestamp()}, which leases need. */
  private static final Pattern CLOCK =
      Pattern.compile(
          "(?i)\\b(?:now\\s*\\(|current_(?:timestamp|date|time)\\b|local(?:timestamp|time)\\b"
              + "|(?:transaction|statement)_timestamp\\s*\\(|timeofday\\s*\\()");

  static Collection<SqlCatalog.Statement> statements() {
    return SqlCatalog.load().all();
  }

  @Test
  void every_file_is_loaded() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("src/main/resources/sql"))) {
      Set<String> present =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".sql"))
              .map(name -> name.substring(0, name.length() - ".sql".length()))
              .collect(Collectors.toSet());
      assertEquals(present, Set.copyOf(SqlCatalog.FEATURES));
    }
  }

  @Test
  void every_name_used_is_a_statement_and_every_statement_is_used() {
    Set<String> defined = names();
    Set<String> used = Source.statements(SqlCatalog.FEATURES);
    assertEquals(Set.of(), without(used, defined), "used, but not defined");
    assertEquals(Set.of(), without(defined, used), "defined, but not used");
  }

  @Test
  void bound_names_and_parameters_match() {
    Set<String> parameters = new TreeSet<>();
    statements().forEach(statement -> parameters.addAll(statement.parameters()));
    assertEquals(Set.of(), without(Source.bindings(), parameters), "bound, but no parameter");
    parameters.removeAll(BOUND);
    assertEquals(Set.of(), without(parameters, Source.bindings()), "a parameter, but not bound");
  }

  @Test
  void statement_names_are_string_literals() {
    assertEquals(Set.of(), Source.computedBindings());
  }

  @ParameterizedTest
  @MethodSource("statements")
  void the_server_accepts_every_statement(SqlCatalog.Statement statement) throws SQLException {
    try (Connection connection = database.pool(1).getConnection();
        PreparedStatement prepared = connection.prepareStatement(statement.driverSql())) {
      assertEquals(statement.places().size(), prepared.getParameterMetaData().getParameterCount());
      ResultSetMetaData result = prepared.getMetaData();
      Set<String> columns = new TreeSet<>();
      for (int i = 1; result != null && i <= result.getColumnCount(); i++) {
        assertTrue(columns.add(result.getColumnLabel(i)), "twice: " + result.getColumnLabel(i));
        assertFalse(result.getColumnLabel(i).equals("?column?"), "a column without a name");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("statements")
  void every_statement_follows_the_conventions(SqlCatalog.Statement statement) {
    String sql = statement.sql();
    assertFalse(STAR.matcher(sql).find(), "names its columns, not *");
    assertFalse(CLOCK.matcher(sql).find(), "takes the time as :now");
    assertFalse(sql.contains("?"), "a question mark is a parameter to the driver");
    assertFalse(sql.contains(";"), "one statement only");
    QUOTED
        .matcher(sql)
        .results()
        .forEach(
            quoted ->
                assertFalse(
                    SqlCatalog.PARAMETER.matcher(quoted.group()).find(),
                    () -> "a parameter inside quotes: " + quoted.group()));
  }

  @ParameterizedTest
  @MethodSource("statements")
  void user_tables_are_read_through_an_index(SqlCatalog.Statement statement) {
    assertEquals(List.of(), Plan.of(database, statement).scans());
  }

  @ParameterizedTest
  @CsvSource({
    "select name from auth.users where name = :name",
    "select id from tasks.task_instances where title = :title",
    // Reading a whole index counts as a scan, too.
    "select id from tasks.task_instances where title = :title order by user_id",
    "update notes.notes set archived = true where content = :content",
    "delete from activity.activity_logs where action = :action",
    "select t.id from tasks.task_instances t join tasks.subtasks s on s.title = t.title where t.user_id = :user_id",
  })
  void a_sequential_scan_is_reported(String sql) {
    var statement = SqlCatalog.Statement.of("test.scan", sql, SqlCatalog.Scope.FAN_OUT);
    assertFalse(Plan.of(database, statement).scans().isEmpty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          broken_duplicate | statement broken_duplicate.find_it is defined twice
          broken_ownerless | broken_ownerless.find_all must have either :user_id or -- scope: system
          broken_both      | broken_both.find_it must have either :user_id or -- scope: system
          broken_untagged  | broken_untagged.find_all must have -- scope: system fan-out, system queue or system lookup
          broken_scope     | broken_scope.find_all must have -- scope: system fan-out, system queue or system lookup
          broken_nameless  | sql/broken_nameless.sql: text before the first name
          broken_missing   | /sql/broken_missing.sql is not on the class path
          """)
  void a_malformed_file_is_rejected(String feature, String message) {
    IllegalStateException refused =
        assertThrows(IllegalStateException.class, () -> SqlCatalog.load(List.of(feature)));
    assertEquals(message, refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "true, select a from t where id = :id",
    "true, select a from t where note = $$for us$$",
    "false, select a from t where id = :id for no key update",
    "false, 'select a from t for\n  update of t'",
    "false, select a from t for share",
    "false, with x as (delete from t returning a) select a from x",
    "false, insert into t (a) select a from u",
    "false, update t set a = 1"
  })
  void a_plain_read_neither_changes_nor_locks_a_row(boolean expected, String sql) {
    assertEquals(
        expected, SqlCatalog.Statement.of("tasks.x", sql, SqlCatalog.Scope.LOOKUP).plainRead());
    assertEquals(
        expected,
        SqlCatalog.Statement.of("tasks.x", "/* a.x */ " + sql, SqlCatalog.Scope.LOOKUP)
            .plainRead());
  }

  @Test
  void casts_and_times_of_day_are_not_parameters() {
    SqlCatalog.Statement statement =
        SqlCatalog.Statement.of(
            "tasks.find_it",
            "select :id::text, time '12:30:a', a[1:most], :id where user_id=:user_id",
            SqlCatalog.Scope.OWNER);
    assertEquals(
        "select ?::text, time '12:30:a', a[1:most], ? where user_id=?", statement.driverSql());
    assertEquals(List.of(0, 0, 1), statement.places());
    assertEquals(Map.of("id", 0, "user_id", 1), statement.indexes());
    assertEquals(Set.of("id", "user_id"), statement.parameters());
  }

  @Test
  void an_unknown_name_is_rejected() {
    SqlCatalog catalog = SqlCatalog.load();
    assertThrows(IllegalArgumentException.class, () -> catalog.get("tasks.no_such"));
  }

  @ParameterizedTest
  @CsvSource({
    "select * from a, true, false",
    "select t.* from a t, true, false",
    "'select id, * from a', true, false",
    "delete from a returning *, true, false",
    "select count(*) from a, false, false",
    "select 2 * price from a, false, false",
    "select now(), false, true",
    "select CURRENT_DATE, false, true",
    "select clock_timestamp(), false, false",
    "select known from a, false, false",
  })
  void violations_of_the_conventions_are_reported(String sql, boolean star, boolean clock) {
    assertEquals(star, STAR.matcher(sql).find());
    assertEquals(clock, CLOCK.matcher(sql).find());
  }

  private static Set<String> names() {
    return statements().stream()
        .map(SqlCatalog.Statement::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> without(Set<String> names, Set<String> others) {
    Set<String> left = new TreeSet<>(names);
    left.removeAll(others);
    return left;
  }
}
