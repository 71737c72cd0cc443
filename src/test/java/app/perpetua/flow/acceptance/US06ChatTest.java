package app.perpetua.flow.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.SseEvent;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class US06ChatTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static final String CHAT = "/api/v1/ai/chat";
  private static final String CONFIRM = "/api/v1/ai/confirm-action";
  private static final String TASKS = "/api/v1/tasks";

  private final Json json = new Json();
  private final Api api = service.newUser().api();

  @Test
  void US06_chat() {
    String trip = api.createTask("Plan the trip");

    // Ask about a task; the model gets the task, the answer costs one credit.
    service.openAi().script(OpenAiStep.say("Book the train first."));
    JsonNode answer =
        api.post(CHAT, Map.of("message", "Where do I begin?", "context", Map.of("task_id", trip)))
            .expect(200)
            .data();
    assertEquals("Book the train first.", answer.get("response").stringValue());
    assertEquals(0, answer.get("suggested_actions").size());
    assertEquals(4, answer.get("credits_remaining").intValue());
    String sent = service.openAi().requests().getLast().body().toString();
    assertTrue(sent.contains("Plan the trip"), sent);

    // A suggestion changes nothing until it is confirmed, and can be confirmed once.
    service
        .openAi()
        .script(
            OpenAiStep.call("create_task", "{\"title\": \"Book the train\"}"),
            OpenAiStep.say("Shall I add it?"));
    JsonNode create = message("Add that to my tasks").get("suggested_actions").get(0);
    assertEquals("create_task", create.get("type").stringValue());
    assertEquals(List.of("Plan the trip"), titles());
    JsonNode created = confirm(create).expect(200).data();
    assertEquals("Book the train", created.at("/task/title").stringValue());
    assertEquals(List.of("Book the train", "Plan the trip"), titles());
    confirm(create).expect(409, "CONFLICT");

    // The answer can be streamed; its result has the same suggestions.
    String train = created.at("/task/id").stringValue();
    service
        .openAi()
        .script(
            OpenAiStep.call("complete_task", "{\"task_id\": \"" + train + "\"}"),
            OpenAiStep.say("Well done."));
    List<SseEvent> events =
        SseEvent.all(
            api.with("Accept", "text/event-stream")
                .post(CHAT, Map.of("message", "The train is booked"))
                .expect(200)
                .text());
    assertEquals("message", events.getFirst().name());
    assertTrue(events.getLast().last());
    JsonNode result = json.parse(events.get(events.size() - 2).data());
    assertEquals("Well done.", result.get("response").stringValue());
    JsonNode complete = result.get("suggested_actions").get(0);
    JsonNode completed = confirm(complete).expect(200).data();
    assertTrue(completed.at("/task/completed").booleanValue());

    // Another user cannot confirm a suggestion.
    service
        .openAi()
        .script(
            OpenAiStep.call("create_task", "{\"title\": \"Pack\"}"),
            OpenAiStep.say("Anything else?"));
    JsonNode pack = message("Add packing").get("suggested_actions").get(0);
    service.newUser().api().post(CONFIRM, suggestion(pack)).expect(403, "FORBIDDEN");

    // An unavailable model costs nothing; without credits there is no answer.
    service.openAi().down(true);
    api.post(CHAT, Map.of("message", "Are you there?")).expect(503, "AI_SERVICE_UNAVAILABLE");
    service.openAi().down(false);
    assertEquals(0, message("And now?").get("credits_remaining").intValue());
    api.post(CHAT, Map.of("message", "One more")).expect(402, "INSUFFICIENT_CREDITS");

    // The activity log has every suggestion and every confirmation.
    assertEquals(5, entries("ai_chat"));
    assertEquals(2, entries("ai_suggestion_confirmed"));
    Invariants.check(database);
  }

  private JsonNode message(String text) {
    return api.post(CHAT, Map.of("message", text)).expect(200).data();
  }

  private Api.Answer confirm(JsonNode action) {
    return api.post(CONFIRM, suggestion(action));
  }

  private static Map<String, String> suggestion(JsonNode action) {
    return Map.of("suggestion_id", action.get("id").stringValue());
  }

  private List<String> titles() {
    return api.get(TASKS).expect(200).data().values().stream()
        .map(task -> task.get("title").stringValue())
        .sorted()
        .toList();
  }

  private int entries(String action) {
    return api.get("/api/v1/activity?action=" + action).expect(200).data().size();
  }
}
