package app.perpetua.flow.reminders;

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
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class ReminderApiTest {
  private static final String TASKS = "/api/v1/tasks/";
  private static final String REMINDERS = "/api/v1/reminders/";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();

  /** The same user, for requests that violate the contract. */
  private final Api careless = api.invalidOnPurpose();

  private final Instant now = service.clock().instant();
  private final Instant due = now.plus(Duration.ofHours(2));

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_026_a_relative_reminder_is_scheduled_relative_to_the_due_date() {
    String task = task(due);
    JsonNode before = add(task, relative("before", 30));
    assertEquals(Json.instant(due.minus(Duration.ofMinutes(30))), text(before, "scheduled_at"));
    assertEquals("in_app", text(before, "method"));
    assertFalse(before.get("fired").booleanValue());
    assertTrue(before.get("fired_at").isNull());
    JsonNode after = add(task, relative("after", -45));
    assertEquals(45, after.get("offset_minutes").intValue());
    assertEquals(Json.instant(due.plus(Duration.ofMinutes(45))), text(after, "scheduled_at"));
    assertEquals(before, api.get(REMINDERS + id(before)).expect(200).data());
    assertEquals(
        List.of(before, after),
        List.copyOf(api.get(TASKS + task + "/reminders").expect(200).data().values()));
    assertEquals(2, api.get(TASKS + task).data().get("reminders").size());
    assertEquals(due.minus(Duration.ofMinutes(30)), runAt(before));
    assertEquals(2, entries("reminder_created", "user"));
  }

  @Test
  void a_reminder_can_be_created_with_the_task_id_in_the_body() {
    String task = task(null);
    Map<String, Object> body = new HashMap<>(absolute(now.plusSeconds(60)));
    body.put("task_id", task);
    JsonNode made = api.post("/api/v1/reminders", body).expect(201).data();
    assertEquals(task, text(made, "task_id"));
    assertEquals(
        List.of("task_id", "type"),
        faults(careless.post("/api/v1/reminders", Map.of("method", "push"))));
    body.put("task_id", UUID.randomUUID().toString());
    api.post("/api/v1/reminders", body).expect(404, "NOT_FOUND");
  }

  @Test
  void FR_060_reminders_are_paged_soonest_first() {
    String one = task(due);
    String other = task(due);
    String last = id(add(one, relative("after", 1)));
    String first = id(add(other, relative("before", 60)));
    String middle = id(add(one, relative("before", 0)));
    JsonNode page = api.get("/api/v1/reminders?limit=2").expect(200).json();
    assertEquals(List.of(first, middle), ids(page));
    assertEquals(3, page.at("/pagination/total").intValue());
    assertEquals(List.of(last), ids(api.get("/api/v1/reminders?offset=2").json()));
    assertEquals(
        3, api.get("/api/v1/reminders?offset=9").json().at("/pagination/total").intValue());
    careless.get("/api/v1/reminders?limit=0").expect(400, "VALIDATION_ERROR");
    assertEquals(0, ids(service.newUser().api().get("/api/v1/reminders").json()).size());
  }

  @Test
  void FR_058_type_and_time_must_match() {
    String task = TASKS + task(due) + "/reminders";
    String soon = Json.instant(now.plusSeconds(60));
    assertEquals(List.of("type"), faults(careless.post(task, Map.of())));
    assertEquals(List.of("offset_minutes"), faults(careless.post(task, Map.of("type", "before"))));
    assertEquals(List.of("scheduled_at"), faults(careless.post(task, Map.of("type", "absolute"))));
    assertEquals(
        List.of("offset_minutes"),
        faults(careless.post(task, Map.of("type", "after", "scheduled_at", soon))));
    assertEquals(
        List.of("offset_minutes"),
        faults(
            careless.post(
                task, Map.of("type", "absolute", "scheduled_at", soon, "offset_minutes", 1))));
    assertEquals(
        List.of("method", "offset_minutes"),
        faults(
            careless.post(
                task, Map.of("type", "before", "offset_minutes", 43_201, "method", "mail"))));
    assertEquals(
        List.of("offset_minutes"), faults(careless.post(task, relative("before", -43_201))));
    Map<String, @Nullable Object> nulls = new HashMap<>(absolute(now.plusSeconds(60)));
    nulls.put("offset_minutes", null);
    api.post(task, nulls).expect(201);
    assertEquals(1, api.get(task).data().size());
  }

  @Test
  void FR_132_the_sign_of_an_offset_is_ignored_up_to_thirty_days_either_way() {
    String far = task(now.plus(Duration.ofDays(30)));
    for (int minutes : List.of(-43_200, -30, 0, 30, 43_200)) {
      JsonNode before = add(far, relative("before", minutes));
      assertEquals(Math.abs(minutes), before.get("offset_minutes").intValue());
    }
    String task = task(due);
    for (int minutes : List.of(-43_200, 43_200)) {
      JsonNode after = add(task, relative("after", minutes));
      assertEquals(43_200, after.get("offset_minutes").intValue());
      assertEquals(Json.instant(due.plus(Duration.ofDays(30))), text(after, "scheduled_at"));
    }
    for (int minutes : List.of(-43_201, 43_201)) {
      assertEquals(
          List.of("offset_minutes"),
          faults(careless.post(TASKS + task + "/reminders", relative("after", minutes))));
    }
    assertEquals(2, api.get(TASKS + task + "/reminders").data().size());
  }

  @Test
  void FR_132_a_relative_reminder_ignores_the_time_beside_its_offset() {
    String task = task(due);
    String expected = Json.instant(due.minus(Duration.ofMinutes(30)));
    for (String time :
        List.of(
            Json.instant(due), Json.instant(now.minusSeconds(60)), "2031-01-19T10:30:00+01:00")) {
      Map<String, Object> body = relativeAt("before", -30, time);
      assertEquals(expected, text(add(task, body), "scheduled_at"));
      body.put("task_id", task);
      JsonNode made = api.post("/api/v1/reminders", body).expect(201).data();
      assertEquals(expected, text(made, "scheduled_at"));
      assertEquals(due.minus(Duration.ofMinutes(30)), runAt(made));
      api.delete(REMINDERS + id(made)).expect(204);
    }
    Map<String, Object> malformed = relativeAt("before", 30, "half past ten");
    String target = TASKS + task + "/reminders";
    assertEquals(List.of("scheduled_at"), faults(careless.post(target, malformed)));
    assertEquals(3, api.get(target).data().size());
  }

  @Test
  void FR_132_a_patch_with_a_relative_type_ignores_the_time() {
    JsonNode made = add(task(due), relative("before", 30));
    String target = REMINDERS + id(made);
    String past = Json.instant(now.minusSeconds(60));
    JsonNode moved = api.patch(target, relativeAt("after", -45, past)).expect(200).data();
    assertEquals(Json.instant(due.plus(Duration.ofMinutes(45))), text(moved, "scheduled_at"));
    assertEquals(due.plus(Duration.ofMinutes(45)), runAt(made));
    Map<String, Object> typed = Map.of("type", "before", "scheduled_at", Json.instant(due));
    JsonNode turned = api.patch(target, typed).expect(200).data();
    assertEquals(Json.instant(due.minus(Duration.ofMinutes(45))), text(turned, "scheduled_at"));

    // Without a type the time is what the client wants to change.
    Map<String, Object> timed = Map.of("offset_minutes", 5, "scheduled_at", Json.instant(due));
    assertEquals(List.of("scheduled_at"), faults(api.patch(target, timed)));
    assertEquals(
        List.of("scheduled_at"),
        faults(careless.patch(target, relativeAt("before", 30, "half past ten"))));
    assertEquals(turned, api.get(target).expect(200).data());
  }

  @Test
  void a_relative_reminder_requires_a_due_date_and_no_reminder_may_be_in_the_past() {
    String undated = TASKS + task(null) + "/reminders";
    assertEquals(List.of("type"), faults(api.post(undated, relative("before", 5))));
    assertEquals(List.of("scheduled_at"), faults(api.post(undated, absolute(now.minusMillis(1)))));
    api.post(undated, absolute(now)).expect(201);
    String dated = TASKS + task(due) + "/reminders";
    assertEquals(List.of("offset_minutes"), faults(api.post(dated, relative("before", 121))));
    api.post(dated, relative("before", 120)).expect(201);
    service.runDueJobs();
  }

  @Test
  void FR_025_the_sixth_reminder_is_refused_even_if_others_have_fired() {
    String task = task(null);
    add(task, absolute(now.plusSeconds(1)));
    service.clock().advance(Duration.ofSeconds(2));
    service.runDueJobs();
    for (int i = 0; i < 4; i++) {
      add(task, absolute(now.plusSeconds(60 + i)));
    }
    JsonNode error =
        api.post(TASKS + task + "/reminders", absolute(now.plusSeconds(70)))
            .expect(409, "LIMIT_EXCEEDED")
            .json()
            .get("error");
    assertEquals(5, error.get("limit").intValue());
    assertEquals(5, error.get("current").intValue());
  }

  @Test
  void FR_025_the_limit_holds_under_parallel_creates() throws Exception {
    String task = task(due);
    for (int i = 0; i < 4; i++) {
      add(task, relative("before", i));
    }
    List<Integer> statuses =
        together(
            IntStream.range(0, 20)
                .<Callable<Integer>>mapToObj(
                    i -> () -> api.post(TASKS + task + "/reminders", relative("after", i)).status())
                .toList());
    assertEquals(1, statuses.stream().filter(status -> status == 201).count());
    assertEquals(19, statuses.stream().filter(status -> status == 409).count());
    assertEquals(5, api.get(TASKS + task + "/reminders").data().size());
  }

  @Test
  void the_first_applicable_refusal_is_answered() {
    String foreign = foreign();
    String task = task(due);
    api.post(TASKS + foreign + "/reminders", absolute(now.minusSeconds(1)))
        .expect(400, "VALIDATION_ERROR");
    api.post(TASKS + foreign + "/reminders", relative("before", 1)).expect(403, "FORBIDDEN");
    api.get(TASKS + foreign + "/reminders").expect(403, "FORBIDDEN");
    String reminder = id(add(task, relative("before", 10)));
    for (int i = 0; i < 4; i++) {
      add(task, relative("after", i));
    }
    api.patch(TASKS + task, Map.of("archived", true)).expect(200);
    api.post(TASKS + task + "/reminders", relative("before", 500)).expect(400, "VALIDATION_ERROR");
    api.post(TASKS + task + "/reminders", relative("before", 5)).expect(409, "ARCHIVED");
    api.patch(REMINDERS + reminder, Map.of("offset_minutes", 500)).expect(400, "VALIDATION_ERROR");
    api.patch(REMINDERS + reminder, Map.of("offset_minutes", 5)).expect(409, "ARCHIVED");
    api.delete(REMINDERS + reminder).expect(409, "ARCHIVED");
    api.get(REMINDERS + reminder).expect(200);
    Api other = service.newUser().api();
    other.get(REMINDERS + reminder).expect(403, "FORBIDDEN");
    other.patch(REMINDERS + reminder, Map.of("method", "push")).expect(403, "FORBIDDEN");
    other
        .patch(REMINDERS + reminder, Map.of("scheduled_at", Json.instant(now.minusSeconds(1))))
        .expect(400, "VALIDATION_ERROR");
    other.delete(REMINDERS + reminder).expect(403, "FORBIDDEN");
    other.delete(REMINDERS + UUID.randomUUID()).expect(404, "NOT_FOUND");
    other.get(REMINDERS + UUID.randomUUID()).expect(404, "NOT_FOUND");
    other.get(TASKS + UUID.randomUUID() + "/reminders").expect(404, "NOT_FOUND");
  }

  @Test
  void changing_a_reminder_reschedules_its_job() {
    String task = task(due);
    JsonNode made = add(task, relative("before", 30));
    String target = REMINDERS + id(made);
    JsonNode moved = api.patch(target, Map.of("offset_minutes", -60)).expect(200).data();
    assertEquals(60, moved.get("offset_minutes").intValue());
    assertEquals(due.minus(Duration.ofMinutes(60)), runAt(made));
    JsonNode turned = api.patch(target, Map.of("type", "after")).expect(200).data();
    assertEquals(Json.instant(due.plus(Duration.ofMinutes(60))), text(turned, "scheduled_at"));
    Map<String, @Nullable Object> own = new HashMap<>();
    own.put("type", "absolute");
    own.put("offset_minutes", null);
    JsonNode kept = api.patch(target, own).expect(200).data();
    assertEquals(turned.get("scheduled_at"), kept.get("scheduled_at"));
    assertTrue(kept.get("offset_minutes").isNull());
    Instant later = due.plus(Duration.ofDays(3));
    api.patch(target, Map.of("scheduled_at", Json.instant(later))).expect(200);
    assertEquals(later, runAt(made));
    assertEquals(4, entries("reminder_updated", "user"));

    // Contradictory values are refused; unchanged values change nothing.
    assertEquals(List.of("offset_minutes"), faults(api.patch(target, Map.of("offset_minutes", 5))));
    assertEquals(List.of("offset_minutes"), faults(api.patch(target, Map.of("type", "before"))));
    assertEquals(
        List.of("scheduled_at"),
        faults(api.patch(target, Map.of("scheduled_at", Json.instant(now.minusSeconds(1))))));
    api.patch(target, Map.of("scheduled_at", Json.instant(later), "method", "in_app")).expect(200);
    api.patch(target, Map.of()).expect(200);
    assertEquals(4, entries("reminder_updated", "user"));
    api.patch(target, Map.of("type", "before", "offset_minutes", 10)).expect(200);
    assertEquals(
        List.of("scheduled_at"),
        faults(api.patch(target, Map.of("scheduled_at", Json.instant(later)))));
    Map<String, @Nullable Object> cleared = new HashMap<>();
    cleared.put("offset_minutes", null);
    assertEquals(List.of("offset_minutes"), faults(careless.patch(target, cleared)));
  }

  @Test
  void a_reminder_whose_job_is_dead_gets_another_when_it_is_moved() {
    String task = task(due);
    JsonNode made = add(task, relative("before", 30));
    database.run(
        "update ops.job_queue set state = 'dead', finished_at = created_at where job_key = ?",
        id(made));
    api.patch(REMINDERS + id(made), Map.of("offset_minutes", 20)).expect(200);
    assertEquals(due.minus(Duration.ofMinutes(20)), runAt(made));
  }

  @Test
  void a_deleted_reminder_leaves_no_job() {
    JsonNode made = add(task(due), relative("before", 30));
    api.delete(REMINDERS + id(made)).expect(204);
    api.get(REMINDERS + id(made)).expect(404, "NOT_FOUND");
    assertEquals(0, jobs());
    assertEquals(1, entries("reminder_deleted", "user"));
  }

  @Test
  void FR_012b_a_deleted_task_leaves_no_job_and_keeps_its_reminders_in_the_tombstone() {
    String task = task(due);
    JsonNode made = add(task, relative("before", 30));
    add(task, absolute(due));
    String other = id(add(task(due), relative("before", 1)));
    api.delete(TASKS + task).expect(200);
    api.get(REMINDERS + id(made)).expect(404, "NOT_FOUND");
    assertEquals(1, jobs());
    assertEquals(due.minusSeconds(60), runAt(api.get(REMINDERS + other).data()));
    assertEquals(
        2,
        database.number(
            "select jsonb_array_length(snapshot -> 'reminders') from tasks.deletion_tombstones"
                + " where user_id = ?",
            user.userId()));
  }

  private String task(@Nullable Instant dueDate) {
    Map<String, Object> task = new HashMap<>(Map.of("title", "Water the plants"));
    if (dueDate != null) {
      task.put("due_date", Json.instant(dueDate));
    }
    return api.post("/api/v1/tasks", task).expect(201).id();
  }

  private static String foreign() {
    return service.newUser().api().createTask("theirs");
  }

  private JsonNode add(String task, Map<String, Object> reminder) {
    return api.post(TASKS + task + "/reminders", reminder).expect(201).data();
  }

  private static Map<String, Object> relative(String type, int minutes) {
    return Map.of("type", type, "offset_minutes", minutes);
  }

  /** A relative reminder with a time beside it, as the published frontend sends it. */
  private static Map<String, Object> relativeAt(String type, int minutes, String at) {
    Map<String, Object> body = new HashMap<>(relative(type, minutes));
    body.put("scheduled_at", at);
    return body;
  }

  private static Map<String, Object> absolute(Instant at) {
    return Map.of("type", "absolute", "scheduled_at", Json.instant(at));
  }

  private static String id(JsonNode item) {
    return text(item, "id");
  }

  private static String text(JsonNode item, String field) {
    return item.get(field).stringValue();
  }

  private static List<String> ids(JsonNode page) {
    return page.get("data").values().stream().map(ReminderApiTest::id).toList();
  }

  private static List<String> faults(Api.Answer answer) {
    return answer.expect(400, "VALIDATION_ERROR").json().at("/error/details").values().stream()
        .map(fault -> text(fault, "field"))
        .sorted()
        .toList();
  }

  private Object runAt(JsonNode reminder) {
    return Objects.requireNonNull(
        database
            .row(
                "select run_at from ops.job_queue where job_key = ? and state = 'queued'",
                id(reminder))
            .get("run_at"));
  }

  private long jobs() {
    return database.number(
        "select count(*) from ops.job_queue where user_id = ? and state = 'queued'", user.userId());
  }

  private long entries(String action, String source) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?"
            + " and source = ? and request_id is not null",
        user.userId(),
        action,
        source);
  }

  private static <T> List<T> together(List<Callable<T>> callers) throws Exception {
    List<T> answers = new ArrayList<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var answer : executor.invokeAll(callers)) {
        answers.add(answer.get());
      }
    }
    return answers;
  }
}
