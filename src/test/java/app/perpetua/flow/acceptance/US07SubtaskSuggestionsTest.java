package app.perpetua.flow.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class US07SubtaskSuggestionsTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static final String GENERATE = "/api/v1/ai/generate-subtasks";
  private static final String CONFIRM = "/api/v1/ai/confirm-action";

  private final Api api = service.newUser().api();

  @Test
  void US07_subtask_suggestions() {
    String task = api.createTask("Move house");
    api.createSubtask(task, "Cancel the lease");

    // One credit for any number of subtasks, none of which exists before the confirmation.
    service
        .openAi()
        .script(OpenAiStep.form("{\"subtasks\": [{\"title\": \"Sort\"}, {\"title\": \"Pack\"}]}"));
    JsonNode suggestion = generate(task).expect(200).data();
    assertEquals(
        List.of("Sort", "Pack"),
        suggestion.get("suggested_subtasks").values().stream()
            .map(subtask -> subtask.get("title").stringValue())
            .toList());
    assertEquals(1, suggestion.get("credits_used").intValue());
    assertEquals(4, suggestion.get("credits_remaining").intValue());
    assertEquals(List.of("Cancel the lease: user"), subtasks(task));

    // The confirmation appends them, marked as suggested by the assistant.
    Map<String, String> confirmation =
        Map.of("suggestion_id", suggestion.get("suggestion_id").stringValue());
    api.post(CONFIRM, confirmation).expect(200);
    assertEquals(List.of("Cancel the lease: user", "Sort: ai", "Pack: ai"), subtasks(task));
    api.post(CONFIRM, confirmation).expect(409, "CONFLICT");

    // Suggestions do not exceed the limit of four; a full task gets none.
    JsonNode last = generate(task).expect(200).data();
    assertEquals(1, last.get("suggested_subtasks").size());
    api.createSubtask(task, "Hand over the keys");
    generate(task).expect(409, "LIMIT_EXCEEDED");
    Map<String, String> late = Map.of("suggestion_id", last.get("suggestion_id").stringValue());
    api.post(CONFIRM, late).expect(409, "LIMIT_EXCEEDED");

    // They are subtasks like any other: the last one completes the task.
    for (JsonNode subtask : api.get("/api/v1/tasks/" + task + "/subtasks").expect(200).data()) {
      api.patch("/api/v1/subtasks/" + subtask.get("id").stringValue(), Map.of("completed", true))
          .expect(200);
    }
    assertEquals("auto", api.get("/api/v1/tasks/" + task).data().get("completed_by").stringValue());

    // A failed model call costs nothing. Another user has no access.
    String other = api.createTask("Paint the hall");
    service.openAi().down(true);
    generate(other).expect(503, "AI_SERVICE_UNAVAILABLE");
    service.openAi().down(false);
    assertEquals(3, credits());
    assertTrue(subtasks(other).isEmpty());
    service.newUser().api().post(GENERATE, Map.of("task_id", other)).expect(403, "FORBIDDEN");
    assertEquals(
        2, api.get("/api/v1/activity?action=ai_subtasks_generated").expect(200).data().size());
    Invariants.check(database);
  }

  private Api.Answer generate(String task) {
    return api.post(GENERATE, Map.of("task_id", task));
  }

  private List<String> subtasks(String task) {
    return api.get("/api/v1/tasks/" + task + "/subtasks").expect(200).data().values().stream()
        .map(it -> it.get("title").stringValue() + ": " + it.get("source").stringValue())
        .toList();
  }

  private int credits() {
    return api.get("/api/v1/credits/balance").expect(200).data().get("total").intValue();
  }
}
