package app.perpetua.flow.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class US09AchievementsTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static final String TASKS = "/api/v1/tasks";

  private final String subject = "google-" + UUID.randomUUID();
  private Api api = service.signIn(subject).api();

  @Test
  void US09_achievements() {
    at("2026-04-01T08:00:00Z");
    service.runDueJobs();

    // List the achievements; none is unlocked.
    JsonNode catalogue = api.get("/api/v1/achievements").expect(200).data();
    assertEquals(7, catalogue.size());
    assertEquals("Task Starter", catalogue.get(0).get("name").stringValue());
    assertEquals(0, status().get("unlocked").size());
    assertEquals(50, status().at("/effective_limits/max_tasks").intValue());

    // Complete four tasks in different ways; a repeated completion does not count.
    completeTask();
    String forced = create();
    api.post(TASKS + "/" + forced + "/subtasks", Map.of("title", "first")).expect(201);
    JsonNode force =
        api.post(TASKS + "/" + forced + "/force-complete", Map.of("version", 2)).expect(200).data();
    assertEquals(1, force.get("streak").intValue());
    assertEquals(0, force.get("unlocked_achievements").size());
    String stepped = create();
    String step = api.createSubtask(stepped, "only");
    Api.Answer auto = api.patch("/api/v1/subtasks/" + step, Map.of("completed", true)).expect(200);
    assertEquals("auto", auto.json().at("/task/completed_by").stringValue());
    assertTrue(auto.json().get("unlocked_achievements").isEmpty());
    set(stepped, false);
    set(stepped, true);
    completeTask();
    assertEquals(4, status().at("/stats/lifetime_tasks_completed").intValue());

    // The fifth completion unlocks the first achievement, which raises the limit at once.
    JsonNode fifth = completeTask().json().get("unlocked_achievements").get(0);
    assertEquals("tasks_5", fifth.get("id").stringValue());
    assertEquals("{\"type\":\"max_tasks\",\"value\":15}", fifth.get("perk").toString());
    assertEquals(65, status().at("/effective_limits/max_tasks").intValue());
    JsonNode notifications = api.get("/api/v1/notifications?unread_only=true").expect(200).data();
    assertEquals("achievement", notifications.get(0).get("type").stringValue());
    assertEquals(
        1, api.get("/api/v1/activity?action=achievement_unlocked").expect(200).data().size());

    // A streak of seven days unlocks daily credits, from that day on.
    List<Integer> streaks = new ArrayList<>();
    Api.Answer last = null;
    for (int day = 2; day <= 7; day++) {
      at("2026-04-0%dT00:00:00Z".formatted(day));
      service.runDueJobs();
      last = completeTask();
      streaks.add(status().at("/stats/current_streak").intValue());
    }
    assertEquals(List.of(2, 3, 4, 5, 6, 7), streaks);
    assertEquals(
        "streak_7",
        last == null ? "" : last.json().at("/unlocked_achievements/0/id").stringValue());
    assertEquals(2, daily());

    // A day without a completion ends the streak and keeps achievements and perks.
    at("2026-04-08T06:00:00Z");
    service.runDueJobs();
    assertEquals(2, daily());
    assertEquals(7, status().at("/stats/current_streak").intValue());
    at("2026-04-09T06:00:00Z");
    service.runDueJobs();
    JsonNode end = status();
    assertEquals(0, end.at("/stats/current_streak").intValue());
    assertEquals(7, end.at("/stats/longest_streak").intValue());
    assertEquals(2, end.get("unlocked").size());
    assertEquals(65, end.at("/effective_limits/max_tasks").intValue());
    assertEquals(2, end.at("/effective_limits/daily_ai_credits").intValue());
    JsonNode week = end.get("progress").get(3);
    assertEquals("streak_7", week.get("id").stringValue());
    assertTrue(week.get("unlocked").booleanValue());
    assertFalse(end.get("progress").get(4).get("unlocked").booleanValue());
    completeTask();
    assertEquals(1, status().at("/stats/current_streak").intValue());
    Invariants.check(database);
  }

  private void at(String instant) {
    service.clock().set(Instant.parse(instant));
    api = service.signIn(subject).api();
  }

  private JsonNode status() {
    return api.get("/api/v1/achievements/me").expect(200).data();
  }

  private int daily() {
    return api.get("/api/v1/credits/balance").expect(200).data().get("daily").intValue();
  }

  private String create() {
    return api.createTask("a");
  }

  private Api.Answer completeTask() {
    return set(create(), true);
  }

  private Api.Answer set(String task, boolean completed) {
    return api.patch(TASKS + "/" + task, Map.of("completed", completed)).expect(200);
  }
}
