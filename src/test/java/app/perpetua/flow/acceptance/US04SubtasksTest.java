package app.perpetua.flow.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

class US04SubtasksTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();
  private String task = "";

  @Test
  void US04_subtasks() {
    task = task("Plan the trip");

    // Add subtasks at the end and at a position.
    String book = add(Map.of("title", "Book"));
    String pack = add(Map.of("title", "Pack"));
    String visa = add(Map.of("title", "Visa", "order_index", 0));
    assertEquals(List.of("Visa", "Book", "Pack"), titles());

    // The limit is four on Free and ten on Pro.
    String bye = add(Map.of("title", "Say goodbye"));
    JsonNode full =
        api.post(task + "/subtasks", Map.of("title", "One too many"))
            .expect(409, "LIMIT_EXCEEDED")
            .json()
            .get("error");
    assertEquals(4, full.get("limit").intValue());
    database.run("update auth.users set tier = 'pro' where id = ?", user.userId());
    String treat = add(Map.of("title", "Treat the neighbours"));

    // Move one subtask and reorder all; positions stay contiguous.
    api.patch("/api/v1/subtasks/" + pack, Map.of("order_index", 0)).expect(200);
    assertEquals(List.of("Pack", "Visa", "Book", "Say goodbye", "Treat the neighbours"), titles());
    api.put(
            task + "/subtasks/reorder",
            Map.of("subtask_ids", List.of(visa, book, treat, pack, bye)))
        .expect(200);
    api.put(task + "/subtasks/reorder", Map.of("subtask_ids", List.of(visa, book)))
        .expect(400, "VALIDATION_ERROR");
    assertEquals(List.of("Visa", "Book", "Treat the neighbours", "Pack", "Say goodbye"), titles());
    api.delete("/api/v1/subtasks/" + treat).expect(204);
    assertEquals(List.of("Visa", "Book", "Pack", "Say goodbye"), titles());

    // Complete all but one; the task counts them.
    for (String id : List.of(visa, book, pack)) {
      assertFalse(complete(id).has("task"));
    }
    JsonNode counted = api.get(task).expect(200).data();
    assertEquals(3, counted.get("subtask_completed_count").intValue());
    assertFalse(counted.get("completed").booleanValue());

    // The last subtask completes the task.
    JsonNode last = complete(bye);
    assertEquals("auto", last.at("/task/completed_by").stringValue());
    assertTrue(last.has("unlocked_achievements"));
    assertTrue(api.get(task).data().get("completed").booleanValue());

    // Reopening a subtask does not reopen the task.
    api.patch("/api/v1/subtasks/" + visa, Map.of("completed", false)).expect(200);
    assertTrue(api.get(task).data().get("completed").booleanValue());

    // Forced completion completes the open subtasks at the same time.
    task = task("Clean up");
    add(Map.of("title", "Kitchen"));
    add(Map.of("title", "Cellar"));
    int version = api.get(task).data().get("version").intValue();
    JsonNode forced =
        api.post(task + "/force-complete", Map.of("version", version))
            .expect(200)
            .data()
            .get("task");
    assertEquals("force", forced.get("completed_by").stringValue());
    for (JsonNode subtask : api.get(task + "/subtasks").expect(200).data().values()) {
      assertEquals(forced.get("completed_at"), subtask.get("completed_at"));
      assertEquals("user", subtask.get("source").stringValue());
    }

    // Another user has no access.
    service.newUser().api().get(task + "/subtasks").expect(403, "FORBIDDEN");
    Invariants.check(database);
  }

  private String task(String title) {
    return "/api/v1/tasks/" + api.createTask(title);
  }

  private String add(Map<String, Object> subtask) {
    return api.post(task + "/subtasks", subtask).expect(201).id();
  }

  private JsonNode complete(String subtask) {
    return api.patch("/api/v1/subtasks/" + subtask, Map.of("completed", true)).expect(200).json();
  }

  private List<String> titles() {
    return api.get(task + "/subtasks").expect(200).data().values().stream()
        .map(subtask -> subtask.get("title").stringValue())
        .toList();
  }
}
