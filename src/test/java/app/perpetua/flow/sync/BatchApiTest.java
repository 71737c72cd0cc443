package app.perpetua.flow.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.hostile.DatabaseDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Commands in order, each once; temporary ids; bad input. */
class BatchApiTest {
  private static final String SYNC = "/api/v1/sync";
  private static final String TASKS = "/api/v1/tasks";
  private static final String UNKNOWN = "019ba722-4680-7c3e-9a51-2f6d8b0c4e17";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).with("FREE_MAX_TASKS", "30");

  private final TestService.Session user = service.newPro();
  private final Api api = user.api();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_147_later_commands_use_what_earlier_ones_create() {
    Batches.Answer answer =
        new Batches()
            .add("task.create", Map.of("title", "Trip"))
            .as("trip")
            .add("subtask.create", Map.of("task_id", "trip", "title", "Passport"))
            .as(UNKNOWN)
            .add("subtask.create", Map.of("task_id", "trip", "title", "Ticket"))
            .as("ticket")
            .add(
                "subtask.reorder",
                Map.of("task_id", "trip", "subtask_ids", List.of("ticket", UNKNOWN)))
            .add("focus.start", Map.of("task_id", "trip"))
            .add("subtask.update", Map.of("id", UNKNOWN, "completed", true))
            .send(api);
    assertEquals(List.of(201, 201, 201, 200, 200, 200), answer.statuses());
    JsonNode task = api.get(TASKS + "/" + answer.id("trip")).expect(200).data();
    assertEquals(
        List.of("Ticket", "Passport"),
        task.get("subtasks").valueStream().map(step -> step.get("title").asString()).toList());
    assertEquals(answer.id("ticket"), task.at("/subtasks/0/id").asString());
    assertTrue(task.at("/subtasks/1/completed").booleanValue());
    assertEquals(answer.id("trip"), answer.result(1).at("/data/task_id").asString());
    assertEquals(3, answer.data().get("temp_ids").size());
  }

  @Test
  void FR_147_a_repeated_batch_has_the_same_answer_and_no_effect() {
    String token = api.get(SYNC).data().get("token").stringValue();
    Batches batch = trip().token(token);
    Batches.Answer first = batch.send(api);
    DatabaseDigest digest = new DatabaseDigest(database);
    String before = digest.current();
    assertEquals(first, batch.send(api));
    assertEquals(before, digest.current());
    assertEquals(1, count("task_created"));
  }

  @Test
  void FR_147_a_batch_of_which_a_part_was_executed_is_completed() {
    Batches batch = trip();
    Batches.Answer part = batch.first(2).send(api);
    Batches.Answer all = batch.send(api);
    assertEquals(List.of(201, 201, 201, 200), all.statuses());
    assertEquals(part.result(0), all.result(0));
    assertEquals(part.result(1), all.result(1));
    assertEquals(1, count("task_created"));
    assertEquals(2, count("subtask_created"));
  }

  @Test
  void FR_147_a_command_is_the_request_with_its_key() {
    UUID key = UUID.randomUUID();
    String id =
        api.withKey(key).post(TASKS, "{\"title\":\"once\",\"priority\":\"low\"}").expect(201).id();
    Map<String, String> args = new LinkedHashMap<>();
    args.put("title", "once");
    args.put("priority", "low");
    Batches.Answer same =
        new Batches().add("task.create", args).with("uuid", key.toString()).send(api);
    assertEquals(id, same.result(0).at("/data/id").asString());
    Batches.Answer other =
        new Batches().add("note.delete", Map.of("id", id)).with("uuid", key.toString()).send(api);
    assertEquals(List.of("IDEMPOTENCY_KEY_REUSED"), other.codes());
    assertEquals(1, count("task_created"));
  }

  @Test
  void FR_147_identical_batches_at_once_have_one_effect() throws Exception {
    Batches batch = trip();
    for (Batches.Answer answer : atOnce(Collections.nCopies(4, batch))) {
      assertEquals(List.of(201, 201, 201, 200), answer.statuses());
    }
    assertEquals(1, count("task_created"));
    assertEquals(2, count("subtask_created"));
  }

  @Test
  void FR_147_batches_of_two_clients_of_a_user_are_both_executed() throws Exception {
    String task = api.createTask("shared");
    List<Batches> batches = new ArrayList<>();
    for (int client = 0; client < 2; client++) {
      Batches batch = new Batches();
      for (int i = 0; i < 10; i++) {
        batch.add("subtask.create", Map.of("task_id", task, "title", client + " " + i));
      }
      batches.add(batch);
    }
    int created = 0;
    for (Batches.Answer answer : atOnce(batches)) {
      for (int i = 0; i < 10; i++) {
        created += answer.statuses().get(i) == 201 ? 1 : 0;
        assertTrue(
            answer.codes().get(i).isEmpty() || answer.codes().get(i).equals("LIMIT_EXCEEDED"));
      }
    }
    JsonNode subtasks = api.get(TASKS + "/" + task + "/subtasks").data();
    assertEquals(created, subtasks.size());
    assertEquals(10, created, "the limit");
  }

  private List<Batches.Answer> atOnce(List<Batches> batches) throws Exception {
    List<Batches.Answer> answers = new ArrayList<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Batches.Answer>> sent =
          batches.stream().map(batch -> clients.submit(() -> batch.send(api))).toList();
      for (Future<Batches.Answer> answer : sent) {
        answers.add(answer.get());
      }
    }
    return answers;
  }

  @Test
  void FR_147_a_batch_of_100_commands_is_executed() {
    Batches batch = new Batches();
    for (int i = 0; i < 50; i++) {
      batch.add("note.create", Map.of("content", "note " + i)).as("note " + i);
      batch.add("note.delete", Map.of("id", "note " + i)).with("if_version", 1);
    }
    Batches.Answer answer = batch.send(api);
    for (int i = 0; i < 100; i++) {
      assertEquals(i % 2 == 0 ? 201 : 200, answer.statuses().get(i));
    }
  }

  @Test
  void FR_147_the_limits_of_single_requests_hold() {
    Batches batch = new Batches();
    for (int i = 0; i < 32; i++) {
      batch.add("task.create", Map.of("title", "task " + i));
    }
    Batches.Answer answer = batch.send(service.newUser().api());
    assertEquals(Collections.nCopies(30, 201), answer.statuses().subList(0, 30));
    assertEquals(List.of("LIMIT_EXCEEDED", "LIMIT_EXCEEDED"), answer.codes().subList(30, 32));
    assertEquals(30, answer.result(30).at("/error/limit").asInt());
  }

  @Test
  void FR_147_a_batch_counts_as_one_request() {
    int before = remaining(api.get(SYNC));
    Api.Answer answer = api.post(SYNC, trip().body()).expect(200);
    assertEquals(before - 1, remaining(answer));
  }

  private static int remaining(Api.Answer answer) {
    return Integer.parseInt(answer.header("X-RateLimit-Remaining").orElseThrow());
  }

  @Test
  void FR_147_the_token_continues_before_the_commands() {
    api.createTask("before");
    Batches.Answer answer = trip().send(api);
    JsonNode changes =
        api.get(SYNC + "?token=" + answer.data().get("token").stringValue()).expect(200).data();
    assertEquals(
        List.of(answer.id("trip")),
        changes.get("changes").valueStream().map(change -> change.get("id").asString()).toList());
    String token = changes.get("token").stringValue();
    assertEquals(
        token,
        new Batches()
            .add("note.create", Map.of("content", "a"))
            .token(token)
            .send(api)
            .data()
            .get("token")
            .stringValue());
    Batches selected = new Batches().add("note.create", Map.of("content", "b")).token(token);
    Api.Answer refused = api.post(SYNC + "?types=note", selected.body()).expect(400);
    assertEquals("token", refused.json().at("/error/details/0/field").asString());
  }

  @Test
  void FR_147_commands_are_counted_by_type_and_outcome() {
    new Batches()
        .add("notification.read_all", Map.of())
        .add("notification.delete", Map.of("id", UNKNOWN))
        .send(api);
    String metrics = service.api().get("/metrics").expect(200).text();
    for (String series :
        List.of(
            "outcome=\"ok\",type=\"notification.read_all\"",
            "outcome=\"refused\",type=\"notification.delete\"")) {
      assertTrue(metrics.contains("perpetua_batch_commands_total{" + series), series);
    }
  }

  @Test
  void FR_147_a_deleted_account_is_unauthorized() {
    String email = api.get("/api/v1/users/me").data().get("email").stringValue();
    api.delete("/api/v1/users/me", Map.of("confirm", email)).expect(204);
    api.post(SYNC, trip().body()).expect(401, "UNAUTHORIZED");
  }

  @Test
  void FR_147_a_batch_of_an_ended_session_is_unauthorized() {
    String session = api.get("/api/v1/sessions").data().get(0).get("id").stringValue();
    api.delete("/api/v1/sessions/" + session).expect(204);
    api.post(SYNC, trip().body()).expect(401, "UNAUTHORIZED");
    assertEquals(0, count("task_created"));
  }

  @Test
  void FR_148_a_refused_command_stops_no_other() {
    Batches.Answer answer =
        new Batches()
            .add("note.create", Map.of("content", "one"))
            .add("note.create", Map.of("content", " "))
            .add("note.update", Map.of("id", UNKNOWN, "archived", true))
            .add("note.create", Map.of("content", "two"))
            .send(api);
    assertEquals(List.of(201, 400, 404, 201), answer.statuses());
    assertEquals("content", answer.result(1).at("/error/details/0/field").asString());
    assertEquals(2, api.get("/api/v1/notes").data().size());
  }

  @Test
  void FR_148_commands_that_depend_on_a_refused_one_are_refused() {
    Batches.Answer answer =
        new Batches()
            .add("task.create", Map.of("title", ""))
            .as("task")
            .add("subtask.create", Map.of("task_id", "task", "title", "a"))
            .as("step")
            .add("subtask.update", Map.of("id", "step", "title", "b"))
            .add("note.create", Map.of("content", "c"))
            .send(api);
    assertEquals(List.of(400, 424, 424, 201), answer.statuses());
    assertEquals("DEPENDENCY_FAILED", answer.codes().get(1));
    assertEquals("task", answer.result(1).at("/error/temp_id").asString());
    assertEquals("step", answer.result(2).at("/error/temp_id").asString());
    assertEquals(0, answer.data().get("temp_ids").size());
  }

  @Test
  void FR_148_arguments_are_checked_as_those_of_the_operation() {
    String task = api.createTask("a");
    Batches.Answer answer =
        new Batches()
            .add("task.delete", Map.of())
            .add("task.delete", Map.of("id", 7))
            .add("task.delete", Map.of("id", task, "colour", "red"))
            .add("task.update", Map.of("id", task, "version", 1, "title", 5))
            .add("task.update", Map.of("id", task, "title", "b"))
            .add("subtask.create", Map.of("title", "b"))
            .send(api);
    assertEquals(Collections.nCopies(6, 400), answer.statuses());
    assertEquals(
        List.of("id", "id", "colour", "title", "version", "task_id"),
        Stream.iterate(0, i -> i + 1)
            .limit(6)
            .map(i -> answer.result(i).at("/error/details/0/field").asString())
            .toList());
  }

  @Test
  void FR_148_a_stale_version_is_a_conflict() {
    String task = api.createTask("a");
    String note = api.createNote("a");
    String step = api.createSubtask(task, "a");
    api.patch("/api/v1/notes/" + note, Map.of("content", "b")).expect(200);
    int version = api.get(TASKS + "/" + task).data().get("version").intValue();
    Batches.Answer answer =
        new Batches()
            .add("note.update", Map.of("id", note, "content", "c"))
            .with("if_version", 1)
            .add("note.delete", Map.of("id", note))
            .with("if_version", 1)
            .add("subtask.delete", Map.of("id", step))
            .with("if_version", 2)
            .add("task.update", Map.of("id", task, "title", "b"))
            .with("if_version", version)
            .add("note.delete", Map.of("id", note))
            .with("if_version", 2)
            .add("subtask.delete", Map.of("id", step))
            .with("if_version", 1)
            .send(api);
    assertEquals(List.of(409, 409, 409, 200, 200, 204), answer.statuses());
    assertEquals(List.of("CONFLICT", "CONFLICT", "CONFLICT"), answer.codes().subList(0, 3));
    for (int i : List.of(0, 1)) {
      assertEquals(2, answer.result(i).at("/error/current_version").asInt());
    }
    assertEquals(1, answer.result(2).at("/error/current_version").asInt());
  }

  static Stream<Arguments> invalid() {
    return Stream.of(
        bad("commands", batch -> batch.first(0)),
        bad("commands", _ -> many(101)),
        bad("commands[0].uuid", batch -> batch.with("uuid", null)),
        bad("commands[0].uuid", batch -> batch.with("uuid", "1")),
        bad("commands[0].type", batch -> batch.with("type", "task.explode")),
        bad("commands[0].type", batch -> batch.with("type", null)),
        bad("commands[0].args", batch -> batch.with("args", List.of())),
        bad("commands[0].colour", batch -> batch.with("colour", "red")),
        bad("commands[0].temp_id", batch -> batch.as("")),
        bad("commands[0].temp_id", batch -> batch.as("x".repeat(101))),
        bad("commands[0].if_version", batch -> batch.with("if_version", 1)),
        bad(
            "commands[0].args.task_id",
            batch -> batch.as("a").with("args", Map.of("task_id", "a"))),
        bad(
            "commands[0].args.task_id",
            batch ->
                batch
                    .as("a")
                    .with("args", Map.of("task_id", "b"))
                    .add("task.create", Map.of("id", "a"))
                    .as("b")),
        bad(
            "commands[1].args.items[0].step_ids[1]",
            batch ->
                batch.add(
                    "task.create",
                    Map.of("items", List.of(Map.of("step_ids", List.of(UNKNOWN, "a")))))),
        bad(
            "commands[1].temp_id",
            batch -> batch.as("a").add("note.create", Map.of("content", "a")).as("a")),
        bad(
            "commands[1].temp_id",
            batch -> batch.add("note.delete", Map.of("id", UNKNOWN)).as("a")),
        bad(
            "commands[1].uuid",
            batch -> batch.with("uuid", UNKNOWN).add("focus.end", Map.of()).with("uuid", UNKNOWN)),
        bad(
            "commands[1].if_version",
            batch -> batch.add("notification.delete", Map.of("id", UNKNOWN)).with("if_version", 1)),
        bad(
            "commands[1].if_version",
            batch ->
                batch
                    .add("task.update", Map.of("id", UNKNOWN, "version", 2))
                    .with("if_version", 1)),
        bad("token", batch -> batch.token("AXK4")));
  }

  private static Arguments bad(String field, UnaryOperator<Batches> change) {
    return Arguments.of(field, change);
  }

  private static Batches many(int count) {
    Batches batch = new Batches();
    for (int i = 0; i < count; i++) {
      batch.add("note.create", Map.of("content", "a"));
    }
    return batch;
  }

  @ParameterizedTest(name = "{index} {0}")
  @MethodSource("invalid")
  void FR_147_an_invalid_batch_changes_nothing(String field, UnaryOperator<Batches> change) {
    Batches batch = change.apply(new Batches().add("note.create", Map.of("content", "a")));
    DatabaseDigest digest = new DatabaseDigest(database);
    String before = digest.current();
    Api.Answer answer = batch.sendInvalid(api).expect(400, "VALIDATION_ERROR");
    assertTrue(
        answer
            .json()
            .at("/error/details")
            .valueStream()
            .anyMatch(error -> error.get("field").asString().equals(field)),
        answer.toString());
    assertEquals(before, digest.current());
  }

  @Test
  void FR_148_all_errors_of_a_batch_are_listed() {
    Batches batch =
        new Batches()
            .add("task.explode", Map.of())
            .with("uuid", "x")
            .add("note.delete", Map.of("id", "nothing"))
            .token("x");
    assertEquals(
        List.of("commands[0].uuid", "commands[0].type", "commands[1].args.id", "token"),
        batch
            .sendInvalid(api)
            .expect(400, "VALIDATION_ERROR")
            .json()
            .at("/error/details")
            .valueStream()
            .map(error -> error.get("field").asString())
            .toList());
  }

  private static Batches trip() {
    return new Batches()
        .add("task.create", Map.of("title", "Trip"))
        .as("trip")
        .add("subtask.create", Map.of("task_id", "trip", "title", "Passport"))
        .as("passport")
        .add("subtask.create", Map.of("task_id", "trip", "title", "Ticket"))
        .add("subtask.update", Map.of("id", "passport", "completed", true));
  }

  private long count(String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        user.userId(),
        action);
  }
}
