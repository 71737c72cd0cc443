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
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class US13UndoTest {
  private static final String TOMBSTONES = "/api/v1/recovery/tombstones";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final String subject = "google-" + UUID.randomUUID();
  private Api api = service.signIn(subject).api();

  @Test
  void US13_undo() {
    // Delete a task with subtasks and a reminder, and restore it.
    Instant due = service.clock().instant().plus(Duration.ofDays(3));
    String trip =
        "/api/v1/tasks/"
            + api.post(
                    "/api/v1/tasks",
                    Map.of("title", "Plan the trip", "due_date", Json.instant(due)))
                .expect(201)
                .id();
    String first = api.post(trip + "/subtasks", Map.of("title", "Book trains")).expect(201).id();
    api.post(trip + "/subtasks", Map.of("title", "Find a hotel")).expect(201);
    api.patch("/api/v1/subtasks/" + first, Map.of("completed", true)).expect(200);
    api.post(trip + "/reminders", Map.of("type", "before", "offset_minutes", 1_440)).expect(201);
    api.post(trip + "/reminders", Map.of("type", "before", "offset_minutes", 60)).expect(201);
    ObjectNode before = (ObjectNode) api.get(trip).expect(200).data();
    advance(Duration.ofMinutes(1));
    String tombstone = delete(trip);
    api.get(trip).expect(404, "NOT_FOUND");
    JsonNode listed = api.get(TOMBSTONES).expect(200).data().get(0);
    assertEquals("Plan the trip", listed.at("/preview/title").stringValue());
    advance(Duration.ofMinutes(1));
    JsonNode back = api.post("/api/v1/tasks/recover/" + tombstone).expect(200).data();
    assertEquals(before.put("version", before.get("version").intValue() + 1), back);
    assertEquals(back, api.get(trip).expect(200).data());
    api.patch(trip, Map.of("version", back.get("version"), "title", "Plan the journey"))
        .expect(200);

    // Restored after a reminder's time, that reminder does not fire.
    tombstone = delete(trip);
    advance(Duration.ofDays(2).plusHours(1));
    service.runDueJobs();
    JsonNode reminders =
        api.post(TOMBSTONES + "/" + tombstone + "/recover").expect(200).data().get("reminders");
    assertTrue(reminders.get(0).get("fired").booleanValue());
    service.runDueJobs();
    assertEquals(0, unread());
    advance(Duration.between(service.clock().instant(), due));
    service.runDueJobs();
    assertEquals(1, unread());

    // Notes can be restored, too. Only the three newest deletions are kept.
    String note = "/api/v1/notes/" + api.createNote("Wifi: blue42");
    String ofNote = delete(note);
    String ofTrip = delete(trip);
    String ofOther = delete("/api/v1/tasks/" + api.createTask("one"));
    assertEquals(List.of(ofOther, ofTrip, ofNote), tombstones());
    String ofLast = delete("/api/v1/tasks/" + api.createTask("two"));
    assertEquals(List.of(ofLast, ofOther, ofTrip), tombstones());
    api.post(TOMBSTONES + "/" + ofNote + "/recover").expect(404, "NOT_FOUND");
    service.newUser().api().post(TOMBSTONES + "/" + ofTrip + "/recover").expect(403, "FORBIDDEN");
    api.post(TOMBSTONES + "/" + ofTrip + "/recover").expect(200);
    assertEquals(List.of(ofLast, ofOther), tombstones());
    String again = "/api/v1/notes/" + api.createNote("x");
    String ofAgain = delete(again);
    JsonNode recovered = api.post(TOMBSTONES + "/" + ofAgain + "/recover").expect(200).data();
    assertEquals(api.get(again).expect(200).data(), recovered);

    // After a week nothing can be restored. The activity log has every deletion and recovery.
    advance(Duration.ofDays(7));
    assertEquals(List.of(), tombstones());
    api.post(TOMBSTONES + "/" + ofLast + "/recover").expect(404, "NOT_FOUND");
    assertEquals(3, logged("task_recovered"));
    assertEquals(1, logged("note_recovered"));
    Invariants.check(database);
  }

  private String delete(String target) {
    service.clock().advance(Duration.ofSeconds(1));
    return api.delete(target).expect(200).data().get("tombstone_id").stringValue();
  }

  private List<String> tombstones() {
    return api.get(TOMBSTONES).expect(200).data().values().stream()
        .map(item -> item.get("id").stringValue())
        .toList();
  }

  private int unread() {
    return api.get("/api/v1/notifications").expect(200).json().get("unread_count").intValue();
  }

  private int logged(String action) {
    return api.get("/api/v1/activity?action=" + action)
        .expect(200)
        .json()
        .at("/pagination/total")
        .intValue();
  }

  /** Signs in again, as the access token expires. */
  private void advance(Duration duration) {
    service.clock().advance(duration);
    database.makeDays(service.clock().instant());
    api = service.signIn(subject).api();
  }
}
