package app.perpetua.flow.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.LocalCopy;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class SyncApiTest {
  private static final String SYNC = "/api/v1/sync";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("RATE_LIMIT_GENERAL", "1000000");

  private final TestService.Session user = service.newUser();
  private final LocalCopy copy = new LocalCopy(user.api(), 100);
  private Api api = user.api();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_142_every_change_is_read_with_the_entity_in_its_present_state() {
    copy.update();
    String task = api.createTask("Task");
    assertChanged("task");
    String subtask = api.createSubtask(task, "Step");
    assertChanged("task");
    api.patch("/api/v1/subtasks/" + subtask, Map.of("title", "Other step")).expect(200);
    assertChanged("task");
    api.patch("/api/v1/tasks/" + task, dueIn(Duration.ofHours(3), 3)).expect(200);
    assertChanged("task");
    String reminder =
        api.post(
                "/api/v1/tasks/" + task + "/reminders",
                Map.of("type", "before", "offset_minutes", 60))
            .expect(201)
            .id();
    assertChanged("reminder");
    api.patch("/api/v1/reminders/" + reminder, Map.of("offset_minutes", 30)).expect(200);
    assertChanged("reminder");
    api.post("/api/v1/focus/start", Map.of("task_id", task)).expect(200);
    assertChanged("focus");
    service.clock().advance(Duration.ofMinutes(10));
    api.post("/api/v1/focus/end", Map.of("task_id", task)).expect(200);
    assertChanged("focus", "task");
    String note = api.createNote("Note");
    assertChanged("note");
    api.patch("/api/v1/notes/" + note, Map.of("archived", true)).expect(200);
    assertChanged("note");
    api.delete("/api/v1/notes/" + note).expect(200);
    assertChanged("note");
    api.patch("/api/v1/users/me", Map.of("name", "Another name")).expect(200);
    assertChanged("settings");
    api.post("/api/v1/tasks/" + task + "/force-complete", Map.of("version", version(task)))
        .expect(200);
    assertChanged("task", "achievements");
    api.delete("/api/v1/tasks/" + task).expect(200);
    assertChanged("task", "reminder");
    String template =
        api.post("/api/v1/templates", Map.of("title", "Daily", "rrule", "FREQ=DAILY"))
            .expect(201)
            .id();
    assertChanged("template", "task");
    api.delete("/api/v1/templates/" + template).expect(204);
    assertChanged("template", "task");
    assertEquals(Set.of(), changed(), "nothing changed since");
  }

  @Test
  void FR_142_changes_by_jobs_are_read_too() {
    String task = api.createTask("Task");
    api.patch("/api/v1/tasks/" + task, dueIn(Duration.ofHours(3), 1)).expect(200);
    api.post(
            "/api/v1/tasks/" + task + "/reminders",
            Map.of("type", "before", "offset_minutes", 60, "method", "in_app"))
        .expect(201);
    copy.update();
    later(Duration.ofMinutes(130));
    assertChanged("notification", "reminder");
    String notification =
        api.get("/api/v1/notifications").expect(200).data().get(0).get("id").asString();
    api.patch("/api/v1/notifications/" + notification + "/read", Map.of()).expect(200);
    assertChanged("notification");
    api.delete("/api/v1/notifications/" + notification).expect(204);
    assertChanged("notification");

    api.patch("/api/v1/tasks/" + task, Map.of("completed", true)).expect(200);
    copy.update();
    later(Duration.ofDays(2));
    assertChanged("achievements");
    assertEquals(
        0, copy.get("achievements " + user.userId()).at("/data/stats/current_streak").asInt());
  }

  @Test
  void FR_142_a_tier_changes_what_depends_on_it() {
    copy.update();
    database.run("update auth.users set tier = 'pro' where id = ?", user.userId());
    assertChanged("achievements", "credits", "settings", "subscription");
  }

  @Test
  void data_is_what_the_operations_of_the_entities_return() {
    String task = api.createTask("Task");
    api.createSubtask(task, "One");
    api.createSubtask(task, "Two");
    api.createNote("Note");
    api.post("/api/v1/templates", Map.of("title", "Daily", "rrule", "FREQ=DAILY")).expect(201);
    api.patch("/api/v1/tasks/" + task, dueIn(Duration.ofHours(3), 3)).expect(200);
    api.post("/api/v1/tasks/" + task + "/reminders", Map.of("type", "before", "offset_minutes", 60))
        .expect(201);
    api.post("/api/v1/focus/start", Map.of("task_id", task)).expect(200);
    copy.update();
    int compared = 0;
    for (JsonNode entity : copy.entities().values()) {
      JsonNode data = entity.get("data");
      String id = entity.get("id").asString();
      String path =
          switch (entity.get("type").asString()) {
            case "template" -> "/api/v1/templates/" + id;
            case "note" -> "/api/v1/notes/" + id;
            case "reminder" -> "/api/v1/reminders/" + id;
            case "focus" -> "/api/v1/focus/active";
            case "subscription" -> "/api/v1/subscription";
            case "achievements" -> "/api/v1/achievements/me";
            case "credits" -> "/api/v1/credits/balance";
            case "settings" -> "/api/v1/users/me";
            default -> null;
          };
      if (path != null) {
        assertEquals(api.get(path).expect(200).data(), data, path);
        compared++;
      } else {
        JsonNode detail = api.get("/api/v1/tasks/" + id).expect(200).data();
        ((ObjectNode) detail).remove("reminders");
        assertEquals(detail, data);
        compared++;
      }
      if (data.has("version")) {
        assertEquals(data.get("version"), entity.get("version"));
      } else {
        assertTrue(entity.get("version").isNull());
      }
    }
    assertEquals(10, compared, () -> copy.entities().keySet().toString());
  }

  @Test
  void FR_143_without_a_token_all_data_is_read_in_pages() {
    for (int i = 0; i < 7; i++) {
      api.createTask("Task " + i);
      api.createNote("Note " + i);
    }
    for (int limit : List.of(1, 2, 3, 7, 100)) {
      LocalCopy paged = new LocalCopy(api, limit);
      JsonNode first = paged.readOne();
      assertTrue(first.get("full").asBoolean());
      assertTrue(first.get("changes").size() <= limit);
      paged.update();
      assertEquals(LocalCopy.snapshot(api), paged.entities());
      assertFalse(paged.readOne().get("full").asBoolean());
    }
  }

  @Test
  void FR_143_a_snapshot_that_is_read_while_data_changes_ends_consistent() {
    List<String> tasks = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      tasks.add(api.createTask("Task " + i));
    }
    LocalCopy paged = new LocalCopy(api, 3);
    paged.readOne();
    // One that was read, one that was not, and a new one.
    api.delete("/api/v1/tasks/" + tasks.get(0)).expect(200);
    api.patch("/api/v1/tasks/" + tasks.get(1), Map.of("version", 1, "title", "New")).expect(200);
    paged.readOne();
    api.delete("/api/v1/tasks/" + tasks.get(9)).expect(200);
    api.delete("/api/v1/tasks/" + tasks.get(2)).expect(200);
    api.createTask("Task 11");
    paged.update();
    assertEquals(LocalCopy.snapshot(api), paged.entities());
  }

  @Test
  void FR_142_types_selects_what_is_returned() {
    LocalCopy notes = new LocalCopy(api, "types=note,settings&limit=2");
    api.createTask("Task");
    api.createNote("Note");
    notes.update();
    assertEquals(Set.of("note", "settings"), types(notes.entities().values()));
    for (int i = 0; i < 5; i++) {
      api.createTask("Task " + i);
    }
    String note = api.createNote("Other note");
    List<JsonNode> changes = notes.update();
    assertEquals(1, changes.size());
    assertEquals(note, changes.getFirst().get("id").asString());
  }

  @Test
  void FR_142_an_entity_that_changed_often_is_in_an_answer_once() {
    copy.update();
    String task = api.createTask("Task");
    for (int i = 0; i < 5; i++) {
      api.patch("/api/v1/tasks/" + task, Map.of("version", i + 1, "title", "Title " + i))
          .expect(200);
    }
    List<JsonNode> changes = copy.update();
    assertEquals(1, changes.size());
    assertEquals(6, changes.getFirst().get("version").asInt());
    assertEquals("Title 4", changes.getFirst().at("/data/title").asString());
  }

  @Test
  void FR_142_a_token_that_was_not_issued_for_this_is_refused() {
    api.createTask("Task");
    JsonNode page = new LocalCopy(api, 1).readOne();
    String snapshot = page.get("token").asString();
    copy.update();
    String token = copy.token();
    TestService.Session other = service.newUser();
    for (String bad :
        List.of(
            token.substring(0, token.length() - 1),
            token.substring(4),
            token + "A",
            "x" + token.substring(1),
            snapshot.substring(0, 20),
            "%00",
            "A".repeat(201))) {
      assertTokenRefused(api.invalidOnPurpose().get(SYNC + "?token=" + bad));
    }
    assertTokenRefused(other.api().get(SYNC + "?token=" + token));
    assertTokenRefused(other.api().get(SYNC + "?token=" + snapshot));
    assertTokenRefused(api.get(SYNC + "?types=task&token=" + token));
    assertTokenRefused(api.get(SYNC + "?token=" + cursorOfNotes()));
    assertEquals(200, api.get(SYNC + "?token=" + token).status());
    assertEquals(
        List.of("types", "limit"),
        fields(api.invalidOnPurpose().get(SYNC + "?types=task,tasks&limit=1001")));
  }

  @Test
  void FR_142_a_token_ahead_of_the_data_is_refused() {
    copy.update();
    api.createTask("Task");
    copy.update();
    long newest = database.number("select last_value from activity.change_seq");
    database.rows("select setval('activity.change_seq', 1)");
    try {
      assertTokenRefused(api.get(SYNC + "?token=" + copy.token()));
    } finally {
      database.rows("select setval('activity.change_seq', ?)", newest);
    }
  }

  @Test
  void FR_142_changes_of_parallel_writers_are_read_in_the_order_of_their_commits()
      throws Exception {
    copy.update();
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> writers = new ArrayList<>();
      for (int w = 0; w < 6; w++) {
        int writer = w;
        writers.add(threads.submit(() -> write(writer)));
      }
      Future<?> reader =
          threads.submit(
              () -> {
                while (!done.get()) {
                  copy.update();
                }
              });
      for (Future<?> writer : writers) {
        writer.get();
      }
      done.set(true);
      reader.get();
    }
    copy.update();
    assertEquals(LocalCopy.snapshot(api), copy.entities());
  }

  private void write(int writer) {
    List<String> tasks = new ArrayList<>();
    for (int i = 0; i < 15; i++) {
      if (i % 5 == 4) {
        api.delete("/api/v1/tasks/" + tasks.removeFirst()).expect(200);
      } else if (i % 3 == 2) {
        api.patch("/api/v1/tasks/" + tasks.getLast(), Map.of("hidden", i % 2 == 0)).expect(200);
      } else {
        tasks.add(
            api.post("/api/v1/tasks", Map.of("title", "Task " + writer + "." + i))
                .expect(201)
                .id());
      }
    }
  }

  @Test
  void changes_of_a_deleted_account_are_deleted() {
    copy.update();
    String task = api.createTask("Task");
    api.createSubtask(task, "Step");
    api.createNote("Note");
    api.post("/api/v1/focus/start", Map.of("task_id", task)).expect(200);
    String email = api.get("/api/v1/users/me").data().get("email").asString();
    api.delete("/api/v1/users/me", Map.of("confirm", email)).expect(204);
    assertEquals(
        0,
        database.number("select count(*) from activity.changes where user_id = ?", user.userId()));
    api.get(SYNC + "?token=" + copy.token()).expect(401);
    api.get(SYNC).expect(401);
  }

  @Test
  void FR_144_old_changes_are_deleted_daily() {
    String old = api.createTask("Old");
    database.run(
        "update activity.changes set created_at = created_at - interval '32 days'"
            + " where user_id = ?",
        user.userId());
    String recent = api.createTask("Recent");
    later(Duration.ofDays(1));
    assertEquals(0, recorded(old));
    assertEquals(1, recorded(recent));
  }

  private long recorded(String id) {
    return database.number(
        "select count(*) from activity.changes where entity_id = ?", UUID.fromString(id));
  }

  /** Lets time pass, runs the jobs that are due by then, and signs in again. */
  private void later(Duration time) {
    service.clock().advance(time);
    service.runDueJobs();
    api = service.signIn(subject()).api();
    copy.use(api);
  }

  private static Map<String, Object> dueIn(Duration ahead, int version) {
    Map<String, Object> patch = new HashMap<>();
    patch.put("due_date", Instant.now(service.clock()).plus(ahead).toString());
    patch.put("version", version);
    return patch;
  }

  private int version(String task) {
    return api.get("/api/v1/tasks/" + task).expect(200).data().get("version").asInt();
  }

  private String subject() {
    return String.valueOf(
        database
            .row("select google_id from auth.users where id = ?", user.userId())
            .get("google_id"));
  }

  private String cursorOfNotes() {
    api.createNote("One");
    api.createNote("Two");
    return api.get("/api/v1/notes?cursor=&limit=1")
        .expect(200)
        .json()
        .at("/pagination/next_cursor")
        .asString();
  }

  private void assertChanged(String... types) {
    assertEquals(new TreeSet<>(List.of(types)), changed());
    assertEquals(LocalCopy.snapshot(api), copy.entities());
  }

  private Set<String> changed() {
    return types(copy.update());
  }

  private static Set<String> types(Iterable<JsonNode> changes) {
    Set<String> types = new TreeSet<>();
    changes.forEach(change -> types.add(change.get("type").asString()));
    return types;
  }

  private static void assertTokenRefused(Api.Answer answer) {
    answer.expect(400, "VALIDATION_ERROR");
    assertEquals(List.of("token"), fields(answer));
  }

  private static List<String> fields(Api.Answer answer) {
    List<String> fields = new ArrayList<>();
    answer.json().at("/error/details").forEach(each -> fields.add(each.get("field").asString()));
    return fields;
  }

  private static String encoded(String filter) {
    return URLEncoder.encode(filter, StandardCharsets.UTF_8);
  }

  private String task(String title, String priority) {
    return api.post("/api/v1/tasks", Map.of("title", title, "priority", priority)).expect(201).id();
  }

  private static Set<String> tasks(Map<String, JsonNode> entities) {
    return entities.keySet().stream()
        .filter(key -> key.startsWith("task "))
        .map(key -> key.substring("task ".length()))
        .collect(Collectors.toSet());
  }

  @Test
  void FR_232_a_filtered_copy_has_the_tasks_that_match() {
    LocalCopy high = new LocalCopy(api, "limit=2&filter=" + encoded("priority = high"));
    String kept = task("kept", "high");
    String leaving = task("leaving", "high");
    String entering = task("entering", "low");
    String low = task("low", "low");
    String note = api.createNote("Note");
    high.update();
    assertEquals(Set.of(kept, leaving), tasks(high.entities()));
    assertTrue(high.entities().containsKey("note " + note));
    high.update();
    api.patch("/api/v1/tasks/" + leaving, Map.of("version", 1, "priority", "low")).expect(200);
    api.patch("/api/v1/tasks/" + entering, Map.of("version", 1, "priority", "high")).expect(200);
    JsonNode answer = high.readOne();
    assertEquals(leaving, answer.get("unmatched").get(0).asString());
    assertEquals(1, answer.get("unmatched").size());
    assertEquals(entering, answer.get("changes").get(0).get("id").asString());
    assertEquals(1, answer.get("changes").size());
    assertEquals(Set.of(kept, entering), tasks(high.entities()));
    // Deletions of all tasks are returned.
    api.delete("/api/v1/tasks/" + low).expect(200);
    api.delete("/api/v1/tasks/" + kept).expect(200);
    JsonNode deleted = high.readOne();
    assertEquals(2, deleted.get("changes").size());
    assertEquals(0, deleted.get("unmatched").size());
    assertEquals(Set.of(entering), tasks(high.entities()));
    api.patch("/api/v1/tasks/" + entering, Map.of("hidden", true)).expect(200);
    high.update();
    assertEquals(Set.of(), tasks(high.entities()));
  }

  @Test
  void FR_232_what_matches_by_time_is_that_of_the_request() {
    String filter = "types=task,list&filter=" + encoded("created = today");
    String list = api.post("/api/v1/lists", Map.of("name", "Later")).expect(201).id();
    String early = task("early", "low");
    String archived =
        api.post("/api/v1/tasks", Map.of("title", "archived", "list_id", list)).expect(201).id();
    LocalCopy today = new LocalCopy(api, filter);
    today.update();
    assertEquals(Set.of(early, archived), tasks(today.entities()));
    // No task was changed, so only the next snapshot leaves it out.
    api.patch("/api/v1/lists/" + list, Map.of("archived", true)).expect(200);
    today.update();
    assertEquals(Set.of(early, archived), tasks(today.entities()));
    LocalCopy again = new LocalCopy(api, filter);
    again.update();
    assertEquals(Set.of(early), tasks(again.entities()));
    later(Duration.ofDays(1));
    String next = task("next", "low");
    today.use(api);
    today.update();
    assertEquals(Set.of(early, archived, next), tasks(today.entities()));
    LocalCopy tomorrow = new LocalCopy(api, filter);
    tomorrow.update();
    assertEquals(Set.of(next), tasks(tomorrow.entities()));
  }

  @Test
  void FR_232_a_token_of_another_filter_is_refused() {
    String high = SYNC + "?filter=" + encoded("priority = high");
    String token = api.get(high).expect(200).data().get("token").asString();
    api.get(high + "&token=" + token).expect(200);
    assertTokenRefused(api.get(SYNC + "?token=" + token));
    assertTokenRefused(api.get(SYNC + "?filter=" + encoded("priority = low") + "&token=" + token));
    copy.update();
    assertTokenRefused(api.get(high + "&token=" + copy.token()));
    Map<String, Object> batch =
        Map.of(
            "token",
            token,
            "commands",
            List.of(
                Map.of(
                    "uuid", UUID.randomUUID().toString(),
                    "type", "task.create",
                    "args", Map.of("title", "of a batch"))));
    assertTokenRefused(api.post(SYNC, batch));
    assertEquals(token, api.post(high, batch).expect(200).data().get("token").asString());
  }

  @Test
  void FR_232_a_filter_that_cannot_be_used_is_refused() {
    Map.of("due <", 5, "hidden or list = Nowhere", 17, "priority", 8, "", 0)
        .forEach(
            (filter, position) -> {
              JsonNode error =
                  api.invalidOnPurpose()
                      .get(SYNC + "?filter=" + encoded(filter))
                      .expect(400, "VALIDATION_ERROR")
                      .json()
                      .get("error");
              assertEquals("filter", error.at("/details/0/field").asString());
              assertEquals(position, error.get("position").intValue(), filter);
            });
  }

  @Test
  void FR_232_a_filtered_copy_that_is_read_while_data_changes_ends_with_what_matches()
      throws Exception {
    LocalCopy shown = new LocalCopy(api, "limit=3&types=task&filter=" + encoded("not hidden"));
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> reader =
          threads.submit(
              () -> {
                while (!done.get()) {
                  shown.update();
                }
              });
      write(1);
      done.set(true);
      reader.get();
    }
    shown.update();
    Map<String, JsonNode> expected = LocalCopy.snapshot(api);
    expected.values().removeIf(each -> !each.get("type").asString().equals("task"));
    expected.values().removeIf(each -> each.at("/data/hidden").asBoolean());
    assertEquals(expected, shown.entities());
  }
}
