package app.perpetua.flow.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * FR-121: a page of a list costs what the page costs. Compares what the server reads for a user
 * with 50,000 tasks and for one with 50, in the plans that a prepared statement gets: pages of the
 * database do not depend on the machine.
 */
class ListCostTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final UUID MANY = UUID.fromString("00000000-0000-7000-8000-000000000001");
  private static final UUID FEW = UUID.fromString("00000000-0000-7000-8000-000000000002");
  private static final UUID ANOTHER = UUID.fromString("00000000-0000-7000-8000-000000000003");
  private static final UUID LIST = UUID.fromString("00000000-0000-7000-8000-000000000004");
  private static final int TASKS = 50_000;
  private static final int OPEN = 50;
  private static final String LOWEST = new UUID(0, 0).toString();
  private static final String HIGHEST = new UUID(-1, -1).toString();

  private static final SqlCatalog CATALOG = SqlCatalog.load();

  private record Param(String type, String value) {}

  private static final Map<String, Param> DEFAULTS =
      Map.ofEntries(
          Map.entry("counted", new Param("boolean", "true")),
          Map.entry("filtered", new Param("boolean", "false")),
          Map.entry("completed", new Param("boolean", "null")),
          Map.entry("hidden", new Param("boolean", "false")),
          Map.entry("archived", new Param("boolean", "false")),
          Map.entry("priority", new Param("varchar", "null")),
          Map.entry("due_before", new Param("timestamptz", "null")),
          Map.entry("due_after", new Param("timestamptz", "null")),
          Map.entry("template_id", new Param("uuid", "null")),
          Map.entry("list_id", new Param("uuid", "null")),
          Map.entry("label_id", new Param("uuid", "null")),
          Map.entry("order", new Param("varchar", "'created_at'")),
          Map.entry("words", new Param("varchar[]", "'{}'")),
          Map.entry("starts", new Param("varchar[]", "null")),
          Map.entry("date", new Param("date", "null")),
          Map.entry("from", new Param("timestamptz", "null")),
          Map.entry("next", new Param("timestamptz", "null")),
          Map.entry("until", new Param("timestamptz", "null")),
          Map.entry("overdue_before", new Param("timestamptz", "null")),
          Map.entry("offset", new Param("int", "0")),
          Map.entry("limit", new Param("int", "25")));

  static Collection<SqlCatalog.Statement> lists() {
    return CATALOG.all().stream()
        .filter(statement -> statement.parameters().contains("offset"))
        .toList();
  }

  @BeforeAll
  static void load() {
    for (UUID user : List.of(MANY, FEW)) {
      database.run(
          """
          insert into auth.users (id, google_id, email, name, created_at, updated_at)
          values (?, ?, 'a@example.com', 'A', '2026-01-01Z', '2026-01-01Z')
          """,
          user,
          "google-" + user);
    }
    // Built after the rows, as that is faster.
    List<String> indexes =
        database
            .rows("select indexdef from pg_indexes where indexname = 'closed_texts_trigrams'")
            .stream()
            .map(row -> String.valueOf(row.get("indexdef")))
            .toList();
    assertEquals(1, indexes.size());
    database.run("drop index tasks.closed_texts_trigrams");
    insert(MANY, TASKS);
    // Other users' tasks lie between those of one in the table's pages.
    database.run(
        """
        insert into auth.users (id, google_id, email, name, created_at, updated_at)
        select case when n = 1 then ?::uuid else gen_random_uuid() end, 'g' || n, 'a@example.com', 'A',
               '2026-01-01Z', '2026-01-01Z'
        from generate_series(1, 300) n
        """,
        ANOTHER);
    database.run(
        """
        insert into tasks.task_instances
          (id, user_id, title, completed, completed_at, completed_by, created_at, updated_at)
        select gen_random_uuid(), u.id, 'Task of another user ' || n, true, '2026-02-01Z', 'manual',
               timestamptz '2026-01-01Z' + n * interval '1 minute', '2026-02-01Z'
        from generate_series(1, 30) n cross join auth.users u
        where u.google_id like 'g%' and u.id not in (?, ?)
        """,
        MANY, FEW);
    insert(FEW, OPEN);
    database.run(indexes.getFirst());
    database.run("update auth.users set open_tasks = ? where id in (?, ?)", OPEN, MANY, FEW);
    database.run("vacuum (analyze) tasks.task_instances");
    database.run("vacuum (analyze) auth.users");
  }

  /** All but the newest 50 are completed. */
  private static void insert(UUID user, int tasks) {
    database.run(
        """
        insert into tasks.task_instances
          (id, user_id, title, description, priority, due_date, completed, completed_at, completed_by,
           created_at, updated_at)
        select gen_random_uuid(), ?, 'Task ' || n || ' call ' || md5(n::text), 'Bring the papers',
               (array['low', 'medium', 'high'])[1 + n % 3],
               case when n % 4 > 0 then timestamptz '2026-03-01Z' + n * interval '1 minute' end,
               n <= ?, case when n <= ? then timestamptz '2026-03-01Z' end,
               case when n <= ? then 'manual' end,
               timestamptz '2020-01-01Z' + n * interval '1 minute',
               timestamptz '2021-01-01Z' + n * interval '1 minute'
        from generate_series(1, ?) n
        """,
        user, tasks - OPEN, tasks - OPEN, tasks - OPEN, tasks);
  }

  /** The executed plan of a statement. */
  private record Cost(JsonNode plan, long pages, long rows) {}

  private static Cost cost(String name, UUID user, String mode, Map<String, String> values) {
    SqlCatalog.Statement statement = CATALOG.get(name.contains(".") ? name : "tasklists." + name);
    Map<String, Param> bound = new HashMap<>(DEFAULTS);
    bound.put("user_id", new Param("uuid", "'" + user + "'"));
    boolean byNumber = name.contains("priority");
    boolean byPosition = name.contains("position");
    boolean descending = name.matches(".*(?:newest|latest|lowest|descending).*");
    bound.put(
        "after_key",
        new Param(
            "varchar",
            byPosition
                ? "''"
                : descending
                    ? byNumber ? "'3'" : "'infinity'"
                    : byNumber ? "'-1'" : "'-infinity'"));
    bound.put("after_id", new Param("uuid", "'" + (descending ? HIGHEST : LOWEST) + "'"));
    values.forEach(
        (key, value) ->
            bound.compute(key, (_, old) -> new Param(Objects.requireNonNull(old).type(), value)));
    List<String> names = statement.parameters().stream().sorted().toList();
    String sql =
        SqlCatalog.PARAMETER
            .matcher(statement.sql())
            .replaceAll(
                parameter ->
                    Matcher.quoteReplacement("$" + (names.indexOf(parameter.group(1)) + 1)));
    try (Connection connection = database.textConnection();
        Statement server = connection.createStatement()) {
      server.execute("set plan_cache_mode = " + mode);
      server.execute("set max_parallel_workers_per_gather = 0");
      server.execute(
          "prepare measured ("
              + String.join(", ", names.stream().map(each -> param(bound, each).type()).toList())
              + ") as "
              + sql);
      String execute =
          "execute measured ("
              + String.join(", ", names.stream().map(each -> param(bound, each).value()).toList())
              + ")";
      // As often as the server needs to choose between the plans, and to fill its caches.
      for (int i = 0; i < 6; i++) {
        server.execute(execute);
      }
      try (ResultSet result =
          server.executeQuery(
              "explain (analyze, buffers, timing off, verbose, format json) " + execute)) {
        result.next();
        JsonNode plan = new Json().parse(result.getString(1)).get(0).get("Plan");
        return new Cost(
            plan,
            plan.get("Shared Hit Blocks").longValue() + plan.get("Shared Read Blocks").longValue(),
            plan.get("Actual Rows").longValue());
      }
    } catch (SQLException e) {
      throw new IllegalStateException(name + " " + values, e);
    }
  }

  private static Param param(Map<String, Param> bound, String name) {
    return Objects.requireNonNull(bound.get(name), name);
  }

  static Stream<Arguments> walks() {
    return Stream.of("force_generic_plan", "auto", "force_custom_plan")
        .flatMap(
            mode ->
                Stream.of(
                        "list_newest",
                        "list_newest_narrowed",
                        "list_oldest",
                        "list_oldest_narrowed",
                        "list_open_by_due",
                        "list_open_by_due_narrowed",
                        "list_open_descending")
                    .map(name -> Arguments.of(name, mode)));
  }

  @ParameterizedTest
  @MethodSource("walks")
  void FR_121_the_first_page_of_many_tasks_costs_what_that_of_few_costs(String name, String mode) {
    Cost few = cost(name, FEW, mode, Map.of());
    Cost many = cost(name, MANY, mode, Map.of());
    assertEquals(25, few.rows());
    assertEquals(25, many.rows());
    assertTrue(many.pages() <= 2 * few.pages(), () -> many.pages() + ", few " + few.pages());
  }

  /** A text has some hundred trigrams, and an index of them would be written for each. */
  @Test
  void FR_121_moving_completed_tasks_writes_no_index_of_their_texts() throws SQLException {
    String move =
        CATALOG
            .get("lists.move_tasks_to_inbox")
            .sql()
            .replace(":user_id", "'" + ANOTHER + "'")
            .replace(":id", "'" + LIST + "'")
            .replace(":now", "'2026-02-02Z'")
            .replace(":limit", "100");
    database.run(
        """
        insert into tasks.lists (user_id, id, name, position, created_at, updated_at)
        values (?, ?, 'Home', 'V', '2026-01-01Z', '2026-01-01Z')
        """,
        ANOTHER,
        LIST);
    database.run(
        """
        update tasks.task_instances
        set list_id = ?, description = md5(title) || md5(id::text) || md5(id::text || title)
        where user_id = ?
        """,
        LIST,
        ANOTHER);
    try (Connection connection = database.textConnection();
        Statement server = connection.createStatement();
        ResultSet result = server.executeQuery("explain (analyze, buffers, format json) " + move)) {
      result.next();
      JsonNode plan = new Json().parse(result.getString(1)).get(0).get("Plan");
      long pages =
          plan.get("Shared Hit Blocks").longValue() + plan.get("Shared Read Blocks").longValue();
      assertTrue(pages < 30 * 60, () -> pages + " pages for 30 tasks");
    }
    assertEquals(
        30,
        database
            .rows(
                "select id from tasks.task_instances where user_id = ? and list_id is null",
                ANOTHER)
            .size());
  }

  /** Both have 50 open tasks, of which three quarters are due on the day. */
  @ParameterizedTest
  @ValueSource(strings = {"force_generic_plan", "auto", "force_custom_plan"})
  void FR_229_the_agenda_of_a_long_history_costs_what_that_of_a_short_one_costs(String mode) {
    Cost few = cost("agenda.list_agenda", FEW, mode, dueDayOf(OPEN));
    Cost many = cost("agenda.list_agenda", MANY, mode, dueDayOf(TASKS));
    assertEquals(25, few.rows());
    assertEquals(25, many.rows());
    assertTrue(many.pages() <= 2 * few.pages(), () -> many.pages() + ", few " + few.pages());
  }

  /** The values for the day on which the newest of so many tasks is due. */
  private static Map<String, String> dueDayOf(int tasks) {
    LocalDate date = LocalDate.of(2026, 3, 1).plusDays(Duration.ofMinutes(tasks).toDays());
    return Map.of(
        "date",
        "'" + date + "'",
        "starts",
        IntStream.rangeClosed(0, 8)
            .mapToObj(day -> date.plusDays(day) + "Z")
            .collect(Collectors.joining(",", "'{", "}'")),
        "from",
        "'" + date + "Z'",
        "next",
        "'" + date.plusDays(1) + "Z'",
        "until",
        "'" + date.plusDays(8) + "Z'",
        "overdue_before",
        "'" + date + "Z'");
  }

  @ParameterizedTest
  @CsvSource({
    "list_newest, false",
    "list_newest_narrowed, true",
    "list_oldest, false",
    "list_oldest_narrowed, true"
  })
  void FR_121_a_page_by_cursor_costs_the_same_at_any_depth(String name, boolean completed) {
    String generic = "force_generic_plan";
    Map<String, String> filter =
        Map.of("counted", "false", "completed", completed ? "true" : "null");
    Cost first = cost(name, MANY, generic, filter);
    for (int depth : List.of(1_000, 25_000, 49_900)) {
      Map<String, String> deep = new HashMap<>(filter);
      int place = name.startsWith("list_newest") ? TASKS - depth : depth;
      deep.put(
          "after_key", "(timestamptz '2020-01-01Z' + " + place + " * interval '1 minute')::text");
      Cost page = cost(name, MANY, generic, deep);
      assertEquals(25, page.rows());
      assertTrue(page.pages() <= 2 * first.pages(), () -> depth + ": " + page.pages());
    }
  }

  /** The inbox has all tasks of the user, none of which was moved. */
  @ParameterizedTest
  @CsvSource({
    "list_by_position, force_generic_plan, true",
    "list_by_position, force_custom_plan, true",
    "list_all_by_position, force_generic_plan, null",
    "list_all_by_position, force_custom_plan, null"
  })
  void FR_191_a_page_in_the_order_of_a_list_costs_the_same_at_any_depth(
      String name, String mode, String completed) {
    Map<String, String> inbox = new HashMap<>();
    inbox.put("counted", "false");
    inbox.put("list_id", "'" + LOWEST + "'");
    inbox.put("completed", completed);
    for (int depth : List.of(0, 1_000, 25_000, 49_900)) {
      inbox.put(
          "after_key",
          "lpad(to_hex((extract(epoch from timestamptz '2020-01-01Z' + "
              + depth
              + " * interval '1 minute') * 1000)::bigint), 12, '0') || 'V'");
      Cost page = cost(name, MANY, mode, inbox);
      assertEquals(25, page.rows());
      assertTrue(page.pages() < 250, () -> depth + ": " + page.pages());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "list_soonest_due",
        "list_latest_due",
        "list_highest_priority",
        "list_lowest_priority",
        "list_latest_updated",
        "list_earliest_updated"
      })
  void FR_121_other_orders_read_each_task_once_and_keep_the_page_only(String name) {
    Cost cost = cost(name, MANY, "force_generic_plan", Map.of());
    long heap = database.number("select pg_relation_size('tasks.task_instances') / 8192");
    // Each page of the table, of the index, and the rows of the page by key.
    assertTrue(cost.pages() <= 2 * heap + 200, () -> cost.pages() + " of " + heap);
    List<String> methods =
        cost.plan().findValues("Sort Method").stream().map(JsonNode::stringValue).toList();
    assertTrue(methods.contains("top-N heapsort"), methods::toString);
    assertFalse(methods.stream().anyMatch(method -> method.startsWith("external")));
  }

  @ParameterizedTest
  @CsvSource({"'{49123}', 49123", "'{task,49123}', 49123", "'{papers,cfcd208495d5}', none"})
  void FR_121_a_search_reads_the_matches_and_not_the_tasks(String words, String ignored) {
    for (String mode : List.of("force_generic_plan", "auto", "force_custom_plan")) {
      Cost cost = cost("search_descending", MANY, mode, Map.of("words", "'" + words + "'"));
      assertTrue(
          cost.pages() < 400, () -> words + " " + ignored + " " + mode + ": " + cost.pages());
    }
  }

  /** Their own tasks are 50, those of others with the same word tens of thousands. */
  @Test
  void FR_121_a_search_does_not_read_the_matches_of_others() {
    UUID other =
        (UUID)
            Objects.requireNonNull(
                database.row("select id from auth.users where google_id = 'g7'").get("id"));
    Cost cost =
        cost("search_descending", other, "force_generic_plan", Map.of("words", "'{task,another}'"));
    assertEquals(25, cost.rows());
    assertTrue(cost.pages() < 600, () -> "pages: " + cost.pages());
  }

  @ParameterizedTest
  @MethodSource("lists")
  void no_list_reads_a_whole_table_or_sorts_without_a_bound(SqlCatalog.Statement statement) {
    Plan plan = Plan.of(database, statement);
    assertEquals(List.of(), plan.scans());
    assertEquals(List.of(), plan.unboundedSorts());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "select id from tasks.task_instances where user_id = :user_id order by title limit :limit | 0",
        "select id from tasks.task_instances where user_id = :user_id order by title | 1",
        "select id, row_number() over (order by title) as place from tasks.task_instances where user_id = :user_id order by place limit :limit | 1",
        "select id from (select id, title from tasks.task_instances where user_id = :user_id limit :limit) t order by title | 0",
        "select s.id from (select id, title from tasks.task_instances where user_id = :user_id offset 0) t join tasks.subtasks s on s.user_id = :user_id and s.id = t.id order by s.title | 1",
      })
  void unbounded_sorts_are_reported(String sql, int sorts) {
    SqlCatalog.Statement statement =
        SqlCatalog.Statement.of("test.sort", sql, SqlCatalog.Scope.OWNER);
    assertEquals(sorts, Plan.of(database, statement).unboundedSorts().size());
  }

  /** An update in place (HOT) writes no index; the server counts them within the transaction. */
  @ParameterizedTest
  @CsvSource({
    "title = title || '!', true",
    "description = 'new', true",
    "priority = 'high', true",
    "estimated_duration = 5, true",
    "subtask_count = 3, true",
    "focus_time_seconds = 7, true",
    "'updated_at = updated_at + interval ''1 second'', version = version + 1', true",
    "due_date = due_date + interval '1 second', false",
  })
  void FR_121_an_update_of_an_open_task_writes_no_index(String change, boolean inPlace)
      throws SQLException {
    try (Connection connection = database.dataSource().getConnection();
        Statement server = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int i : IntStream.range(0, 3).toArray()) {
        server.execute(
            "insert into tasks.task_instances (id, user_id, title, due_date, created_at, updated_at)"
                + " values (gen_random_uuid(), '"
                + FEW
                + "', 'hot "
                + i
                + "', '2026-05-01Z', '2026-05-01Z', '2026-05-01Z')");
      }
      assertEquals(
          3,
          server.executeUpdate(
              "update tasks.task_instances set " + change + " where title like 'hot _'"));
      try (ResultSet result =
          server.executeQuery(
              "select pg_stat_get_xact_tuples_hot_updated('tasks.task_instances'::regclass)")) {
        result.next();
        assertEquals(inPlace, result.getLong(1) >= 2, "updated in place: " + result.getLong(1));
      }
      connection.rollback();
    }
  }
}
