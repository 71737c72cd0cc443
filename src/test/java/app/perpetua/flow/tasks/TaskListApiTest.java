package app.perpetua.flow.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** FR-118 to FR-120: pages of tasks by offset and by cursor, their totals and links. */
class TaskListApiTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  /** Names of orders, with the server's words for them. */
  private static final Map<String, String> ORDERS =
      Map.of(
          "created_at", "created_at desc, id desc",
          "-created_at", "created_at, id",
          "updated_at", "updated_at desc, id desc",
          "-updated_at", "updated_at, id",
          "due_date", "due_date nulls last, id",
          "-due_date", "due_date desc nulls last, id desc",
          "priority", "array_position(array['high', 'medium', 'low'], priority), id",
          "-priority", "array_position(array['low', 'medium', 'high'], priority), id desc");

  /** Filters of every kind of statement, with the server's words for them. */
  private static final Map<String, String> FILTERS =
      Map.ofEntries(
          Map.entry("", "not hidden and not archived"),
          Map.entry("completed=false", "not hidden and not archived and not completed"),
          Map.entry("completed=true", "not hidden and not archived and completed"),
          Map.entry("hidden=true", "hidden and not archived"),
          Map.entry("archived=true", "archived and not hidden"),
          Map.entry("archived=true&completed=true", "archived and not hidden and completed"),
          Map.entry("priority=high", "not hidden and not archived and priority = 'high'"),
          Map.entry(
              "priority=low&completed=false",
              "not hidden and not archived and not completed and priority = 'low'"),
          Map.entry(
              "due_after=2026-03-01T00:00:05Z&due_before=2026-03-01T00:00:30Z",
              "not hidden and not archived and due_date >= '2026-03-01 00:00:05Z'"
                  + " and due_date < '2026-03-01 00:00:30Z'"),
          Map.entry("q=odd", "not hidden and not archived and title like '%odd%'"),
          Map.entry(
              "q=odd+TASK&completed=true",
              "not hidden and not archived and completed and title like '%odd%'"),
          Map.entry("q=odd&hidden=true", "hidden and not archived and title like '%odd%'"),
          Map.entry("q=a&archived=true", "archived and not hidden"),
          Map.entry("q=nothing", "false"));

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private static TestService.Session user(int tasks) {
    TestService.Session user = service.newUser();
    insert(user.userId(), tasks);
    return user;
  }

  /** Tasks in all states, with equal keys, keys that are null, and microseconds. */
  private static void insert(UUID user, int tasks) {
    database.run(
        """
        insert into tasks.task_instances
          (id, user_id, title, priority, due_date, completed, completed_at, completed_by, hidden,
           archived, created_at, updated_at)
        select gen_random_uuid(), ?, 'Task ' || n || case when n % 2 = 1 then ' odd' else '' end,
               (array['low', 'medium', 'high'])[1 + n % 3],
               case when n % 5 > 0 then timestamptz '2026-03-01 00:00Z' + n / 2 * interval '1 second' end,
               n % 4 = 0, case when n % 4 = 0 then timestamptz '2026-03-01 00:00Z' end,
               case when n % 4 = 0 then 'manual' end,
               n % 7 = 0, n % 11 = 0,
               timestamptz '2026-01-01 00:00Z' + n / 3 * interval '1 microsecond',
               timestamptz '2026-02-01 00:00Z' + n / 4 * interval '7 microseconds'
        from generate_series(1, ?) n
        """,
        user, tasks);
    // So that the log is not expected to have the entries of their creation.
    database.run("delete from activity.activity_logs where user_id = ?", user);
    database.run(
        """
        update auth.users set open_tasks = (
          select count(*) from tasks.task_instances
          where user_id = ? and not completed and not hidden and not archived)
        where id = ?
        """,
        user,
        user);
  }

  private static List<String> ids(JsonNode data) {
    return data.valueStream().map(task -> task.get("id").stringValue()).toList();
  }

  private static List<String> expected(UUID user, String filter, String order) {
    return database
        .rows(
            "select id from tasks.task_instances where user_id = ? and "
                + filter
                + " order by "
                + order,
            user)
        .stream()
        .map(row -> String.valueOf(row.get("id")))
        .toList();
  }

  static Stream<Arguments> lists() {
    return FILTERS.keySet().stream()
        .flatMap(filter -> ORDERS.keySet().stream().map(order -> Arguments.of(filter, order)));
  }

  @Test
  void FR_118_a_walk_by_cursor_returns_every_task_once_in_every_order_and_with_every_filter() {
    TestService.Session user = user(97);
    user(30);
    lists()
        .forEach(
            list -> {
              String filter = String.valueOf(list.get()[0]);
              String order = String.valueOf(list.get()[1]);
              List<String> expected =
                  expected(
                      user.userId(),
                      FILTERS.getOrDefault(filter, ""),
                      ORDERS.getOrDefault(order, ""));
              String target =
                  "/api/v1/tasks?limit=23&sort=" + order + (filter.isEmpty() ? "" : "&" + filter);
              String shown = filter + " " + order;
              assertEquals(expected, byCursor(user.api(), target), shown);
              assertEquals(expected, byOffset(user.api(), target, expected.size()), shown);
            });
  }

  private static List<String> byCursor(Api api, String target) {
    List<String> found = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page = api.get(target + "&cursor=" + cursor).expect(200).json();
      found.addAll(ids(page.get("data")));
      JsonNode pagination = page.get("pagination");
      assertEquals(
          Set.of("limit", "has_more", "next_cursor"), Set.copyOf(pagination.propertyNames()));
      assertEquals(
          pagination.get("has_more").booleanValue(), !pagination.get("next_cursor").isNull());
      cursor = pagination.get("next_cursor").stringValue("");
    } while (!cursor.isEmpty());
    return found;
  }

  private static List<String> byOffset(Api api, String target, int total) {
    List<String> found = new ArrayList<>();
    boolean hasMore = true;
    while (hasMore) {
      JsonNode page = api.get(target + "&offset=" + found.size()).expect(200).json();
      found.addAll(ids(page.get("data")));
      JsonNode pagination = page.get("pagination");
      assertEquals(total, pagination.get("total").intValue());
      assertFalse(pagination.has("next_cursor"));
      hasMore = pagination.get("has_more").booleanValue();
    }
    return found;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v1/tasks?limit=4&sort=-due_date&completed=false",
        "/api/v1/tasks?q=%54ask%20odd&cursor=&limit=4",
        "/api/v1/tasks?cursor=&limit=4&sort=priority",
        "/api/v1/tasks?offset=3&limit=4",
        "/api/v1/tasks?limit=4",
      })
  void FR_119_links_lead_to_the_end_of_the_list(String first) {
    TestService.Session user = user(40);
    List<String> found = new ArrayList<>();
    Optional<String> next = Optional.of(first);
    int pages = 0;
    while (next.isPresent()) {
      Api.Answer answer = user.api().get(next.get()).expect(200);
      found.addAll(ids(answer.data()));
      pages++;
      next = answer.header("Link").map(TaskListApiTest::target);
      assertEquals(
          answer.json().get("pagination").get("has_more").booleanValue(), next.isPresent());
    }
    assertTrue(pages > 2);
    assertEquals(found.size(), new LinkedHashSet<>(found).size());
    String all = first.replace("limit=4", "limit=100");
    assertEquals(ids(user.api().get(all).expect(200).data()), found);
  }

  private static String target(String link) {
    Matcher matcher = Pattern.compile("<(/[!-~&&[^<>\"]]*)>; rel=\"next\"").matcher(link);
    assertTrue(matcher.matches(), link);
    return matcher.group(1);
  }

  private static String cursor(Api api, String target) {
    return api.get(target).expect(200).json().get("pagination").get("next_cursor").stringValue();
  }

  @ParameterizedTest
  @CsvSource({
    "sort=due_date",
    "sort=-created_at",
    "completed=false",
    "hidden=true",
    "q=odd",
    "priority=high",
    "due_after=2026-01-01T00:00:00Z",
    "template_id=019bd5d2-1a40-7c11-8e02-5b9d3f7a6c20",
    "offset=0",
  })
  void FR_118_a_cursor_is_refused_with_another_filter_or_order(String other) {
    Api api = user(40).api();
    String cursor = cursor(api, "/api/v1/tasks?cursor=&limit=3");
    api.get("/api/v1/tasks?limit=50&sort=created_at&hidden=false&cursor=" + cursor).expect(200);
    refused(api, "/api/v1/tasks?" + other + "&cursor=" + cursor);
  }

  @Test
  void FR_118_a_foreign_or_changed_cursor_is_refused() {
    Api api = user(40).api();
    String cursor = cursor(api, "/api/v1/tasks?cursor=&limit=3");
    String others = cursor(user(40).api(), "/api/v1/tasks?cursor=&limit=3");
    for (String bad :
        List.of(
            others,
            cursor.substring(1),
            cursor.substring(0, cursor.length() - 1),
            cursor + "A",
            cursor + "=",
            "1",
            "null",
            "next",
            "é",
            "A".repeat(4000))) {
      refused(api, "/api/v1/tasks?cursor=" + URLEncoder.encode(bad, StandardCharsets.UTF_8));
    }
  }

  private static void refused(Api api, String target) {
    JsonNode error =
        api.invalidOnPurpose().get(target).expect(400, "VALIDATION_ERROR").json().get("error");
    assertEquals("cursor", error.get("details").get(0).get("field").stringValue());
  }

  @Test
  void FR_120_the_total_follows_every_change_of_a_task() {
    Api api = service.newPro().api();
    assertTotals(api, 0, 0);
    String one = api.createTask("one");
    String two = api.createTask("two");
    String three = api.createTask("three");
    assertTotals(api, 3, 3);
    api.patch("/api/v1/tasks/" + one, Map.of("completed", true)).expect(200);
    assertTotals(api, 3, 2);
    api.patch("/api/v1/tasks/" + one, Map.of("hidden", true)).expect(200);
    api.patch("/api/v1/tasks/" + two, Map.of("hidden", true)).expect(200);
    assertTotals(api, 1, 1);
    api.patch("/api/v1/tasks/" + two, Map.of("archived", true)).expect(200);
    assertTotals(api, 1, 1);
    api.patch("/api/v1/tasks/" + one, Map.of("hidden", false)).expect(200);
    assertTotals(api, 2, 1);
    api.delete("/api/v1/tasks/" + two).expect(200);
    String tombstone =
        api.delete("/api/v1/tasks/" + three).expect(200).data().get("tombstone_id").stringValue();
    assertTotals(api, 1, 0);
    api.post("/api/v1/recovery/tombstones/" + tombstone + "/recover", Map.of()).expect(200);
    assertTotals(api, 2, 1);
  }

  private static void assertTotals(Api api, int all, int open) {
    assertEquals(all, total(api, ""));
    assertEquals(open, total(api, "?completed=false"));
    assertEquals(all - open, total(api, "?completed=true"));
  }

  private static int total(Api api, String query) {
    return api.get("/api/v1/tasks" + query)
        .expect(200)
        .json()
        .get("pagination")
        .get("total")
        .intValue();
  }

  /** Statements of an older release, of scripts and of restorations do not know the counter. */
  @Test
  void FR_120_the_total_follows_statements_that_do_not_know_of_it() {
    TestService.Session user = user(30);
    TestService.Session other = user(10);
    database.run(
        "update tasks.task_instances set archived = not archived, hidden = false where user_id in (?, ?)",
        user.userId(),
        other.userId());
    database.run(
        "delete from tasks.task_instances where title like '%odd' and user_id in (?, ?)",
        user.userId(), other.userId());
    for (UUID id : List.of(user.userId(), other.userId())) {
      database.run(
          """
          update auth.users set open_tasks = (
            select count(*) from tasks.task_instances
            where user_id = ? and not completed and not hidden and not archived)
          where id = ?
          """,
          id,
          id);
    }
    for (TestService.Session session : List.of(user, other)) {
      assertEquals(
          expected(session.userId(), "not hidden and not archived", "id").size(),
          total(session.api(), ""));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"created_at", "-created_at", "due_date", "-due_date"})
  void FR_118_a_walk_returns_what_stays_exactly_once_while_others_come_and_go(String sort)
      throws Exception {
    TestService.Session user = user(120);
    String order = ORDERS.getOrDefault(sort, "");
    String shown = "not hidden and not archived";
    List<String> before = expected(user.userId(), shown, order);
    Set<String> deleted = new LinkedHashSet<>();
    AtomicBoolean done = new AtomicBoolean();
    List<String> found;
    try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> inserting =
          writers.submit(
              () -> {
                for (int i = 0; i < 30 && !done.get(); i++) {
                  insert(user.userId(), 11);
                }
              });
      Future<?> changing =
          writers.submit(
              () -> {
                for (int i = 0; i < 30 && !done.get(); i++) {
                  database.run(
                      "update tasks.task_instances set title = title || '.' where user_id = ?",
                      user.userId());
                }
              });
      found = new ArrayList<>();
      String cursor = "";
      do {
        // A page may wait for nobody: rows before and after its position are deleted meanwhile.
        String victim = before.get((deleted.size() * 13 + 5) % before.size());
        if (deleted.add(victim)) {
          database.run("delete from tasks.task_instances where id = ?", UUID.fromString(victim));
        }
        JsonNode page =
            user.api()
                .get("/api/v1/tasks?limit=9&sort=" + sort + "&cursor=" + cursor)
                .expect(200)
                .json();
        found.addAll(ids(page.get("data")));
        cursor = page.get("pagination").get("next_cursor").stringValue("");
      } while (!cursor.isEmpty());
      done.set(true);
      inserting.get();
      changing.get();
    }
    assertEquals(found.size(), new LinkedHashSet<>(found).size(), "a task was returned twice");
    assertEquals(
        before.stream().filter(id -> !deleted.contains(id)).toList(),
        found.stream().filter(id -> before.contains(id) && !deleted.contains(id)).toList());
    database.run(
        """
        update auth.users set open_tasks = (
          select count(*) from tasks.task_instances
          where user_id = ? and not completed and not hidden and not archived)
        where id = ?
        """,
        user.userId(),
        user.userId());
  }
}
