package app.perpetua.flow.assistant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.ChatSocket;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.SseEvent;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** The assistant's answer as a stream of events. */
class ChatStreamTest {
  private static final String STREAM = "/api/v1/ai/chat/stream";
  private static final String CHAT = "/api/v1/ai/chat";
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final Map<String, String> MESSAGE = Map.of("message", ChatSocket.MESSAGE);

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
  void text_events_precede_the_result_and_the_last_event() {
    service.openAi().script(OpenAiStep.say("Begin with the tent."));
    Api.Answer answer =
        api.with("Accept", "text/event-stream").post(CHAT, Map.of("message", "Where?"));
    answer.expect(200);
    assertTrue(answer.header("Content-Type").orElse("").startsWith("text/event-stream"));
    List<SseEvent> events = SseEvent.all(answer.text());
    StringBuilder words = new StringBuilder();
    events.stream()
        .filter(event -> event.name().equals("message") && !event.last())
        .forEach(event -> words.append(Json.text(event)));
    assertEquals("Begin with the tent.", words.toString());
    assertEquals("result", events.get(events.size() - 2).name());
    assertTrue(events.getLast().last());
    assertEquals("Begin with the tent.", Json.at(events.get(events.size() - 2), "response"));
    assertEquals(4, credits());
  }

  @Test
  void a_repeat_to_either_path_gets_the_stored_result() {
    Api keyed = api.withKey(UUID.randomUUID());
    Map<String, String> message = Map.of("message", "Where?");
    List<SseEvent> first = SseEvent.all(keyed.post(STREAM, message).expect(200).text());
    Api.Answer again = keyed.post(STREAM, message).expect(200);
    assertEquals("true", again.header("X-Idempotent-Replayed").orElse(""));
    List<SseEvent> events = SseEvent.all(again.text());
    assertEquals(2, events.size());
    assertEquals(first.get(first.size() - 2), events.getFirst());
    assertEquals(
        Json.at(events.getFirst(), "response"),
        keyed.post(CHAT, message).expect(200).data().get("response").stringValue());
    assertEquals(4, credits());
    assertEquals(
        1,
        database.number(
            "select count(*) from ops.idempotency_keys where user_id = ? and path = ?",
            user.userId(),
            CHAT),
        "earlier versions stored both under this path");
  }

  @Test
  void a_refused_request_gets_an_error_response_and_no_stream() {
    for (int i = 0; i < 5; i++) {
      api.post(CHAT, Map.of("message", "Where?")).expect(200);
    }
    api.post(STREAM, Map.of("message", "Where?")).expect(402, "INSUFFICIENT_CREDITS");
  }

  @Test
  void FR_030_text_that_the_model_sends_only_at_its_end_is_the_answer() {
    OpenAiStep atOnce =
        OpenAiStep.events(
            "event: ping\r\ndata:\r\n\r\n",
            "data: {\"type\":\"response.completed\",\"response\":{\"output\":[{\"type\":\"message\","
                + "\"content\":[{\"type\":\"output_text\",\"text\":\"Begin with the tent.\"}]}]}}\n\n");
    service.openAi().script(atOnce.times(2));
    JsonNode answer = api.post(CHAT, MESSAGE).expect(200).data();
    assertEquals("Begin with the tent.", answer.get("response").stringValue());
    List<SseEvent> events = SseEvent.all(api.post(STREAM, MESSAGE).expect(200).text());
    assertEquals("Begin with the tent.", Json.text(events.getFirst()));
    assertEquals("Begin with the tent.", Json.at(events.get(1), "response"));
    assertFalse(Json.node(events.get(1)).has("truncated"));
  }

  @Test
  void promise_17_a_failure_before_the_first_text_is_an_error_event_and_costs_nothing() {
    service.openAi().script(OpenAiStep.error(400, "invalid_request").times(3));
    List<SseEvent> events =
        SseEvent.all(api.post(STREAM, Map.of("message", "Where?")).expect(200).text());
    assertEquals(List.of("error", "message"), events.stream().map(SseEvent::name).toList());
    assertEquals("AI_SERVICE_UNAVAILABLE", Json.at(events.getFirst(), "code"));
    assertEquals(5, credits());
  }

  @Test
  void promise_17_a_stream_that_breaks_after_text_is_charged_once_and_stored() {
    service.openAi().script(OpenAiStep.say("Begin with the tent and then go on.").cut());
    Api keyed = api.withKey(UUID.randomUUID());
    Map<String, String> message = Map.of("message", "Where?");
    List<SseEvent> events = SseEvent.all(keyed.post(STREAM, message).expect(200).text());
    SseEvent result = events.get(events.size() - 2);
    assertEquals("result", result.name());
    assertTrue(Json.node(result).get("truncated").booleanValue());
    assertEquals(4, credits());
    assertEquals(
        Json.at(result, "response"),
        keyed.post(CHAT, message).expect(200).data().get("response").stringValue());
    assertEquals(4, credits());
  }

