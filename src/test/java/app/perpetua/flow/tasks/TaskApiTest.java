package app.perpetua.flow.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
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

class TaskApiTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final String subject = "google-" + UUID.randomUUID();
  private final TestService.Session user = service.signIn(subject);
  private final Api api = user.api();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void US04_completing_every_subtask_completes_the_task() {
    String task = api.createTask("Plan the trip");
    String one = api.createSubtask(task, "Book");
    String two = api.createSubtask(task, "Pack");
    Api.Answer first = api.patch("/api/v1/subtasks/" + one, Map.of("completed", true)).expect(200);
    assertFalse(first.json().has("task"));
    Api.Answer last = api.patch("/api/v1/subtasks/" + two, Map.of("completed", true)).expect(200);
    assertEquals("auto", last.json().get("task").get("completed_by").stringValue());
    assertTrue(last.json().get("unlocked_achievements").isEmpty());
    JsonNode detail = api.get("/api/v1/tasks/" + task).expect(200).data();
    assertTrue(detail.get("completed").booleanValue());
    assertEquals(last.json().get("task").get("completed_at"), detail.get("completed_at"));
    assertEquals(2, detail.get("subtasks").size());
  }

  /** The detail's subtasks are JSON of the database, those of the list are the service's. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "quote \" backslash \\ slash / brace } bracket ]",
        "\\u0041 \\n",
        "{\"id\":1},",
        "Zoë 日本 👩‍🚀 \u2028 \u00ad",
        "<script>&amp;</script>",
        "%s {0} :user_id $1"
      })
  void a_detail_shows_the_same_subtasks_as_their_list(String title) {
    String task = api.createTask(title);
    api.createSubtask(task, title);
    api.createSubtask(task, title.repeat(200 / title.length()));
    String done = api.createSubtask(task, "done");
    api.patch("/api/v1/subtasks/" + done, Map.of("completed", true)).expect(200);
    Api.Answer detail = api.get("/api/v1/tasks/" + task).expect(200);
    JsonNode subtasks = api.get("/api/v1/tasks/" + task + "/subtasks").expect(200).data();
    assertEquals(title, subtasks.get(0).get("title").stringValue());
    assertEquals(3, subtasks.size());
    assertEquals(subtasks, detail.data().get("subtasks"));
    assertEquals(subtasks.toString(), detail.data().get("subtasks").toString());
  }

  @Test
  void FR_005_another_users_task_is_forbidden_and_an_unknown_one_not_found() {
    String task = api.createTask("mine");
    String subtask = api.createSubtask(task, "step");
    Api other = service.newUser().api();
    other.get("/api/v1/tasks/" + task).expect(403, "FORBIDDEN");
    other.patch("/api/v1/tasks/" + task, Map.of("completed", true)).expect(403, "FORBIDDEN");
    other.delete("/api/v1/tasks/" + task).expect(403, "FORBIDDEN");
    other.delete("/api/v1/subtasks/" + subtask).expect(403, "FORBIDDEN");
    other.get("/api/v1/tasks/" + UUID.randomUUID()).expect(404, "NOT_FOUND");
    other.invalidOnPurpose().get("/api/v1/tasks/nonsense").expect(400, "VALIDATION_ERROR");
    other
        .invalidOnPurpose()
        .patch("/api/v1/tasks/" + task, Map.of("priority", "urgent"))
        .expect(400, "VALIDATION_ERROR");
  }

  @Test
  void FR_004_the_token_of_a_deleted_account_is_refused() {
    String task = api.createTask("mine");
    String email = api.get("/api/v1/users/me").data().get("email").stringValue();
    api.delete("/api/v1/users/me", Map.of("confirm", email)).expect(204);
    api.get("/api/v1/tasks").expect(401, "UNAUTHORIZED");
    api.get("/api/v1/tasks/" + task).expect(401, "UNAUTHORIZED");
    api.post("/api/v1/tasks", Map.of("title", "late")).expect(401, "UNAUTHORIZED");
    assertEquals(0, count());
  }

  @Test
  void FR_013_a_due_date_lies_at_most_thirty_days_ahead() {
    assertEquals(400, due(Duration.ofDays(30).plusMillis(1)));
    assertEquals(201, due(Duration.ofDays(30)));
    assertEquals(400, due(Duration.ZERO));
    assertEquals(201, due(Duration.ofMillis(1)));
  }

  @Test
  void FR_013_an_unchanged_past_due_date_is_not_checked() {
    Instant soon = service.clock().instant().plusSeconds(60);
    String due = Json.instant(soon);
    String task = api.post("/api/v1/tasks", Map.of("title", "a", "due_date", due)).expect(201).id();
    service.clock().advance(Duration.ofMinutes(10));
    Map<String, Object> same = Map.of("version", 1, "title", "b", "due_date", due);
    api.patch("/api/v1/tasks/" + task, same).expect(200);
    api.patch(
            "/api/v1/tasks/" + task,
            Map.of("version", 2, "due_date", Json.instant(soon.plusMillis(1))))
        .expect(400, "VALIDATION_ERROR");
  }

  @Test
  void FR_058_absent_fields_stay_null_clears_and_a_null_title_is_refused() {
    String task =
        api.post("/api/v1/tasks", Map.of("title", "a", "description", "d", "estimated_duration", 5))
            .expect(201)
            .id();
    Map<String, Object> clearing = new HashMap<>();
    clearing.put("version", 1);
    clearing.put("description", null);
    clearing.put("estimated_duration", null);
    JsonNode cleared = api.patch("/api/v1/tasks/" + task, clearing).expect(200).data();
    assertEquals("", cleared.get("description").stringValue());
    assertTrue(cleared.get("estimated_duration").isNull());
    assertEquals("a", cleared.get("title").stringValue());
    Map<String, Object> wrong = new HashMap<>();
    wrong.put("version", 2);
    wrong.put("title", null);
    wrong.put("nonsense", 1);
    wrong.put("priority", 7);
    Api.Answer refused =
        api.invalidOnPurpose()
            .patch("/api/v1/tasks/" + task, wrong)
            .expect(400, "VALIDATION_ERROR");
    assertEquals(3, refused.json().get("error").get("details").size());
  }

  @Test
  void an_archived_task_can_only_be_unarchived() {
    String task = api.createTask("a");
    String subtask = api.createSubtask(task, "s");
    String path = "/api/v1/tasks/" + task;
    api.patch(path, Map.of("archived", true)).expect(200);
    api.patch(path, Map.of("archived", true)).expect(200);
    api.patch(path, Map.of("completed", true)).expect(409, "ARCHIVED");
    api.patch(path, Map.of("hidden", true)).expect(409, "ARCHIVED");
    api.post(path + "/force-complete", Map.of("version", 3)).expect(409, "ARCHIVED");
    api.post(path + "/subtasks", Map.of("title", "x")).expect(409, "ARCHIVED");
    api.patch("/api/v1/subtasks/" + subtask, Map.of("completed", true)).expect(409, "ARCHIVED");
    api.delete("/api/v1/subtasks/" + subtask).expect(409, "ARCHIVED");
    api.patch(path, Map.of("archived", false)).expect(200);
  }

  @Test
  void FR_060_tasks_are_paged_and_filtered() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      service.clock().advance(Duration.ofMillis(1));
      ids.addFirst(api.createTask("Task number " + i + " 100%_"));
    }
    JsonNode page = api.get("/api/v1/tasks?limit=2&offset=1").expect(200).json();
    assertEquals(List.of(ids.get(1), ids.get(2)), idsOf(page));
    assertEquals(5, page.get("pagination").get("total").intValue());
    assertTrue(page.get("pagination").get("has_more").booleanValue());
    assertEquals(
        5, api.get("/api/v1/tasks?offset=50").json().get("pagination").get("total").intValue());
    assertEquals(ids.reversed(), idsOf(api.get("/api/v1/tasks?sort=-created_at").json()));
    assertEquals(
        List.of(ids.get(1)), idsOf(api.get("/api/v1/tasks?q=NUMBER%20%20task%203").json()));
    assertEquals(5, idsOf(api.get("/api/v1/tasks?q=100%25_").json()).size());
    assertEquals(0, idsOf(api.get("/api/v1/tasks?q=100__").json()).size());
    for (String bad : List.of("limit=0", "limit=-1", "limit=101", "limit=x", "offset=-1")) {
      api.invalidOnPurpose().get("/api/v1/tasks?" + bad).expect(400, "VALIDATION_ERROR");
    }
  }

  @Test
  void promise_3_fifty_requests_with_one_key_have_one_effect() throws Exception {
    UUID key = UUID.randomUUID();
    Map<Integer, Integer> statuses =
        together(50, _ -> api.withKey(key).post("/api/v1/tasks", Map.of("title", "once")).status());
    assertEquals(0, statuses.keySet().stream().filter(s -> s != 201 && s != 409).count());
    assertTrue(statuses.containsKey(201));
    assertEquals(1, count());
    api.withKey(key)
        .post("/api/v1/tasks", Map.of("title", "another"))
        .expect(422, "IDEMPOTENCY_KEY_REUSED");
    Api.Answer replay = api.withKey(key).post("/api/v1/tasks", Map.of("title", "once")).expect(201);
    assertEquals("true", replay.header("X-Idempotent-Replayed").orElse(""));
  }

  @Test
  void promise_4_a_key_is_free_after_a_refusal_and_after_a_day() {
    UUID key = UUID.randomUUID();
    api.invalidOnPurpose()
        .withKey(key)
        .post("/api/v1/tasks", Map.of("title", ""))
        .expect(400, "VALIDATION_ERROR");
    api.withKey(key).post("/api/v1/tasks", Map.of("title", "a")).expect(201);
    service.newUser().api().withKey(key).post("/api/v1/tasks", Map.of("title", "b")).expect(201);
    service.clock().advance(Duration.ofHours(24));
    Api later = service.signIn(subject).api();
    later.withKey(key).post("/api/v1/tasks", Map.of("title", "c")).expect(201);
    assertEquals(2, count());
  }

  @Test
  void promise_7_a_hundred_patches_with_one_version_change_once() throws Exception {
    String task = api.createTask("a");
    Map<Integer, Integer> statuses =
        together(
            100,
            i ->
                api.patch("/api/v1/tasks/" + task, Map.of("version", 1, "title", "t" + i))
                    .status());
    assertEquals(Map.of(200, 1, 409, 99), statuses);
  }

  @Test
  void promise_7_limits_hold_under_parallel_creates() throws Exception {
    for (int i = 0; i < 49; i++) {
      api.createTask("t" + i);
    }
    Map<Integer, Integer> statuses =
        together(200, i -> api.post("/api/v1/tasks", Map.of("title", "p" + i)).status());
    assertEquals(Map.of(201, 1, 409, 199), statuses);
  }

  @Test
  void promise_7_completing_the_last_two_subtasks_in_parallel_completes_the_task_once()
      throws Exception {
    for (int round = 0; round < 10; round++) {
      String task = api.createTask("r" + round);
      List<String> steps = List.of(api.createSubtask(task, "1"), api.createSubtask(task, "2"));
      together(
          2,
          i ->
              api.patch("/api/v1/subtasks/" + steps.get(i), Map.of("completed", true))
                  .expect(200)
                  .status());
      assertEquals(
          1,
          database.number(
              "select count(*) from activity.activity_logs where user_id = ? and entity_id = ?::uuid"
                  + " and action = 'task_completed'",
              user.userId(),
              task));
    }
  }

  @Test
  void promise_8_parallel_deletes_leave_the_three_newest_tombstones() throws Exception {
    List<String> tasks = IntStream.range(0, 50).mapToObj(i -> api.createTask("t" + i)).toList();
    assertEquals(
        Map.of(200, 50), together(50, i -> api.delete("/api/v1/tasks/" + tasks.get(i)).status()));
    assertEquals(
        3,
        database.number(
            "select count(*) from tasks.deletion_tombstones where user_id = ?", user.userId()));
    assertEquals(
        100,
        database.number(
            "select count(*) from activity.activity_logs where user_id = ? and entity_type = 'task'",
            user.userId()));
  }

  private int due(Duration ahead) {
    String due = Json.instant(service.clock().instant().plus(ahead));
    return api.post("/api/v1/tasks", Map.of("title", "a", "due_date", due)).status();
  }

  private long count() {
    return database.number(
        "select count(*) from tasks.task_instances where user_id = ?", user.userId());
  }

  private static List<String> idsOf(JsonNode page) {
    return page.get("data").values().stream().map(item -> item.get("id").stringValue()).toList();
  }

  private interface Call {
    int status(int index);
  }

  private static Map<Integer, Integer> together(int callers, Call call) throws Exception {
    Map<Integer, Integer> statuses = new TreeMap<>();
    CountDownLatch start = new CountDownLatch(1);
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> answers = new ArrayList<>();
      for (int i = 0; i < callers; i++) {
        int index = i;
        Callable<Integer> caller =
            () -> {
              start.await();
              return call.status(index);
            };
        answers.add(executor.submit(caller));
      }
      start.countDown();
      for (Future<Integer> answer : answers) {
        try {
          statuses.merge(answer.get(), 1, Integer::sum);
        } catch (ExecutionException e) {
          throw new AssertionError(e.getCause());
        }
      }
    }
    return statuses;
  }
}
