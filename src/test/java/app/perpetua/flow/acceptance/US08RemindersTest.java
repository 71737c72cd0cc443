package app.perpetua.flow.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class US08RemindersTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final String subject = "google-" + UUID.randomUUID();
  private Api api = service.signIn(subject).api();
  private String task = "";

  @Test
  void US08_reminders() {
    FakePushService.Subscription browser = service.push().subscribe();
    api.post("/api/v1/notifications/push-subscription", browser.json()).expect(201);
    api.patch("/api/v1/users/me", Map.of("timezone", "Asia/Tokyo")).expect(200);
    Instant due = Instant.parse("2026-03-12T05:00:00Z");
    task =
        "/api/v1/tasks/"
            + api.post(
                    "/api/v1/tasks",
                    Map.of("title", "Call the dentist", "due_date", Json.instant(due)))
                .expect(201)
                .id();

    // Add reminders before and after the due date and at a fixed time; the first is also pushed.
    String before =
        add(
            Map.of("type", "before", "offset_minutes", 60, "method", "push"),
            due.minusSeconds(3600));
    String after = add(Map.of("type", "after", "offset_minutes", 10), due.plusSeconds(600));
    Instant morning = Instant.parse("2026-03-10T23:00:00Z");
    String own = add(Map.of("type", "absolute", "scheduled_at", Json.instant(morning)), morning);
    assertEquals(List.of(own, before, after), reminders());

    // A new due date moves the relative reminders and not the absolute one.
    Instant moved = Instant.parse("2026-03-13T01:30:00Z");
    api.patch(task, Map.of("version", 1, "due_date", Json.instant(moved))).expect(200);
    assertEquals(Json.instant(moved.minusSeconds(3600)), scheduled(before));
    assertEquals(Json.instant(moved.plusSeconds(600)), scheduled(after));
    assertEquals(Json.instant(morning), scheduled(own));

    // The absolute reminder fires.
    goTo(morning.minusMillis(1));
    assertEquals(0, unread());
    goTo(morning);
    assertEquals(1, unread());
    assertTrue(service.push().inbox().isEmpty());

    // The relative reminder fires; notification and push show the due date in the user's time zone.
    goTo(moved.minusSeconds(3600));
    JsonNode notification =
        api.get("/api/v1/notifications?unread_only=true").expect(200).json().at("/data/0");
    assertEquals("reminder", notification.get("type").stringValue());
    assertEquals("Call the dentist", notification.get("title").stringValue());
    assertEquals("Due Friday, 13 March 2026, 10:30", notification.get("body").stringValue());
    assertEquals(
        "/dashboard/" + task.substring("/api/v1/".length()),
        notification.get("action_url").stringValue());
    FakePushService.Message pushed = service.push().inbox().getFirst();
    assertEquals(browser.endpoint(), pushed.endpoint());
    assertTrue(pushed.text().contains("Call the dentist"), pushed.text());
    assertTrue(pushed.text().contains(notification.get("action_url").stringValue()), pushed.text());
    assertEquals("high", pushed.urgency());
    api.patch("/api/v1/reminders/" + before, Map.of("offset_minutes", 5)).expect(409, "CONFLICT");

    // After completion no reminder fires. The activity log has the fired ones.
    api.patch(task, Map.of("completed", true)).expect(200);
    goTo(moved.plusSeconds(600));
    assertEquals(2, unread());
    assertTrue(api.get("/api/v1/reminders/" + after).data().get("fired").booleanValue());
    assertEquals(2, logged("reminder_fired"));
    assertEquals(3, logged("reminder_created"));

    // Add up to the limit, and delete one.
    add(Map.of("type", "absolute", "scheduled_at", Json.instant(moved.plusSeconds(900))), null);
    String last =
        add(Map.of("type", "absolute", "scheduled_at", Json.instant(moved.plusSeconds(901))), null);
    api.post(
            task + "/reminders",
            Map.of("type", "absolute", "scheduled_at", Json.instant(moved.plusSeconds(902))))
        .expect(409, "LIMIT_EXCEEDED");
    api.delete("/api/v1/reminders/" + last).expect(204);
    assertFalse(reminders().contains(last));
    service.newUser().api().get("/api/v1/reminders/" + own).expect(403, "FORBIDDEN");
    Invariants.check(database);
  }

  private String add(Map<String, Object> reminder, @Nullable Instant at) {
    JsonNode made = api.post(task + "/reminders", reminder).expect(201).data();
    if (at != null) {
      assertEquals(Json.instant(at), made.get("scheduled_at").stringValue());
    }
    return id(made);
  }

  /** Signs in again, as the access token expires. */
  private void goTo(Instant time) {
    service.clock().advance(Duration.between(service.clock().instant(), time));
    database.makeDays(time);
    api = service.signIn(subject).api();
    service.runDueJobs();
  }

  private List<String> reminders() {
    return api.get(task + "/reminders").expect(200).data().values().stream()
        .map(US08RemindersTest::id)
        .toList();
  }

  private String scheduled(String reminder) {
    return api.get("/api/v1/reminders/" + reminder).data().get("scheduled_at").stringValue();
  }

  private int unread() {
    return api.get("/api/v1/notifications").expect(200).json().get("unread_count").intValue();
  }

  private int logged(String action) {
    return api.get("/api/v1/activity?entity_type=reminder&action=" + action)
        .expect(200)
        .json()
        .at("/pagination/total")
        .intValue();
  }

  private static String id(JsonNode item) {
    return item.get("id").stringValue();
  }
}