  @Test
  void promise_19_a_client_that_disconnects_ends_the_provider_call() throws Exception {
    int before = service.openAi().requests().size();
    service.openAi().script(OpenAiStep.say("word ".repeat(2000)).slowly(Duration.ofMillis(20)));
    UUID key = UUID.randomUUID();
    try (ChatSocket client = new ChatSocket(service.port(), user.accessToken(), key)) {
      client.until("\"text\"");
    }
    await(() -> service.openAi().requests().getLast().outcome() == FakeOpenAi.Outcome.HUNG_UP);
    assertEquals(before + 1, service.openAi().requests().size());
    await(() -> records(user, key, "done") == 1);
    // Text had arrived, so the request is charged, and the same key gets the stored text.
    assertEquals(4, credits());
    Api.Answer again = api.withKey(key).post(CHAT, MESSAGE).expect(200);
    assertTrue(again.data().get("truncated").booleanValue());
    assertFalse(again.data().get("response").stringValue().isEmpty());
  }

  @Test
  void promise_19_the_whole_text_without_the_end_of_the_stream_is_marked_as_truncated()
      throws Exception {
    // The pause precedes the last word, which then cannot be sent.
    OpenAiStep step = OpenAiStep.say("Begin with tea.").pausing(Duration.ofSeconds(1));
    service.openAi().script(step);
    UUID key = UUID.randomUUID();
    try (ChatSocket client = new ChatSocket(service.port(), user.accessToken(), key)) {
      client.until("with").reset();
    }
    await(() -> records(user, key, "done") == 1);
    assertEquals(4, credits());
    Api.Answer again = api.withKey(key).post(CHAT, MESSAGE).expect(200);
    assertEquals("Begin with tea.", again.data().get("response").stringValue());
    assertTrue(again.data().get("truncated").booleanValue());
  }

  /** The first byte follows the reservation, and the last one the settlement. */
  @Test
  void promise_19_a_client_that_disconnects_at_any_byte_pays_once_for_text_or_nothing()
      throws Exception {
    String words = "Begin with the tent, then the stove, and then go on to what is left.";
    OpenAiStep step = OpenAiStep.say(words).slowly(Duration.ofMillis(4));
    service.openAi().script(step);
    int length;
    try (ChatSocket whole = new ChatSocket(service.port(), user.accessToken(), UUID.randomUUID())) {
      length = whole.end().length();
    }
    int places = 16;
    for (int i = 0; i < places; i++) {
      int bytes = 1 + i * (length - 2) / (places - 1);
      String place = bytes + " bytes of " + length;
      TestService.Session other = service.newUser();
      UUID key = UUID.randomUUID();
      service.openAi().script(step);
      boolean ended;
      try (ChatSocket client = new ChatSocket(service.port(), other.accessToken(), key)) {
        ended = client.bytes(bytes).has("event: result");
        if (i % 2 == 0) {
          client.reset();
        }
      }
      await(() -> records(other, key, "open") == 0);
      boolean kept = records(other, key, "done") == 1;
      assertTrue(kept || !ended, place);
      assertEquals(kept ? 4 : 5, credits(other), place);
      service.openAi().script(OpenAiStep.say("Another answer."));
      Api.Answer again = other.api().withKey(key).post(CHAT, MESSAGE).expect(200);
      String response = again.data().get("response").stringValue();
      if (kept) {
        assertTrue(words.startsWith(response) && !response.isEmpty(), place);
        // With all words but not the end of the provider's stream, the text may be truncated, too.
        boolean truncated = again.data().has("truncated");
        assertTrue(truncated || response.equals(words), place);
        assertFalse(truncated && ended, place);
      } else {
        assertEquals("Another answer.", response, place);
      }
      assertEquals(4, credits(other), place);
    }
  }

  private static long records(TestService.Session session, UUID key, String state) {
    return database.number(
        "select count(*) from ops.idempotency_keys where user_id = ? and key = ? and state = ?",
        session.userId(),
        key,
        state);
  }

  private int credits() {
    return credits(user);
  }

  private static int credits(TestService.Session session) {
    return session.api().get("/api/v1/credits/balance").data().get("total").intValue();
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "the stream takes too long");
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
    }
  }

  /** The data of an event. */
  private static final class Json {
    private static final app.perpetua.flow.base.Json JSON = new app.perpetua.flow.base.Json();

    static tools.jackson.databind.JsonNode node(SseEvent event) {
      return JSON.parse(event.data());
    }

    static String at(SseEvent event, String member) {
      return node(event).get(member).stringValue();
    }

    static String text(SseEvent event) {
      return at(event, "text");
    }
  }
}
