package app.perpetua.flow.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class US02TasksTest {
  private static final String TASKS = "/api/v1/tasks";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();

  @Test
  void US02_tasks() {
    // Create a task with a title only; all other fields have defaults.
    JsonNode plain = api.post(TASKS, Map.of("title", "  Water the plants ")).expect(201).data();
    assertEquals("Water the plants", plain.get("title").stringValue());
    assertEquals("", plain.get("description").stringValue());
    assertEquals("medium", plain.get("priority").stringValue());
    assertTrue(plain.get("due_date").isNull());
    assertEquals(1, plain.get("version").intValue());

    // Create a task with all fields.
    service.clock().advance(Duration.ofMinutes(1));
    Instant due = service.clock().instant().plus(Duration.ofDays(10));
    JsonNode full =
        api.post(
                TASKS,
                Map.of(
                    "title", "File the tax return",
                    "description", "Papers are in the blue folder.",
                    "priority", "high",
                    "due_date", Json.instant(due),
                    "estimated_duration", 90))
            .expect(201)
            .data();
    String tax = TASKS + "/" + full.get("id").stringValue();
    String plants = TASKS + "/" + plain.get("id").stringValue();

    // List, filter and search.
    assertEquals(List.of("File the tax return", "Water the plants"), titles(""));
    assertEquals(List.of("File the tax return"), titles("?priority=high"));
    assertEquals(List.of("File the tax return"), titles("?q=BLUE%20tax"));
    assertEquals(List.of("File the tax return", "Water the plants"), titles("?sort=due_date"));
    assertEquals(List.of("File the tax return"), titles("?due_after=" + Json.instant(due)));

    // Two devices change a task: the second gets a version conflict with the current version.
    JsonNode changed =
        api.patch(tax, Map.of("version", 1, "title", "File the tax return 2025"))
            .expect(200)
            .data();
    assertEquals(2, changed.get("version").intValue());
    assertEquals(90, changed.get("estimated_duration").intValue());
    JsonNode stale =
        api.patch(tax, Map.of("version", 1, "priority", "low"))
            .expect(409, "CONFLICT")
            .json()
            .get("error");
    assertEquals(2, stale.get("current_version").intValue());

    // Complete, complete again without effect, and reopen.
    service.clock().advance(Duration.ofMinutes(5));
    JsonNode done = api.patch(plants, Map.of("completed", true)).expect(200).data();
    assertEquals("manual", done.get("completed_by").stringValue());
    assertEquals(Json.instant(service.clock().instant()), done.get("completed_at").stringValue());
    service.clock().advance(Duration.ofMinutes(1));
    assertEquals(done, api.patch(plants, Map.of("completed", true)).expect(200).data());
    assertTrue(
        api.patch(plants, Map.of("completed", false))
            .expect(200)
            .data()
            .get("completed_by")
            .isNull());

    // Hide and show.
    api.patch(plants, Map.of("hidden", true)).expect(200);
    assertEquals(List.of("File the tax return 2025"), titles(""));
    assertEquals(List.of("Water the plants"), titles("?hidden=true"));
    api.patch(plants, Map.of("hidden", false)).expect(200);

    // An archived task can only be read and unarchived.
    api.patch(tax, Map.of("archived", true)).expect(200);
    api.patch(tax, Map.of("completed", true)).expect(409, "ARCHIVED");
    assertEquals(List.of("Water the plants"), titles(""));
    assertEquals(List.of("File the tax return 2025"), titles("?archived=true"));
    api.patch(tax, Map.of("archived", false)).expect(200);

    // Delete; the answer contains the tombstone with its expiry.
    JsonNode deletion = api.delete(plants).expect(200).data();
    assertEquals(
        Json.instant(service.clock().instant().plus(Duration.ofDays(7))),
        deletion.get("recoverable_until").stringValue());
    api.get(plants).expect(404, "NOT_FOUND");
    assertEquals(List.of("File the tax return 2025"), titles(""));

    // Another user has no access.
    Api stranger = service.newUser().api();
    stranger.get(tax).expect(403, "FORBIDDEN");
    stranger.delete(tax).expect(403, "FORBIDDEN");
    assertEquals(0, stranger.get(TASKS).json().at("/pagination/total").intValue());

    // The activity log has every change, with the user as source.
    assertEquals(
        List.of(
            "task_created 2",
            "task_updated 5",
            "task_completed 1",
            "task_reopened 1",
            "task_deleted 1"),
        List.of("task_created", "task_updated", "task_completed", "task_reopened", "task_deleted")
            .stream()
            .map(action -> action + " " + entries(action))
            .toList());
    Invariants.check(database);
  }

  private List<String> titles(String query) {
    return api.get(TASKS + query).expect(200).data().values().stream()
        .map(task -> task.get("title").stringValue())
        .toList();
  }

  private long entries(String action) {
    return database.number(
        "select count(*) from activity.activity_logs"
            + " where user_id = ? and action = ? and source = 'user'",
        user.userId(),
        action);
  }
}
