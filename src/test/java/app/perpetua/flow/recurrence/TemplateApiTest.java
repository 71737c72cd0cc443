package app.perpetua.flow.recurrence;

import static app.perpetua.flow.recurrence.TemplateFixture.TASKS;
import static app.perpetua.flow.recurrence.TemplateFixture.TEMPLATES;
import static app.perpetua.flow.recurrence.TemplateFixture.due;
import static app.perpetua.flow.recurrence.TemplateFixture.id;
import static app.perpetua.flow.recurrence.TemplateFixture.instant;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.time.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** The API of templates. */
class TemplateApiTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static final Duration DAY = Duration.ofDays(1);

  private final TemplateFixture user = new TemplateFixture(database, service);
  private final Instant tomorrow = user.now().plus(DAY);

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_015_a_created_template_is_returned_with_its_first_task() {
    Api.Answer answer =
        user.create(
            "rrule:freq=weekly;byday=mo,fr;count=10",
            Map.of(
                "title", " Water the plants ",
                "description", "all of them",
                "priority", "high",
                "estimated_duration", 10,
                "timezone", "Europe/Berlin",
                "starts_at", Json.instant(tomorrow)));
    JsonNode template = answer.data();
    assertEquals("Water the plants", template.get("title").stringValue());
    assertEquals("FREQ=WEEKLY;BYDAY=MO,FR;COUNT=10", template.get("rrule").stringValue());
    assertEquals(
        "every week on Monday and Friday, 10 times", template.get("rrule_text").stringValue());
    assertEquals("Europe/Berlin", template.get("timezone").stringValue());
    assertTrue(template.get("active").booleanValue());
    JsonNode task = answer.json().get("task");
    assertEquals(id(template), task.get("template_id").stringValue());
    assertEquals("all of them", task.get("description").stringValue());
    assertEquals("high", task.get("priority").stringValue());
    assertEquals(10, task.get("estimated_duration").intValue());
    assertTrue(due(task).isAfter(user.now()));
    assertTrue(instant(template, "next_due").isAfter(due(task)));
    assertEquals(template, user.template(id(template)));
    assertEquals(task, user.onlyOpen(id(template)));
    assertEquals(1, user.entries("template_created", "user"));
    assertEquals(1, user.entries("task_created", "user"));
  }

  @Test
  void FR_096_a_template_starts_in_the_users_time_zone_by_default() {
    user.api().patch("/api/v1/users/me", Map.of("timezone", "Asia/Tokyo")).expect(200);
    Api.Answer answer = user.create("FREQ=DAILY", Map.of());
    assertEquals("Asia/Tokyo", answer.data().get("timezone").stringValue());
    assertEquals(tomorrow, instant(answer.data(), "starts_at"));
    assertEquals(tomorrow, due(answer.json().get("task")));
    assertEquals(tomorrow.plus(DAY), instant(answer.data(), "next_due"));
  }

  /** Today is Tuesday, 10 March 2026, 09:30 in UTC. */
  @ParameterizedTest
  @CsvSource({
    "FREQ=DAILY,                        2026-03-11, 2026-03-12",
    "FREQ=DAILY;INTERVAL=3,             2026-03-13, 2026-03-16",
    "FREQ=DAILY;COUNT=1,                2026-03-11,",
    "FREQ=DAILY;COUNT=2,                2026-03-11, 2026-03-12",
    "FREQ=DAILY;UNTIL=20260311,         2026-03-11,",
    "FREQ=WEEKLY,                       2026-03-17, 2026-03-24",
    "FREQ=WEEKLY;BYDAY=TU,              2026-03-17, 2026-03-24",
    "FREQ=WEEKLY;BYDAY=FR;COUNT=2,      2026-03-13, 2026-03-20",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,   2026-03-23, 2026-04-06",
    "FREQ=MONTHLY,                      2026-04-10, 2026-05-10",
    "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2,2026-03-31, 2026-04-30",
    "FREQ=YEARLY,                       2027-03-10, 2028-03-10",
  })
  void FR_096_without_starts_at_the_first_occurrence_is_the_next_one_after_now(
      String rule, LocalDate first, @Nullable LocalDate second) {
    user.until(MutableClock.START);
    Duration timeOfDay = Duration.between(user.now().truncatedTo(ChronoUnit.DAYS), user.now());
    Api.Answer answer = user.create(rule, Map.of());
    Instant start = first.atStartOfDay(ZoneOffset.UTC).toInstant().plus(timeOfDay);
    assertEquals(start, instant(answer.data(), "starts_at"));
    JsonNode task = answer.json().get("task");
    JsonNode next = answer.data().get("next_due");
    List<String> expected = new ArrayList<>(List.of(Json.instant(start)));
    if (second != null) {
      expected.add(Json.instant(second.atStartOfDay(ZoneOffset.UTC).toInstant().plus(timeOfDay)));
    }
    if (task.isNull()) {
      assertEquals(expected.getFirst(), next.stringValue());
    } else {
      assertEquals(start, due(task));
      assertEquals(second == null, next.isNull());
      assertEquals(expected.getLast(), next.isNull() ? Json.instant(start) : next.stringValue());
    }
    // Its preview and that of the unsaved rule agree.
    assertEquals(
        expected, occurrences(user.api().get(TEMPLATES + "/" + answer.id() + "/preview?count=2")));
    assertEquals(
        expected,
        occurrences(
            user.api()
                .post(TEMPLATES + "/preview", Map.of("rrule", rule, "count", 2))
                .expect(200)));
  }

  @Test
  void FR_096_a_rule_that_ends_before_its_next_occurrence_is_refused() {
    user.until(MutableClock.START);
    for (String target : List.of(TEMPLATES, TEMPLATES + "/preview")) {
      Map<String, String> body = new HashMap<>(Map.of("rrule", "FREQ=DAILY;UNTIL=20260310"));
      if (target.equals(TEMPLATES)) {
        body.put("title", "a");
      }
      assertEquals(
          "has no occurrence after now",
          user.api()
              .post(target, body)
              .expect(400, "VALIDATION_ERROR")
              .json()
              .at("/error/details/0/message")
              .stringValue());
    }
    // With a start, it has one.
    user.create("FREQ=DAILY;UNTIL=20260310", Map.of("starts_at", Json.instant(user.now())));
  }

  @ParameterizedTest
  @CsvSource({"rrule, FREQ=WEEKLY", "timezone, Asia/Tokyo", "rrule, FREQ=DAILY;COUNT=100"})
  void FR_096_a_changed_rule_or_zone_without_starts_at_occurs_after_now(
      String field, String value) {
    String template = user.daily(user.now().minus(DAY));
    user.complete(user.onlyOpen(template));
    user.runDue();
    JsonNode changed = user.patch(template, Map.of(field, value, "apply_to", "future"));
    assertTrue(instant(changed, "next_due").isAfter(user.now()));
    assertTrue(due(user.onlyOpen(template)).isAfter(user.now()));
  }

  @Test
  void FR_015_all_field_errors_are_reported_together() {
    JsonNode error =
        user.api()
            .invalidOnPurpose()
            .post(
                TEMPLATES,
                Map.of(
                    "title", " ",
                    "rrule", "FREQ=HOURLY",
                    "timezone", "Mars/Olympus",
                    "starts_at", "1969-12-31T23:59:59Z",
                    "color", "red"))
            .expect(400, "VALIDATION_ERROR")
            .json()
            .get("error");
    Map<String, String> faults = new HashMap<>();
    error
        .get("details")
        .values()
        .forEach(
            fault ->
                faults.put(fault.get("field").stringValue(), fault.get("message").stringValue()));
    assertEquals("must not occur more often than daily: FREQ=HOURLY", faults.get("rrule"));
    assertEquals(5, faults.size());
    Api.Answer never =
        user.api()
            .post(TEMPLATES, Map.of("title", "a", "rrule", "FREQ=DAILY;UNTIL=20260101"))
            .expect(400, "VALIDATION_ERROR");
    assertEquals(
        "has no occurrence: it ends before it begins",
        never.json().at("/error/details/0/message").stringValue());
    user.api()
        .post(
            TEMPLATES,
            Map.of("title", "a", "rrule", "FREQ=DAILY", "description", "x".repeat(1_001)))
        .expect(400, "VALIDATION_ERROR");
    user.api()
        .post(
            TEMPLATES,
            Map.of(
                "title", "a",
                "rrule", "FREQ=DAILY",
                "starts_at", Json.instant(user.now().plus(Duration.ofDays(1_828)))))
        .expect(400, "VALIDATION_ERROR");
    assertEquals(0, user.entries("template_created", "user"));
  }

  @Test
  void FR_005_another_users_template_is_forbidden_and_an_unknown_one_not_found() {
    String template = TEMPLATES + "/" + user.daily(tomorrow);
    Api other = service.newUser().api();
    other.get(template).expect(403, "FORBIDDEN");
    other.get(template + "/preview").expect(403, "FORBIDDEN");
    other.patch(template, Map.of("active", false)).expect(403, "FORBIDDEN");
    other.delete(template).expect(403, "FORBIDDEN");
    String nowhere = TEMPLATES + "/" + UUID.randomUUID();
    other.get(nowhere).expect(404, "NOT_FOUND");
    other.delete(nowhere).expect(404, "NOT_FOUND");
    // The body is validated first.
    other.patch(template, Map.of("rrule", "FREQ=SECONDLY")).expect(400, "VALIDATION_ERROR");
    other
        .patch(template, Map.of("rrule", "FREQ=DAILY;UNTIL=19800101"))
        .expect(400, "VALIDATION_ERROR");
    other.patch(nowhere, Map.of("title", "b")).expect(404, "NOT_FOUND");
  }

  @Test
  void FR_060_templates_are_paged_newest_first() {
    String first = user.daily(tomorrow);
    String second = user.daily(tomorrow);
    user.patch(first, Map.of("active", false));
    JsonNode page = user.api().get(TEMPLATES + "?limit=1").expect(200).json();
    assertEquals(second, page.at("/data/0/id").stringValue());
    assertEquals(2, page.at("/pagination/total").intValue());
    assertEquals(
        first,
        user.api()
            .get(TEMPLATES + "?active=false")
            .expect(200)
            .data()
            .get(0)
            .get("id")
            .stringValue());
    assertEquals(1, user.api().get(TEMPLATES + "?active=true").expect(200).data().size());
    user.api().invalidOnPurpose().get(TEMPLATES + "?active=yes").expect(400, "VALIDATION_ERROR");
    Api deleted = user.api();
    deleted.delete("/api/v1/users/me", Map.of("confirm", email())).expect(204);
    deleted.get(TEMPLATES).expect(401, "UNAUTHORIZED");
  }

  private String email() {
    return user.api().get("/api/v1/users/me").expect(200).data().get("email").stringValue();
  }

  @Test
  void the_task_limit_applies_to_the_first_task_and_to_active_templates() {
    String template = user.daily(tomorrow);
    for (int i = 1; i < 50; i++) {
      user.api().post(TASKS, Map.of("title", "t")).expect(201);
    }
    Map<String, String> daily = Map.of("title", "a", "rrule", "FREQ=DAILY");
    JsonNode error = user.api().post(TEMPLATES, daily).expect(409, "LIMIT_EXCEEDED").json();
    assertEquals(50, error.at("/error/limit").intValue());
    // The next instance is created even beyond the limit.
    user.complete(user.onlyOpen(template));
    user.api().post(TASKS, Map.of("title", "t")).expect(201);
    user.runDue();
    assertEquals(1, user.open(template).size());
    assertEquals(
        51, database.number("select open_tasks from auth.users where id = ?", user.user()));

    TemplateFixture other = new TemplateFixture(database, service);
    String first = other.daily(tomorrow);
    for (int i = 1; i < 50; i++) {
      JsonNode task = other.create("FREQ=DAILY", Map.of()).json().get("task");
      // Completing them would unlock a perk, which raises the limit.
      other.api().patch(TASKS + "/" + id(task), Map.of("hidden", true)).expect(200);
    }
    error = other.api().post(TEMPLATES, daily).expect(409, "LIMIT_EXCEEDED").json();
    assertEquals(50, error.at("/error/current").intValue());
    other.patch(first, Map.of("active", false));
    other.create("FREQ=DAILY", Map.of());
    other
        .api()
        .patch(TEMPLATES + "/" + first, Map.of("active", true))
        .expect(409, "LIMIT_EXCEEDED");
  }

  @Test
  void FR_058_absent_fields_stay_and_null_clears() {
    String template =
        id(
            user.create("FREQ=DAILY", Map.of("description", "text", "estimated_duration", 5))
                .data());
    Map<String, Object> nulls = new HashMap<>();
    nulls.put("description", null);
    nulls.put("estimated_duration", null);
    JsonNode changed = user.patch(template, nulls);
    assertEquals("", changed.get("description").stringValue());
    assertTrue(changed.get("estimated_duration").isNull());
    assertEquals("again", changed.get("title").stringValue());
    Map<String, Object> wrong = new HashMap<>();
    wrong.put("rrule", null);
    user.api()
        .invalidOnPurpose()
        .patch(TEMPLATES + "/" + template, wrong)
        .expect(400, "VALIDATION_ERROR");
    long before = user.entries("template_updated", "user");
    assertEquals(changed, user.patch(template, Map.of()));
    assertEquals(changed, user.patch(template, Map.of("title", "again", "active", true)));
    assertEquals(before, user.entries("template_updated", "user"));
  }

  @Test
  void FR_018_a_change_affects_the_open_instance_only_if_it_applies_to_the_future() {
    String template = user.daily(tomorrow);
    JsonNode task = user.onlyOpen(template);
    user.patch(template, Map.of("title", "later", "rrule", "FREQ=DAILY;INTERVAL=3"));
    assertEquals(task, user.onlyOpen(template));
    assertEquals(tomorrow.plus(Duration.ofDays(3)), instant(user.template(template), "next_due"));

    Instant start = tomorrow.plus(Duration.ofHours(3));
    JsonNode changed =
        user.patch(
            template,
            Map.of(
                "description", "new",
                "priority", "low",
                "starts_at", Json.instant(start),
                "apply_to", "future"));
    JsonNode followed = user.onlyOpen(template);
    assertEquals(id(task), id(followed));
    assertEquals("again", followed.get("title").stringValue());
    assertEquals("new", followed.get("description").stringValue());
    assertEquals("low", followed.get("priority").stringValue());
    assertEquals(start, due(followed));
    assertEquals(2, followed.get("version").intValue());
    assertEquals(start.plus(Duration.ofDays(3)), instant(changed, "next_due"));
    assertEquals(1, user.entries("task_updated", "user"));
    // Its occurrence has moved, too, so the next one is the one after.
    user.complete(followed);
    user.runDue();
    assertEquals(start.plus(Duration.ofDays(3)), due(user.onlyOpen(template)));
  }

  @Test
  void FR_026_reminders_move_with_an_instance_that_its_template_moves() {
    String template = user.daily(tomorrow);
    String task = id(user.onlyOpen(template));
    String reminder =
        "/api/v1/reminders/"
            + id(
                user.api()
                    .post(
                        TASKS + "/" + task + "/reminders",
                        Map.of("type", "before", "offset_minutes", 15))
                    .expect(201)
                    .data());
    Instant start = tomorrow.plus(Duration.ofHours(3));
    user.patch(template, Map.of("starts_at", Json.instant(start), "apply_to", "future"));
    assertEquals(
        start.minus(Duration.ofMinutes(15)),
        instant(user.api().get(reminder).expect(200).data(), "scheduled_at"));
  }

  @Test
  void FR_018_an_overdue_or_archived_instance_keeps_its_time() {
    String overdue = user.daily(user.now());
    user.patch(overdue, Map.of("rrule", "FREQ=WEEKLY", "title", "b", "apply_to", "future"));
    JsonNode task = user.onlyOpen(overdue);
    assertEquals(user.now(), due(task));
    assertEquals("b", task.get("title").stringValue());

    String archived = user.daily(tomorrow);
    JsonNode put = user.onlyOpen(archived);
    user.api().patch(TASKS + "/" + id(put), Map.of("archived", true)).expect(200);
    user.patch(archived, Map.of("title", "c", "apply_to", "future"));
    assertEquals(
        "again",
        user.api().get(TASKS + "/" + id(put)).expect(200).data().get("title").stringValue());
  }

  @Test
  void FR_013_an_open_instance_does_not_move_beyond_the_horizon() {
    String template = user.daily(tomorrow);
    Instant far = user.now().plus(Duration.ofDays(40));
    JsonNode changed =
        user.patch(template, Map.of("starts_at", Json.instant(far), "apply_to", "future"));
    assertEquals(tomorrow, due(user.onlyOpen(template)));
    assertEquals(far, instant(changed, "next_due"));
  }

  @Test
  void FR_018_deleting_a_template_keeps_its_instances() {
    String template = user.daily(tomorrow);
    JsonNode task = user.onlyOpen(template);
    user.api().delete(TEMPLATES + "/" + template).expect(204);
    user.api().get(TEMPLATES + "/" + template).expect(404, "NOT_FOUND");
    JsonNode left = user.api().get(TASKS + "/" + id(task)).expect(200).data();
    assertTrue(left.get("template_id").isNull());
    assertEquals(due(task), due(left));
    user.complete(left);
    assertNull(user.jobTime(template));
    assertEquals(1, user.entries("template_deleted", "user"));
  }

  @Test
  void FR_015_a_preview_lists_occurrences_without_saving() {
    user.api().patch("/api/v1/users/me", Map.of("timezone", "America/New_York")).expect(200);
    assertEquals(
        List.of("2026-10-31T13:00:00.000Z", "2026-11-01T14:00:00.000Z", "2026-11-02T14:00:00.000Z"),
        occurrences(
            user.api()
                .post(
                    TEMPLATES + "/preview",
                    Map.of("rrule", "FREQ=DAILY", "starts_at", "2026-10-31T13:00:00Z", "count", 3))
                .expect(200)));
    assertEquals(
        10,
        occurrences(
                user.api().post(TEMPLATES + "/preview", Map.of("rrule", "FREQ=DAILY")).expect(200))
            .size());
    assertEquals(
        2,
        occurrences(
                user.api()
                    .post(TEMPLATES + "/preview?count=2", Map.of("rrule", "FREQ=DAILY"))
                    .expect(200))
            .size());
    assertEquals(
        "every 2 weeks on Monday",
        user.api()
            .post(TEMPLATES + "/preview", Map.of("rrule", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"))
            .expect(200)
            .json()
            .at("/data/rrule_text")
            .stringValue());
    user.api()
        .post(TEMPLATES + "/preview", Map.of("rrule", "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1"))
        .expect(400, "VALIDATION_ERROR");
    Api careless = user.api().invalidOnPurpose();
    careless
        .post(TEMPLATES + "/preview", Map.of("rrule", "FREQ=DAILY", "count", 101))
        .expect(400, "VALIDATION_ERROR");
    assertEquals(0, user.api().get(TEMPLATES).json().at("/pagination/total").intValue());

    String template = user.daily(tomorrow);
    assertEquals(
        List.of(Json.instant(tomorrow), Json.instant(tomorrow.plus(DAY))),
        occurrences(user.api().get(TEMPLATES + "/" + template + "/preview?count=2").expect(200)));
    careless.get(TEMPLATES + "/" + template + "/preview?count=0").expect(400, "VALIDATION_ERROR");
  }

  private static List<String> occurrences(Api.Answer answer) {
    return answer.data().get("occurrences").values().stream().map(JsonNode::stringValue).toList();
  }

  @Test
  void FR_016_a_paused_template_creates_nothing_until_it_is_resumed() {
    String template = user.daily(tomorrow);
    user.patch(template, Map.of("active", false));
    user.complete(user.onlyOpen(template));
    user.runDue();
    assertEquals(List.of(), user.open(template));
    assertNull(user.jobTime(template));
    user.advance(Duration.ofDays(3));
    assertTrue(user.patch(template, Map.of("active", true)).get("active").booleanValue());
    user.runDue();
    JsonNode made = user.onlyOpen(template);
    assertTrue(due(made).isAfter(user.now()));
    assertFalse(due(made).isAfter(user.now().plus(DAY)));
    // Resuming creates no second open instance.
    user.patch(template, Map.of("active", false));
    user.patch(template, Map.of("active", true));
    user.runDue();
    assertEquals(id(made), id(user.onlyOpen(template)));
    assertNotEquals(0, user.entries("template_updated", "user"));
  }
}
