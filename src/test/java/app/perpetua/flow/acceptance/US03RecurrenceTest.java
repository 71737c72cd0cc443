package app.perpetua.flow.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class US03RecurrenceTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static final String TEMPLATES = "/api/v1/templates";
  private static final String TASKS = "/api/v1/tasks";
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  private final String subject = "google-" + UUID.randomUUID();
  private Api api = service.signIn(subject).api();

  @Test
  void US03_recurrence() {
    at("2026-03-27T08:00");
    api.patch("/api/v1/users/me", Map.of("timezone", "Europe/Berlin")).expect(200);

    // Preview a rule.
    Map<String, Object> rule =
        Map.of("rrule", "FREQ=WEEKLY;BYDAY=SA,SU,MO;COUNT=4", "starts_at", "2026-03-28T08:00:00Z");
    JsonNode preview = api.post(TEMPLATES + "/preview", rule).expect(200).data();
    assertEquals(4, preview.get("occurrences").size());

    // Create a template; the answer contains the first task and a description of the rule.
    Api.Answer created =
        api.post(
                TEMPLATES,
                Map.of(
                    "title", "Walk the dog",
                    "priority", "high",
                    "estimated_duration", 30,
                    "rrule", "FREQ=WEEKLY;BYDAY=SA,SU,MO;COUNT=4",
                    "starts_at", "2026-03-28T08:00:00Z"))
            .expect(201);
    String template = created.id();
    assertEquals(
        "every week on Saturday, Sunday and Monday, 4 times",
        created.data().get("rrule_text").stringValue());
    assertEquals("2026-03-28T09:00", localDue(created.json().get("task")));

    // Each completion creates the next task, at the same local time across the clock change.
    List<String> dues = new ArrayList<>();
    for (String morning : List.of("2026-03-28T09:10", "2026-03-29T09:10", "2026-03-30T09:10")) {
      at(morning);
      JsonNode task = open(template).getFirst();
      api.patch(TASKS + "/" + task.get("id").stringValue(), Map.of("completed", true)).expect(200);
      service.runDueJobs();
      assertEquals(1, open(template).size());
      dues.add(localDue(open(template).getFirst()));
    }
    assertEquals(List.of("2026-03-29T09:00", "2026-03-30T09:00", "2026-04-04T09:00"), dues);
    assertEquals("30", open(template).getFirst().get("estimated_duration").toString());

    // The last occurrence is open, so there is no next due date.
    JsonNode last = api.get(TEMPLATES + "/" + template).expect(200).data();
    assertTrue(last.get("next_due").isNull());

    // A new time applies to future tasks and to the open task.
    JsonNode moved =
        api.patch(
                TEMPLATES + "/" + template,
                Map.of(
                    "rrule", "FREQ=DAILY",
                    "starts_at", "2026-03-30T17:00:00Z",
                    "title", "Walk the dog again",
                    "apply_to", "future"))
            .expect(200)
            .data();
    assertEquals("every day", moved.get("rrule_text").stringValue());
    JsonNode task = open(template).getFirst();
    assertEquals("2026-03-30T19:00", localDue(task));
    assertEquals("Walk the dog again", task.get("title").stringValue());
    assertEquals(
        "Walk the dog",
        api.get(TASKS + "?completed=true&template_id=" + template)
            .expect(200)
            .data()
            .get(0)
            .get("title")
            .stringValue());

    // Pause and resume.
    api.patch(TEMPLATES + "/" + template, Map.of("active", false)).expect(200);
    api.patch(TASKS + "/" + task.get("id").stringValue(), Map.of("completed", true)).expect(200);
    service.runDueJobs();
    assertEquals(List.of(), open(template));
    at("2026-04-20T12:00");
    api.patch(TEMPLATES + "/" + template, Map.of("active", true)).expect(200);
    service.runDueJobs();
    assertEquals("2026-04-20T19:00", localDue(open(template).getFirst()));

    // Another user has no access. Tasks remain after the template is deleted.
    service.newUser().api().get(TEMPLATES + "/" + template).expect(403, "FORBIDDEN");
    api.delete(TEMPLATES + "/" + template).expect(204);
    JsonNode left = api.get(TASKS + "?completed=false").expect(200).data();
    assertEquals(1, left.size());
    assertTrue(left.get(0).get("template_id").isNull());
    assertFalse(service.runDueJobs().stream().anyMatch(ran -> ran.kind().startsWith("recurring")));
    Invariants.check(database);
  }

  /** Sets the clock to a local time in Berlin and signs in again. */
  private void at(String local) {
    Instant instant = LocalDateTime.parse(local).atZone(BERLIN).toInstant();
    service.clock().set(instant);
    api = service.signIn(subject).api();
  }

  private List<JsonNode> open(String template) {
    return api
        .get(TASKS + "?completed=false&template_id=" + template)
        .expect(200)
        .data()
        .values()
        .stream()
        .toList();
  }

  private static String localDue(JsonNode task) {
    return Instant.parse(task.get("due_date").stringValue())
        .atZone(BERLIN)
        .toLocalDateTime()
        .toString();
  }
}
