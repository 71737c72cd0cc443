package app.perpetua.flow.lists;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ListApiTest {
  private static final String LISTS = "/api/v1/lists";
  private static final String TASKS = "/api/v1/tasks";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("FREE_MAX_LISTS", "4").with("FREE_MAX_TASKS", "1000");

  private final String subject = "google-" + UUID.randomUUID();
  private TestService.Session user = service.signIn(subject);
  private Api api = user.api();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  /** So that tasks are not created at the same time. */
  private void later(Duration duration) {
    service.clock().advance(duration);
    user = service.signIn(subject);
    api = user.api();
  }

  private String list(String name) {
    return api.post(LISTS, Map.of("name", name)).expect(201).id();
  }

  private String task(String title, String list) {
    service.clock().advance(Duration.ofMillis(1));
    return api.post(TASKS, Map.of("title", title, "list_id", list)).expect(201).id();
  }

  private JsonNode get(String list) {
    return api.get(LISTS + "/" + list).expect(200).data();
  }

  private JsonNode taskOf(String id) {
    return api.get(TASKS + "/" + id).expect(200).data();
  }

  private List<String> names(String query) {
    return texts(api.get(LISTS + query).expect(200).data(), "name");
  }

  private static List<String> texts(JsonNode items, String member) {
    return items.valueStream().map(item -> item.get(member).stringValue()).toList();
  }

  private List<String> titles(String query) {
    return texts(
        api.get(TASKS + "?" + query + (query.isEmpty() ? "" : "&") + "limit=100")
            .expect(200)
            .data(),
        "title");
  }

  private int total(String query) {
    return api.get(TASKS + (query.isEmpty() ? "" : "?" + query))
        .expect(200)
        .json()
        .at("/pagination/total")
        .asInt();
  }

  private Api.Answer move(String task, Map<String, ?> body) {
    return api.post(TASKS + "/" + task + "/move", body);
  }

  private String entry(String action) {
    return api.get("/api/v1/activity?action=" + action)
        .expect(200)
        .data()
        .get(0)
        .get("id")
        .stringValue();
  }

  private int entries(String action) {
    return api.get("/api/v1/activity?action=" + action).expect(200).data().size();
  }

  private void undo(String action) {
    api.post("/api/v1/activity/" + entry(action) + "/undo").expect(200);
  }

  @Test
  void FR_190_lists_are_created_renamed_and_archived() {
    String garden = list("  Garden ");
    list("House");
    assertEquals(List.of("Garden", "House"), names(""));
    assertEquals(1, get(garden).get("version").asInt());
    Map<String, Object> rename = Map.of("version", 1, "name", "Allotment");
    JsonNode renamed = api.patch(LISTS + "/" + garden, rename).expect(200).data();
    assertEquals("Allotment", renamed.get("name").stringValue());
    assertEquals(2, renamed.get("version").asInt());
    assertEquals(
        2,
        api.patch(LISTS + "/" + garden, rename)
            .expect(409, "CONFLICT")
            .json()
            .at("/error/current_version")
            .asInt());
    assertEquals(
        2,
        api.patch(LISTS + "/" + garden, Map.of("name", "Allotment"))
            .expect(200)
            .data()
            .get("version")
            .asInt());
    api.patch(LISTS + "/" + garden, Map.of("archived", true)).expect(200);
    assertEquals(List.of("House"), names(""));
    assertEquals(List.of("Allotment"), names("?archived=true"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\u0000"})
  void FR_190_a_list_has_a_name(String name) {
    api.invalidOnPurpose().post(LISTS, Map.of("name", name)).expect(400, "VALIDATION_ERROR");
    api.invalidOnPurpose().post(LISTS, Map.of()).expect(400, "VALIDATION_ERROR");
    api.invalidOnPurpose()
        .post(LISTS, Map.of("name", "a".repeat(101)))
        .expect(400, "VALIDATION_ERROR");
    assertEquals(List.of(), names(""));
  }

  @Test
  void FR_190_another_users_list_is_forbidden() {
    String list = list("Garden");
    Api other = service.newUser().api();
    other.get(LISTS + "/" + list).expect(403, "FORBIDDEN");
    other.delete(LISTS + "/" + list).expect(403, "FORBIDDEN");
    other.patch(LISTS + "/" + list, Map.of("name", "mine")).expect(403, "FORBIDDEN");
    other.post(TASKS, Map.of("title", "a", "list_id", list)).expect(400, "VALIDATION_ERROR");
    api.get(LISTS + "/" + UUID.randomUUID()).expect(404, "NOT_FOUND");
    assertEquals("Garden", get(list).get("name").stringValue());
  }

  @Test
  void FR_190_the_number_of_lists_is_limited() {
    for (String name : List.of("a", "b", "c", "d")) {
      list(name);
    }
    JsonNode refused =
        api.post(LISTS, Map.of("name", "e")).expect(409, "LIMIT_EXCEEDED").json().get("error");
    assertEquals(4, refused.get("limit").asInt());
    assertEquals(4, refused.get("current").asInt());
  }

  @Test
  void FR_190_lists_are_moved() {
    String a = list("a");
    String b = list("b");
    String c = list("c");
    api.post(LISTS + "/" + c + "/move", Map.of("first", true)).expect(200);
    assertEquals(List.of("c", "a", "b"), names(""));
    api.post(LISTS + "/" + c + "/move", Map.of("after", a)).expect(200);
    assertEquals(List.of("a", "c", "b"), names(""));
    api.post(LISTS + "/" + b + "/move", Map.of("before", c)).expect(200);
    assertEquals(List.of("a", "b", "c"), names(""));
    int version = get(a).get("version").asInt();
    api.post(LISTS + "/" + a + "/move", Map.of("before", b)).expect(200);
    assertEquals(version, get(a).get("version").asInt(), "is there already");
    api.post(LISTS + "/" + a + "/move", Map.of()).expect(200);
    assertEquals(List.of("b", "c", "a"), names(""));
    api.post(LISTS + "/" + a + "/move", Map.of("before", UUID.randomUUID()))
        .expect(409, "CONFLICT");
    api.post(LISTS + "/" + a + "/move", Map.of("before", a)).expect(400, "VALIDATION_ERROR");
    Map<String, Object> position = Map.of("position", get(b).get("position").stringValue());
    for (String list : List.of(a, c)) {
      api.patch(LISTS + "/" + list, position).expect(200);
    }
    api.post(LISTS + "/" + c + "/move", Map.of("after", a)).expect(200);
    List<String> names = names("");
    assertEquals(names.indexOf("a") + 1, names.indexOf("c"), names + ": between equal positions");
  }

  @Test
  void FR_191_tasks_are_listed_by_list_label_and_position() {
    String list = list("Garden");
    String first = task("first", list);
    task("second", list);
    task("third", list);
    api.createTask("elsewhere");
    assertEquals(List.of("first", "second", "third"), titles("list_id=" + list + "&sort=position"));
    assertEquals(List.of("elsewhere"), titles("list_id=inbox"));
    assertEquals(3, get(list).get("open_count").asInt());
    String label = api.post("/api/v1/labels", Map.of("name", "urgent")).expect(201).id();
    Map<String, Object> labelled = Map.of("version", 1, "label_ids", List.of(label, label));
    JsonNode task = api.patch(TASKS + "/" + first, labelled).expect(200).data();
    assertEquals(1, task.get("label_ids").size());
    assertEquals(List.of("first"), titles("label_id=" + label));
    api.patch(TASKS + "/" + first, Map.of("completed", true)).expect(200);
    assertEquals(2, get(list).get("open_count").asInt());
    assertEquals(List.of("first"), titles("list_id=" + list + "&sort=position&completed=true"));
    assertEquals(
        List.of("second", "third"), titles("list_id=" + list + "&sort=position&completed=false"));
    assertEquals(List.of("first", "second", "third"), titles("list_id=" + list + "&sort=position"));
    for (String query :
        List.of(
            "",
            "&completed=false",
            "&completed=true",
            "&sort=position",
            "&q=e",
            "&sort=due_date",
            "&label_id=" + label,
            "&completed=false&sort=due_date")) {
      String filter = "list_id=" + list + query;
      assertEquals(titles(filter).size(), total(filter), filter);
      assertEquals(new HashSet<>(titles(filter)), walk(filter), filter);
    }
  }

  /** The titles of all pages by cursor. */
  private Set<String> walk(String query) {
    Set<String> titles = new HashSet<>();
    String cursor = "";
    while (true) {
      JsonNode page =
          api.get(TASKS + "?" + query + (query.isEmpty() ? "" : "&") + "limit=1&cursor=" + cursor)
              .expect(200)
              .json();
      for (String title : texts(page.get("data"), "title")) {
        assertTrue(titles.add(title), title + " twice");
      }
      JsonNode next = page.at("/pagination/next_cursor");
      if (!next.isString()) {
        return titles;
      }
      cursor = next.stringValue();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sort=position",
        "sort=position&list_id=inbox&q=a",
        "sort=position&list_id=inbox&hidden=true",
        "sort=position&list_id=inbox&archived=true"
      })
  void FR_191_the_order_of_a_list_requires_the_list(String query) {
    api.get(TASKS + "?" + query).expect(400, "VALIDATION_ERROR");
  }

  @Test
  void FR_191_tasks_of_archived_lists_are_shown_on_request() {
    String list = list("Garden");
    String done = task("done", list);
    task("open", list);
    api.patch(TASKS + "/" + done, Map.of("completed", true)).expect(200);
    api.createTask("elsewhere");
    api.patch(LISTS + "/" + list, Map.of("archived", true)).expect(200);
    for (String query :
        List.of(
            "",
            "sort=-created_at",
            "completed=false",
            "completed=false&sort=due_date",
            "sort=due_date",
            "sort=priority",
            "q=e",
            "priority=medium",
            "completed=false&priority=medium")) {
      assertEquals(List.of("elsewhere"), titles(query), query);
      assertEquals(1, total(query), query);
      assertEquals(Set.of("elsewhere"), walk(query), query);
    }
    assertEquals(0, total("completed=true"));
    assertEquals(Set.of("done", "open"), Set.copyOf(titles("list_id=" + list)));
    api.patch(LISTS + "/" + list, Map.of("archived", false)).expect(200);
    assertEquals(3, total(""));
  }

  @Test
  void FR_192_tasks_are_moved_within_a_list_and_between_lists() {
    String list = list("Garden");
    String other = list("House");
    String a = task("a", list);
    String b = task("b", list);
    String c = task("c", list);
    String order = "sort=position&list_id=" + list;
    move(c, Map.of("first", true)).expect(200);
    assertEquals(List.of("c", "a", "b"), titles(order));
    move(c, Map.of("after", a)).expect(200);
    assertEquals(List.of("a", "c", "b"), titles(order));
    move(a, Map.of()).expect(200);
    assertEquals(List.of("c", "b", "a"), titles(order));
    move(a, Map.of("before", b)).expect(200);
    assertEquals(List.of("c", "a", "b"), titles(order));
    JsonNode there = move(a, Map.of("before", b)).expect(200).data();
    assertEquals(taskOf(a).get("version").asInt(), there.get("version").asInt());
    assertEquals(3, there.get("version").asInt(), "the last move changed nothing");
    String d = task("d", other);
    JsonNode moved =
        move(a, Map.of("version", 3, "list_id", other, "before", d)).expect(200).data();
    assertEquals(other, moved.get("list_id").stringValue());
    assertEquals(4, moved.get("version").asInt());
    assertEquals(List.of("a", "d"), titles("sort=position&list_id=" + other));
    Map<String, Object> toInbox = new HashMap<>();
    toInbox.put("list_id", null);
    assertTrue(move(a, toInbox).expect(200).data().get("list_id").isNull());
    assertEquals(List.of("a"), titles("sort=position&list_id=inbox"));
    assertEquals(List.of("c", "b"), titles(order));
    String e = task("e", list);
    assertEquals(List.of("c", "b", "e"), titles(order), "a new task is last");
    undo("task_created");
    api.get(TASKS + "/" + e).expect(404, "NOT_FOUND");
  }

  @Test
  void FR_192_moves_that_are_not_possible_change_nothing() {
    String list = list("Garden");
    String a = task("a", list);
    String b = task("b", list);
    String elsewhere = api.createTask("elsewhere");
    JsonNode before = taskOf(a);
    move(a, Map.of("version", 7)).expect(409, "CONFLICT");
    move(a, Map.of("before", elsewhere)).expect(409, "CONFLICT");
    move(a, Map.of("after", UUID.randomUUID())).expect(409, "CONFLICT");
    move(a, Map.of("after", a)).expect(400, "VALIDATION_ERROR");
    move(a, Map.of("after", b, "first", true)).expect(400, "VALIDATION_ERROR");
    move(a, Map.of("list_id", UUID.randomUUID())).expect(400, "VALIDATION_ERROR");
    move(UUID.randomUUID().toString(), Map.of()).expect(404, "NOT_FOUND");
    service.newUser().api().post(TASKS + "/" + a + "/move", Map.of()).expect(403, "FORBIDDEN");
    assertEquals(before, taskOf(a));
    api.patch(TASKS + "/" + a, Map.of("archived", true)).expect(200);
    move(a, Map.of()).expect(409, "ARCHIVED");
  }

  @Test
  void FR_192_a_list_without_room_between_neighbours_is_renumbered() {
    String list = list("Garden");
    String a = task("a", list);
    String b = task("b", list);
    String c = task("c", list);
    String zeros = "0".repeat(199);
    for (Map.Entry<String, String> position :
        Map.of(a, zeros + "1", b, zeros + "2", c, zeros + "2").entrySet()) {
      api.patch(
              TASKS + "/" + position.getKey(),
              Map.of("version", 1, "position", position.getValue()))
          .expect(200);
    }
    String d = task("d", list);
    move(d, Map.of("after", a)).expect(200);
    String order = "sort=position&list_id=" + list;
    assertEquals("d", titles(order).get(1));
    assertEquals(3, taskOf(b).get("version").asInt());
    List<String> before = titles(order);
    move(d, Map.of("before", b.compareTo(c) < 0 ? c : b)).expect(200);
    assertNotEquals(before, titles(order));
    assertEquals("d", titles(order).get(2));
    assertTrue(taskOf(b).get("position").stringValue().length() < 20);
    String e = task("e", list);
    assertEquals("e", titles(order).getLast(), e);
  }

  @Test
  void FR_192_parallel_moves_of_three_clients_leave_one_order() throws Exception {
    String one = list("one");
    String two = list("two");
    List<String> tasks = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      tasks.add(task("t" + i, i % 2 == 0 ? one : two));
    }
    List<Api> clients = IntStream.range(0, 3).mapToObj(_ -> service.signIn(subject).api()).toList();
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Api client = clients.get(i);
        Random random = new Random(i);
        running.add(
            threads.submit(
                () -> {
                  for (int n = 0; n < 25; n++) {
                    String list = random.nextBoolean() ? one : two;
                    String neighbour = tasks.get(random.nextInt(tasks.size()));
                    Map<String, Object> body =
                        switch (random.nextInt(4)) {
                          case 0 -> Map.of("list_id", list);
                          case 1 -> Map.of("list_id", list, "first", true);
                          case 2 -> Map.of("list_id", list, "before", neighbour);
                          default -> Map.of("list_id", list, "after", neighbour);
                        };
                    String task = tasks.get(random.nextInt(tasks.size()));
                    int status = client.post(TASKS + "/" + task + "/move", body).status();
                    assertTrue(List.of(200, 400, 409).contains(status), "status " + status);
                  }
                }));
      }
      for (Future<?> client : running) {
        client.get();
      }
    }
    Set<String> all = new HashSet<>();
    for (String list : List.of(one, two)) {
      String path = TASKS + "?limit=100&sort=position&list_id=" + list;
      JsonNode order = clients.getFirst().get(path).expect(200).data();
      for (Api client : clients) {
        assertEquals(order, client.get(path).expect(200).data());
      }
      List<String> keys =
          order
              .valueStream()
              .map(task -> task.get("position").stringValue() + " " + task.get("id").stringValue())
              .toList();
      List<String> sorted = new ArrayList<>(keys);
      Collections.sort(sorted);
      assertEquals(sorted, keys);
      all.addAll(texts(order, "id"));
    }
    assertEquals(Set.copyOf(tasks), all);
  }

  @Test
  void FR_193_the_tasks_of_a_deleted_list_move_to_the_inbox() {
    String list = list("Garden");
    String a = task("a", list);
    String b = task("b", list);
    api.patch(TASKS + "/" + b, Map.of("completed", true)).expect(200);
    JsonNode deleted = api.delete(LISTS + "/" + list).expect(200).data();
    assertEquals(2, deleted.get("task_count").asInt());
    assertTrue(deleted.get("tombstone_id").isNull());
    assertEquals(List.of(), names(""));
    assertEquals(2, taskOf(a).get("version").asInt());
    assertEquals(Set.of("a", "b"), Set.copyOf(titles("list_id=inbox")));
    undo("list_deleted");
    assertEquals(List.of("Garden"), names(""));
    assertEquals(List.of("a", "b"), titles("sort=position&list_id=" + list));
    undo("list_undone");
    assertEquals(Set.of("a", "b"), Set.copyOf(titles("list_id=inbox")));
  }

  /** A list with tasks in all states; one has a subtask, a reminder and a running focus session. */
  private String filled() {
    String list = list("Garden");
    String focused = task("focused", list);
    api.post(TASKS + "/" + focused + "/subtasks", Map.of("title", "step")).expect(201);
    api.post(
            "/api/v1/reminders",
            Map.of(
                "task_id",
                focused,
                "type",
                "absolute",
                "scheduled_at",
                service.clock().instant().plus(Duration.ofHours(1)).toString()))
        .expect(201);
    api.post("/api/v1/focus/start", Map.of("task_id", focused)).expect(200);
    String hidden = task("hidden", list);
    api.patch(TASKS + "/" + hidden, Map.of("hidden", true)).expect(200);
    String done = task("done", list);
    api.patch(TASKS + "/" + done, Map.of("completed", true)).expect(200);
    return list;
  }

  @Test
  void FR_193_a_list_deleted_with_its_tasks_is_recovered_as_a_whole() {
    String list = filled();
    String focused =
        texts(api.get(TASKS + "?list_id=" + list + "&completed=false").expect(200).data(), "id")
            .getFirst();
    JsonNode before = taskOf(focused);
    later(Duration.ofMinutes(10));
    JsonNode deleted = api.delete(LISTS + "/" + list + "?tasks=delete").expect(200).data();
    assertEquals(3, deleted.get("task_count").asInt());
    api.get(TASKS + "/" + focused).expect(404, "NOT_FOUND");
    assertEquals(0, total(""));
    assertEquals(1, entries("focus_ended"));
    JsonNode tombstone = api.get("/api/v1/recovery/tombstones").expect(200).data().get(0);
    assertEquals("list", tombstone.get("entity_type").stringValue());
    assertEquals("Garden", tombstone.at("/preview/title").stringValue());
    for (int i = 0; i < 2; i++) {
      api.delete(TASKS + "/" + api.createTask("other")).expect(200);
    }
    String id = deleted.get("tombstone_id").stringValue();
    api.post("/api/v1/tasks/recover/" + id).expect(404, "NOT_FOUND");
    JsonNode recovered =
        api.post("/api/v1/recovery/tombstones/" + id + "/recover").expect(200).data();
    assertEquals("Garden", recovered.get("name").stringValue());
    assertEquals(1, recovered.get("open_count").asInt());
    assertEquals(2, total("list_id=" + list));
    JsonNode after = taskOf(focused);
    assertEquals(600, after.get("focus_time_seconds").asInt());
    assertEquals(before.get("version").asInt() + 1, after.get("version").asInt());
    assertEquals(before.get("subtasks"), after.get("subtasks"));
    assertEquals(before.get("position"), after.get("position"));
    assertEquals(before.at("/reminders/0/id"), after.at("/reminders/0/id"));
    assertEquals(List.of("hidden"), titles("hidden=true&list_id=" + list));
    service.runDueJobs();
    later(Duration.ofHours(1));
    service.runDueJobs();
    assertEquals(1, entries("reminder_fired"));
  }

  @Test
  void FR_193_deleting_a_list_with_its_tasks_is_undone() {
    String list = filled();
    List<String> titles = titles("sort=position&list_id=" + list);
    api.delete(LISTS + "/" + list + "?tasks=delete").expect(200);
    undo("list_deleted");
    assertEquals(titles, titles("sort=position&list_id=" + list));
    assertEquals(List.of("hidden"), titles("hidden=true&list_id=" + list));
    assertEquals(0, api.get("/api/v1/recovery/tombstones").expect(200).data().size());
  }

  @Test
  void FR_193_a_long_list_is_recovered_and_one_that_is_too_long_is_not_deleted_with_its_tasks() {
    String list = list("Garden");
    addCompleted(list, 1, 1_200);
    database.run(
        """
        insert into tasks.subtasks
          (id, user_id, task_id, title, completed, order_index, created_at, updated_at)
        select gen_random_uuid(), user_id, id, 'step', false, 0, created_at, created_at
        from tasks.task_instances where list_id = ?::uuid
        """,
        list);
    List<String> first = titles("sort=position&list_id=" + list);
    String id =
        api.delete(LISTS + "/" + list + "?tasks=delete")
            .expect(200)
            .data()
            .get("tombstone_id")
            .stringValue();
    assertEquals(0, total("completed=true"));
    api.post("/api/v1/recovery/tombstones/" + id + "/recover").expect(200);
    assertEquals(1_200, total("list_id=" + list));
    assertEquals(
        1_200, rows("tasks.subtasks s join tasks.task_instances t on t.id = s.task_id", list));
    assertEquals(
        1_200, rows("tasks.closed_texts c join tasks.task_instances t on t.id = c.task_id", list));
    assertEquals(first, titles("sort=position&list_id=" + list));

    addCompleted(list, 1_201, 10_001);
    api.delete(LISTS + "/" + list + "?tasks=delete").expect(400, "VALIDATION_ERROR");
    assertEquals(10_001, total("list_id=" + list));
    assertEquals(
        10_001, api.delete(LISTS + "/" + list).expect(200).data().get("task_count").asInt());
    assertEquals(10_001, total("list_id=inbox"));
    // They were not created by requests, which the invariants would miss.
    database.run("delete from tasks.task_instances where title ~ '^a[0-9]+$'");
  }

  private void addCompleted(String list, int from, int to) {
    database.run(
        """
        insert into tasks.task_instances
          (id, user_id, list_id, title, completed, completed_at, completed_by, subtask_count, created_at,
           updated_at)
        select gen_random_uuid(), l.user_id, l.id, 'a' || n, true, l.created_at, 'manual', 1,
               l.created_at + n * interval '1 ms', l.created_at
        from tasks.lists l, generate_series(?, ?) n
        where l.id = ?::uuid
        """,
        from,
        to,
        list);
  }

  private static int rows(String tables, String list) {
    return database.rows("select from " + tables + " where t.list_id = '" + list + "'").size();
  }

  @Test
  void FR_193_a_template_of_a_deleted_list_creates_no_more_tasks() {
    String list = list("Garden");
    String id =
        api.post("/api/v1/templates", Map.of("title", "Water", "rrule", "FREQ=DAILY"))
            .expect(201)
            .id();
    database.run("update tasks.task_templates set list_id = ?::uuid where id = ?::uuid", list, id);
    String instance = texts(api.get(TASKS).expect(200).data(), "id").getFirst();
    move(instance, Map.of("list_id", list)).expect(200);
    JsonNode deleted = api.delete(LISTS + "/" + list + "?tasks=delete").expect(200).data();
    later(Duration.ofDays(2));
    service.runDueJobs();
    JsonNode paused = api.get("/api/v1/templates/" + id).expect(200).data();
    assertEquals(false, paused.get("active").booleanValue());
    assertEquals(0, total(""));
    api.post(
            "/api/v1/recovery/tombstones/" + deleted.get("tombstone_id").stringValue() + "/recover")
        .expect(200);
    assertEquals(
        true, api.get("/api/v1/templates/" + id).expect(200).data().get("active").booleanValue());
    assertEquals(1, total("list_id=" + list));
  }

  @Test
  void FR_193_the_creation_of_a_list_is_not_undone_while_it_has_other_tasks() {
    String list = list("Garden");
    String a = task("a", list);
    String entry = entry("list_created");
    api.post("/api/v1/activity/" + entry + "/undo").expect(409, "CONFLICT");
    api.delete(TASKS + "/" + a).expect(200);
    api.post("/api/v1/activity/" + entry + "/undo").expect(200);
    assertEquals(List.of(), names(""));
  }

  @Test
  void FR_190_lists_and_labels_are_synchronized() {
    String token = api.get("/api/v1/sync").expect(200).data().get("token").stringValue();
    String list = list("Garden");
    String label = api.post("/api/v1/labels", Map.of("name", "urgent")).expect(201).id();
    JsonNode changes = api.get("/api/v1/sync?token=" + token).expect(200).data().get("changes");
    assertEquals(List.of("list", "label"), texts(changes, "type"));
    assertEquals(List.of(list, label), texts(changes, "id"));
    assertEquals("Garden", changes.get(0).at("/data/name").stringValue());
    api.delete(LISTS + "/" + list).expect(200);
    List<String> all =
        texts(api.get("/api/v1/sync?types=list,label").expect(200).data().get("changes"), "type");
    assertEquals(List.of("label"), all);
  }
}
