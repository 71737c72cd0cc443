package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.ChatSocket;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.SseEvent;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Kills and stops the service during chats. */
@Tag("system")
class ChatsTest {
  private static final String CHAT = "/api/v1/ai/chat";
  private static final Map<String, String> MESSAGE = Map.of("message", ChatSocket.MESSAGE);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  private final Json json = new Json();
  @AutoClose private final FakeOpenAi openAi = new FakeOpenAi();
  private final Map<String, String> environment = new HashMap<>();

  ChatsTest() {
    environment.putAll(stage.environment());
    environment.put("OPENAI_API_KEY", FakeOpenAi.KEY);
    environment.put("OPENAI_BASE_URL", openAi.baseUrl().toString());
    environment.put("RATE_LIMIT_AI", "1000000");
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void promise_17_after_a_kill_during_the_model_call_credit_and_key_are_released_once()
      throws Exception {
    Jar jar = stage.start(environment).awaitReady();
    TestService.Session user = stage.newUser(stage.api(jar));
    UUID key = UUID.randomUUID();
    openAi.script(OpenAiStep.say("Never sent.").after(Duration.ofMinutes(2)));
    try (ChatSocket _ = new ChatSocket(jar.port(), user.accessToken(), key)) {
      Eventually.within(TIMEOUT, () -> openAi.requests().size() == 1);
      jar.kill();
    }
    assertEquals(4, credits(user));
    assertEquals(1, records(user, key, "open"));

    stage.startOn(jar.port(), environment).awaitReady();
    Api keyed = user.api().withKey(key);
    keyed.post(CHAT, MESSAGE).expect(409, "IDEMPOTENCY_IN_PROGRESS");
    assertEquals(
        1,
        database.run(
            """
            update ops.job_queue set run_at = now() - interval '1 second'
            where user_id = ? and kind = 'reservation_settle' and state = 'queued'
            """,
            user.userId()));
    database.rows("select pg_notify('perpetua_flow_jobs', '')");
    Eventually.within(TIMEOUT, () -> credits(user) == 5);
    assertEquals(0, records(user, key, "open"));
    assertEquals(List.of("consume -1", "refund 1"), movements(user));

    openAi.script(OpenAiStep.say("Begin with the tent."));
    Api.Answer answer = keyed.post(CHAT, MESSAGE).expect(200);
    assertEquals("Begin with the tent.", answer.data().get("response").stringValue());
    assertEquals(answer.text(), keyed.post(CHAT, MESSAGE).expect(200).text());
    assertEquals(List.of("consume -1", "refund 1", "consume -1"), movements(user));
    assertEquals(4, credits(user));
    assertEquals(2, openAi.requests().size());
  }

  @Test
  void promise_24_SIGTERM_ends_a_started_stream_with_its_result_and_another_with_an_error()
      throws Exception {
    Jar jar = stage.start(environment).awaitReady();
    Api api = stage.api(jar);
    TestService.Session started = stage.newUser(api);
    TestService.Session waiting = stage.newUser(api);
    UUID startedKey = UUID.randomUUID();
    UUID waitingKey = UUID.randomUUID();
    openAi.script(
        OpenAiStep.say("word ".repeat(2_000)).slowly(Duration.ofMillis(50)),
        OpenAiStep.say("Never sent.").after(Duration.ofMinutes(2)));
    try (ChatSocket stream = new ChatSocket(jar.port(), started.accessToken(), startedKey)) {
      stream.until("\"text\"");
      try (ChatSocket silent = new ChatSocket(jar.port(), waiting.accessToken(), waitingKey)) {
        Eventually.within(TIMEOUT, () -> openAi.requests().size() == 2);
        jar.terminate();

        List<SseEvent> events = stream.end().events();
        assertTrue(events.getLast().last());
        SseEvent result = events.get(events.size() - 2);
        assertEquals("result", result.name());
        JsonNode answer = json.parse(result.data());
        assertTrue(answer.get("truncated").booleanValue());
        assertTrue(answer.get("response").stringValue().startsWith("word word "));

        List<SseEvent> failed = silent.end().events();
        assertEquals(List.of("error", "message"), failed.stream().map(SseEvent::name).toList());
        assertTrue(failed.getLast().last());
        assertTrue(failed.getFirst().data().contains("AI_SERVICE_UNAVAILABLE"));
      }
    }
    int code = jar.awaitExit(Duration.ofSeconds(30));
    assertTrue(code == 143 || code == 0, "exit code " + code);
    assertEquals(List.of("consume -1"), movements(started));
    assertEquals(1, records(started, startedKey, "done"));
    assertEquals(List.of("consume -1", "refund 1"), movements(waiting));
    assertEquals(0, records(waiting, waitingKey, "open"));
    assertEquals(0, records(waiting, waitingKey, "done"));
    assertEquals(
        0,
        database.number(
            "select count(*) from ops.job_queue where kind = 'reservation_settle' and user_id = ?",
            started.userId()));
    assertEquals(
        List.of(),
        jar.out().stream().filter(line -> line.contains("\"ERROR\"")).toList(),
        "no errors during shutdown");
  }

  private static long credits(TestService.Session user) {
    return database.number(
        "select sum(remaining) from billing.ai_credit_grants where user_id = ?", user.userId());
  }

  private static long records(TestService.Session user, UUID key, String state) {
    return database.number(
        "select count(*) from ops.idempotency_keys where user_id = ? and key = ? and state = ?",
        user.userId(),
        key,
        state);
  }

  /** The ledger's entries except grants, in order. */
  private static List<String> movements(TestService.Session user) {
    return database
        .rows(
            """
            select operation || ' ' || amount as line from billing.ai_credit_ledger
            where user_id = ? and operation <> 'grant' order by seq
            """,
            user.userId())
        .stream()
        .map(row -> String.valueOf(row.get("line")))
        .toList();
  }
}
