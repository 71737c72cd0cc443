package app.perpetua.flow.assistant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class AssistantApiTest {
  private static final String CHAT = "/api/v1/ai/chat";
  private static final String CONFIRM = "/api/v1/ai/confirm-action";
  private static final String GENERATE = "/api/v1/ai/generate-subtasks";
  private static final String TASKS = "/api/v1/tasks";
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();

  @AfterEach
  void invariants() {
    service.openAi().script();
    Invariants.check(database);
  }

  @Test
  void FR_030_a_message_costs_one_credit_and_the_response_reports_the_balance() {
    service.openAi().script(OpenAiStep.say("Begin with the tent."));
    JsonNode answer = ask("Where do I begin?").expect(200).data();
    assertEquals("Begin with the tent.", answer.get("response").stringValue());
    assertEquals(1, answer.get("credits_used").intValue());
    assertEquals(4, answer.get("credits_remaining").intValue());
    assertFalse(answer.get("ai_request_warning").booleanValue());
    assertEquals(4, credits());
    assertEquals(1, entries("ai_chat"));
    assertEquals(
        "ai",
        database
            .row(
                "select source from activity.activity_logs where user_id = ? and action = 'ai_chat'",
                user.userId())
            .get("source"));
  }

  @Test
  void FR_034_a_proposal_changes_nothing_until_it_is_confirmed_once() {
    service
        .openAi()
        .script(
            OpenAiStep.call("create_task", "{\"title\": \"Air the tent\", \"priority\": \"high\"}"),
            OpenAiStep.say("I propose a task."));
    JsonNode action = ask("Add it").expect(200).data().get("suggested_actions").get(0);
    assertEquals("create_task", action.get("type").stringValue());
    assertEquals("Air the tent", action.at("/data/title").stringValue());
    assertEquals(0, tasks());
    Map<String, Object> confirmation = Map.of("suggestion_id", action.get("id").stringValue());
    JsonNode done = api.post(CONFIRM, confirmation).expect(200).data();
    assertEquals("create_task", done.get("action_type").stringValue());
    assertEquals("Air the tent", done.at("/task/title").stringValue());
    assertEquals("high", done.at("/task/priority").stringValue());
    api.post(CONFIRM, confirmation).expect(409, "CONFLICT");
    assertEquals(1, tasks());
    assertEquals(1, entries("ai_suggestion_confirmed"));
  }

  @Test
  void FR_034_twenty_confirmations_of_one_suggestion_make_one_task() throws Exception {
    service
        .openAi()
        .script(OpenAiStep.call("create_task", "{\"title\": \"once\"}"), OpenAiStep.say("Here."));
    String id = suggestion(ask("Add it"));
    List<Future<Integer>> answers = new ArrayList<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 20; i++) {
        answers.add(clients.submit(() -> api.post(CONFIRM, Map.of("suggestion_id", id)).status()));
      }
    }
    int done = 0;
    for (Future<Integer> answer : answers) {
      int status = answer.get();
      assertTrue(status == 200 || status == 409, "status " + status);
      done += status == 200 ? 1 : 0;
    }
    assertEquals(1, done);
    assertEquals(1, tasks());
  }

  @Test
  void FR_034_a_suggestion_that_has_expired_is_refused() {
    service
        .openAi()
        .script(OpenAiStep.call("create_task", "{\"title\": \"late\"}"), OpenAiStep.say("Here."));
    String id = suggestion(ask("Add it"));
    database.run(
        "update activity.ai_suggestions set expires_at = created_at where id = ?",
        UUID.fromString(id));
    api.post(CONFIRM, Map.of("suggestion_id", id)).expect(409, "CONFLICT");
    assertEquals(0, tasks());
  }

  @Test
  void another_users_suggestion_cannot_be_confirmed() {
    service
        .openAi()
        .script(OpenAiStep.call("create_task", "{\"title\": \"mine\"}"), OpenAiStep.say("Here."));
    String id = suggestion(ask("Add it"));
    Map<String, Object> confirmation = Map.of("suggestion_id", id);
    service.newUser().api().post(CONFIRM, confirmation).expect(403, "FORBIDDEN");
    Map<String, Object> unknown = Map.of("suggestion_id", UUID.randomUUID().toString());
    api.post(CONFIRM, unknown).expect(404, "NOT_FOUND");
  }

  @Test
  void an_update_proposed_for_an_older_version_is_refused() {
    String task = api.createTask("Old");
    service
        .openAi()
        .script(
            OpenAiStep.call(
                "update_task",
                "{\"task_id\": \"" + task + "\", \"title\": \"New\", \"priority\": null}"),
            OpenAiStep.say("Here."));
    String id = suggestion(ask("Rename it"));
    api.patch(TASKS + "/" + task, Map.of("version", 1, "priority", "high")).expect(200);
    Api.Answer refused = api.post(CONFIRM, Map.of("suggestion_id", id)).expect(409, "CONFLICT");
    assertEquals(2, refused.json().at("/error/current_version").intValue());
    // A refusal leaves the suggestion as it was.
    assertEquals(
        "proposed",
        database
            .row("select status from activity.ai_suggestions where id = ?", UUID.fromString(id))
            .get("status"));
  }

  @Test
  void a_confirmed_completion_counts_like_one_by_the_user() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      ids.add(api.createTask("task " + i));
    }
    for (String id : ids.subList(0, 4)) {
      api.patch(TASKS + "/" + id, Map.of("completed", true)).expect(200);
    }
    service
        .openAi()
        .script(
            OpenAiStep.call("complete_task", "{\"task_id\": \"" + ids.get(4) + "\"}"),
            OpenAiStep.say("Here."));
    String suggestion = suggestion(ask("The last one is done"));
    Api.Answer confirmed = api.post(CONFIRM, Map.of("suggestion_id", suggestion)).expect(200);
    assertTrue(confirmed.data().at("/task/completed").booleanValue());
    assertEquals("tasks_5", confirmed.json().at("/unlocked_achievements/0/id").stringValue());
  }

  @Test
  void an_action_sent_by_the_client_is_validated_like_a_request() {
    String task = api.createTask("a");
    Map<String, Object> kept =
        Map.of(
            "action_type",
            "create_subtasks",
            "action_data",
            Map.of(
                "task_id", task, "subtasks", List.of(Map.of("title", "b"), Map.of("title", "c"))));
    JsonNode done = api.post(CONFIRM, kept).expect(200).data();
    assertEquals("ai", done.at("/subtasks/0/source").stringValue());
    assertEquals(1, done.at("/subtasks/1/order_index").intValue());
    assertEquals(2, api.get(TASKS + "/" + task).data().get("version").intValue());
    Api careless = api.invalidOnPurpose();
    careless.post(CONFIRM, Map.of()).expect(400);
    careless
        .post(CONFIRM, Map.of("action_type", "delete_task", "action_data", Map.of()))
        .expect(400);
    careless
        .post(CONFIRM, Map.of("action_type", "complete_task", "action_data", Map.of("id", task)))
        .expect(400);
    careless
        .post(
            CONFIRM,
            Map.of(
                "action_type",
                "create_task",
                "action_data",
                Map.of("title", "x", "due_date", "2001-01-01T00:00:00.000Z")))
        .expect(400);
    assertEquals(1, tasks());
  }

  @Test
  void FR_031_suggested_subtasks_respect_the_limit() {
    String task = api.createTask("Pack");
    for (int i = 0; i < 2; i++) {
      api.post(TASKS + "/" + task + "/subtasks", Map.of("title", "there " + i)).expect(201);
    }
    JsonNode proposed = api.post(GENERATE, Map.of("task_id", task)).expect(200).data();
    assertTrue(proposed.get("suggested_subtasks").size() <= 2, proposed::toString);
    assertEquals(4, proposed.get("credits_remaining").intValue());
    String id = proposed.get("suggestion_id").stringValue();
    JsonNode made = api.post(CONFIRM, Map.of("suggestion_id", id)).expect(200).data();
    assertEquals(proposed.get("suggested_subtasks").size(), made.get("subtasks").size());
    made.get("subtasks").forEach(it -> assertEquals("ai", it.get("source").stringValue()));
    String full = api.createTask("Full");
    for (int i = 0; i < 4; i++) {
      api.post(TASKS + "/" + full + "/subtasks", Map.of("title", "s" + i)).expect(201);
    }
    api.post(GENERATE, Map.of("task_id", full)).expect(409, "LIMIT_EXCEEDED");
    api.patch(TASKS + "/" + full, Map.of("completed", true)).expect(200);
    api.post(GENERATE, Map.of("task_id", full)).expect(409, "CONFLICT");
    assertEquals(4, credits());
  }

  @Test
  void FR_032_converting_a_note_archives_it_and_creates_a_task() {
    String note = api.createNote("Ask the landlord about the tap");
    String convert = "/api/v1/notes/" + note + "/convert";
    JsonNode proposed = api.post(convert).expect(200).data();
    assertEquals(0, tasks());
    String id = proposed.get("suggestion_id").stringValue();
    JsonNode done = api.post(CONFIRM, Map.of("suggestion_id", id)).expect(200).data();
    assertTrue(done.at("/note/archived").booleanValue());
    assertEquals(proposed.at("/suggested_task/title"), done.at("/task/title"));
    api.post(convert).expect(409, "ARCHIVED");
    assertEquals(4, credits());
    assertEquals(
        1, api.get("/api/v1/achievements/me").data().at("/stats/notes_converted").intValue());
  }

  @Test
  void FR_035_the_fifth_request_about_a_task_warns_and_the_eleventh_is_refused() {
    makePro();
    String task = api.createTask("Popular");
    for (int i = 1; i <= 10; i++) {
      JsonNode answer =
          api.with("X-Task-Id", task).post(CHAT, Map.of("message", "And?")).expect(200).data();
      assertEquals(i >= 5, answer.get("ai_request_warning").booleanValue(), "request " + i);
    }
    int before = credits();
    Api.Answer refused = api.post(GENERATE, Map.of("task_id", task));
    refused.expect(429, "AI_TASK_LIMIT_REACHED");
    assertTrue(Integer.parseInt(refused.header("Retry-After").orElseThrow()) > 0);
    assertEquals(before, credits());
    ask("About nothing in particular").expect(200);
    // The count starts again with a refreshed token.
    String renewed =
        service
            .api()
            .post("/api/v1/auth/refresh", Map.of("refresh_token", user.refreshToken()))
            .json()
            .get("access_token")
            .stringValue();
    service.api().as(renewed).post(GENERATE, Map.of("task_id", task)).expect(200);
  }

  @Test
  void FR_030_insufficient_credits_report_required_and_available() {
    for (int i = 0; i < 5; i++) {
      ask("Once more").expect(200);
    }
    JsonNode error = ask("A sixth").expect(402, "INSUFFICIENT_CREDITS").json().get("error");
    assertEquals(1, error.get("required").intValue());
    assertEquals(0, error.get("available").intValue());
  }

  @Test
  void promise_17_output_of_the_wrong_shape_is_requested_once_more_and_then_refunded() {
    String task = api.createTask("Odd");
    service.openAi().script(OpenAiStep.form("{\"steps\": []}").times(2));
    api.post(GENERATE, Map.of("task_id", task)).expect(503, "AI_SERVICE_UNAVAILABLE");
    assertEquals(5, credits());
    service
        .openAi()
        .script(
            OpenAiStep.form("{\"wrong\": 1}"),
            OpenAiStep.form("{\"subtasks\": [{\"title\": \"right\"}]}"));
    JsonNode answer = api.post(GENERATE, Map.of("task_id", task)).expect(200).data();
    assertEquals("right", answer.at("/suggested_subtasks/0/title").stringValue());
  }

  @Test
  void promise_17_a_request_with_the_same_key_is_charged_once() {
    Api keyed = api.withKey(UUID.randomUUID());
    Map<String, String> message = Map.of("message", "Once");
    Api.Answer first = keyed.post(CHAT, message).expect(200);
    Api.Answer again = keyed.post(CHAT, message).expect(200);
    assertEquals("true", again.header("X-Idempotent-Replayed").orElse(""));
    assertEquals(first.text(), again.text());
    assertEquals(4, credits());
    keyed.post(CHAT, Map.of("message", "Something else")).expect(422);
  }

  @Test
  void promise_17_a_job_returns_an_abandoned_charge_and_settling_it_later_does_nothing()
      throws Exception {
    service.openAi().script(OpenAiStep.say("Too late."));
    CountDownLatch refunded = new CountDownLatch(1);
    service.openAi().answersAfter(refunded);
    Api keyed = api.withKey(UUID.randomUUID());
    Map<String, String> message = Map.of("message", "Are you there?");
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Api.Answer> asking = clients.submit(() -> keyed.post(CHAT, message));
      Eventually.within(TIMEOUT, () -> credits() == 4);
      keyed.post(CHAT, message).expect(409, "IDEMPOTENCY_IN_PROGRESS");
      service.clock().advance(Duration.ofMinutes(5));
      service.runDueJobs();
      assertEquals(5, credits());
      refunded.countDown();
      asking.get().expect(503, "SERVICE_UNAVAILABLE");
    }
    assertEquals(5, credits());
    keyed.post(CHAT, message).expect(200);
    assertEquals(4, credits());
  }

  @Test
  void invalid_messages_are_refused_and_cost_nothing() {
    Api careless = api.invalidOnPurpose();
    careless.post(CHAT, Map.of()).expect(400);
    careless.post(CHAT, Map.of("message", " ")).expect(400);
    careless.post(CHAT, Map.of("message", "x".repeat(4001))).expect(400);
    careless.post(CHAT, Map.of("message", "x", "context", Map.of("task_limit", 51))).expect(400);
    careless.with("X-Task-Id", "nonsense").post(CHAT, Map.of("message", "x")).expect(400);
    api.with("X-Task-Id", UUID.randomUUID().toString())
        .post(CHAT, Map.of("message", "x", "context", Map.of("task_id", api.createTask("a"))))
        .expect(400);
    api.post(CHAT, Map.of("message", "x", "context", Map.of("task_id", UUID.randomUUID())))
        .expect(404);
    String foreign = service.newUser().api().createTask("theirs");
    api.post(GENERATE, Map.of("task_id", foreign)).expect(403);
    String archived = api.createTask("b");
    api.patch(TASKS + "/" + archived, Map.of("archived", true)).expect(200);
    api.with("X-Task-Id", archived).post(CHAT, Map.of("message", "x")).expect(409, "ARCHIVED");
    assertEquals(5, credits());
  }

  private Api.Answer ask(String message) {
    return api.post(CHAT, Map.of("message", message));
  }

  private static String suggestion(Api.Answer answer) {
    return answer.expect(200).data().at("/suggested_actions/0/id").stringValue();
  }

  private int credits() {
    return api.get("/api/v1/credits/balance").data().get("total").intValue();
  }

  private long tasks() {
    return database.number(
        "select count(*) from tasks.task_instances where user_id = ?", user.userId());
  }

  private long entries(String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        user.userId(),
        action);
  }

  private void makePro() {
    database.run("update auth.users set tier = 'pro' where id = ?", user.userId());
  }
}
