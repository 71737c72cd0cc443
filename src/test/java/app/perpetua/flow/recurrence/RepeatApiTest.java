package app.perpetua.flow.recurrence;

import static app.perpetua.flow.recurrence.TemplateFixture.TASKS;
import static app.perpetua.flow.recurrence.TemplateFixture.TEMPLATES;
import static app.perpetua.flow.recurrence.TemplateFixture.due;
import static app.perpetua.flow.recurrence.TemplateFixture.id;
import static app.perpetua.flow.recurrence.TemplateFixture.instant;
import static app.perpetua.flow.recurrence.TemplateFixture.parallel;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.tasks.AllDay;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Templates for days and from completions; skipped and postponed occurrences. */
class RepeatApiTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("RATE_LIMIT_GENERAL", "1000000");

  private static final Duration DAY = Duration.ofDays(1);
  private static final ZoneId LOS_ANGELES = ZoneId.of("America/Los_Angeles");

  private final TemplateFixture user = new TemplateFixture(database, service);

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private LocalDate today() {
    return LocalDate.ofInstant(user.now(), ZoneOffset.UTC);
  }

  private Api.Answer act(JsonNode task, String action, Map<String, ?> body) {
    return user.api().post(TASKS + "/" + id(task) + "/" + action, body);
  }

  private JsonNode next(String template) {
    user.runDue();
    return user.onlyOpen(template);
  }

  private JsonNode task(JsonNode task) {
    return user.api().get(TASKS + "/" + id(task)).expect(200).data();
  }

  private static LocalDate day(JsonNode node, String field) {
    return LocalDate.parse(node.get(field).stringValue());
  }

  private void undo(String action) {
    JsonNode entry = user.api().get("/api/v1/activity?action=" + action).expect(200).data().get(0);
    user.api().post("/api/v1/activity/" + id(entry) + "/undo").expect(200);
  }

  private UUID place(String table, String columns, String values) {
    UUID id = UUID.randomUUID();
    database.run(
        "insert into tasks.%s (user_id, id, name, %s, created_at, updated_at) values (?, ?, 'n', %s, now(), now())"
            .formatted(table, columns, values),
        user.user(),
        id);
    return id;
  }

  @Test
  void FR_200_tasks_of_a_template_for_days_are_due_on_days_in_the_users_time_zone() {
    user.api().patch("/api/v1/users/me", Map.of("timezone", LOS_ANGELES.getId())).expect(200);
    LocalDate first = today().plusDays(2);
    Api.Answer created =
        user.create(
            "FREQ=DAILY", Map.of("starts_on", first.toString(), "timezone", "Pacific/Kiritimati"));
    JsonNode template = created.data();
    Instant end = AllDay.end(first, ZoneId.of("Pacific/Kiritimati"));
    assertTrue(template.get("all_day").booleanValue());
    assertEquals(end, instant(template, "starts_at"));
    assertEquals(first, day(template, "starts_on"));
    assertEquals(end.plus(DAY), instant(template, "next_due"));
    assertEquals(first.plusDays(1), day(template, "next_on"));
    JsonNode task = created.json().get("task");
    for (int i = 0; i < 4; i++) {
      LocalDate day = first.plusDays(i);
      assertEquals(day, day(task, "due_on"));
      assertEquals(AllDay.end(day, LOS_ANGELES), due(task));
      user.complete(task);
      task = next(created.id());
    }
  }

  @Test
  void FR_200_a_client_that_repeats_starts_at_keeps_a_template_for_days() {
    LocalDate first = today().plusDays(2);
    String id = user.create("FREQ=DAILY", Map.of("starts_on", first.toString())).id();
    String startsAt = user.template(id).get("starts_at").stringValue();
    JsonNode same = user.patch(id, Map.of("starts_at", startsAt, "title", "renamed"));
    assertTrue(same.get("all_day").booleanValue());
    JsonNode moved = user.patch(id, Map.of("timezone", "Asia/Tokyo"));
    assertEquals(first, day(moved, "starts_on"));
    assertEquals(AllDay.end(first, ZoneId.of("Asia/Tokyo")), instant(moved, "starts_at"));
    String noon = first + "T12:00:00.000Z";
    JsonNode timed = user.patch(id, Map.of("starts_at", noon, "apply_to", "future"));
    assertFalse(timed.get("all_day").booleanValue());
    assertTrue(timed.get("starts_on").isNull());
    JsonNode task = user.onlyOpen(id);
    assertEquals(Instant.parse(noon), due(task));
    assertTrue(task.get("due_on").isNull());
    JsonNode again =
        user.patch(id, Map.of("starts_on", first.plusDays(1).toString(), "apply_to", "future"));
    assertEquals(first.plusDays(1), day(again, "starts_on"));
    assertEquals(first.plusDays(1), day(user.onlyOpen(id), "due_on"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "starts_on | {\"starts_on\": \"2026-03-12\", \"starts_at\": \"2026-03-12T09:00:00Z\"}",
        "starts_on | {\"starts_on\": \"1969-12-31\"}",
        "starts_on | {\"starts_on\": \"2036-03-12\"}",
        "anchor | {\"anchor\": \"sometimes\"}",
        "rrule | {\"anchor\": \"completion\", \"rrule\": \"FREQ=WEEKLY;BYDAY=MO\"}",
        "list_id | {\"list_id\": \"019bd5cd-e840-7a6f-b3d4-0c81e2f59a7b\"}",
        "label_ids | {\"label_ids\": [\"019bd5cd-e840-7a6f-b3d4-0c81e2f59a7b\"]}",
      })
  void FR_202_bad_templates_are_refused(String field, String members) {
    Map<String, Object> body = new HashMap<>(Map.of("title", "again", "rrule", "FREQ=DAILY"));
    new Json().parse(members).properties().forEach(e -> body.put(e.getKey(), e.getValue()));
    Api.Answer answer =
        user.api().invalidOnPurpose().post(TEMPLATES, body).expect(400, "VALIDATION_ERROR");
    assertTrue(answer.text().contains("\"" + field + "\""), answer.text());
    assertEquals(0, user.api().get(TEMPLATES).expect(200).data().size());
  }

  @Test
  void FR_202_tasks_copy_list_and_labels_of_their_template() {
    String list = place("lists", "position", "'V'").toString();
    String label = place("labels", "colour", "'#d0342c'").toString();
    Api.Answer created =
        user.create("FREQ=DAILY", Map.of("list_id", list, "label_ids", List.of(label, label)));
    for (JsonNode each : List.of(created.data(), created.json().get("task"))) {
      assertEquals(list, each.get("list_id").stringValue());
      assertEquals(label, each.get("label_ids").get(0).stringValue());
      assertEquals(1, each.get("label_ids").size());
    }
    user.complete(created.json().get("task"));
    JsonNode second = next(created.id());
    assertEquals(list, second.get("list_id").stringValue());
    Map<String, Object> inbox = new HashMap<>(Map.of("label_ids", List.of(), "apply_to", "future"));
    inbox.put("list_id", null);
    assertTrue(user.patch(created.id(), inbox).get("list_id").isNull());
    assertTrue(task(second).get("list_id").isNull());
    assertEquals(0, task(second).get("label_ids").size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"complete", "skip", "delete"})
  void FR_201_the_next_task_counts_from_the_day_on_which_the_last_one_ended(String how) {
    Instant first = user.now().plus(DAY);
    String template =
        user.create(
                "FREQ=DAILY;INTERVAL=3",
                Map.of("starts_at", Json.instant(first), "anchor", "completion"))
            .id();
    assertEquals(first.plus(Duration.ofDays(3)), instant(user.template(template), "next_due"));
    user.until(first.plus(Duration.ofDays(5)).plusSeconds(3600));
    JsonNode task = user.onlyOpen(template);
    switch (how) {
      case "complete" -> user.complete(task);
      case "skip" -> act(task, "skip", Map.of()).expect(200);
      default -> user.delete(task);
    }
    // The job may run on a later day than the change.
    user.advance(DAY);
    assertEquals(first.plus(Duration.ofDays(8)), due(next(template)));
    assertEquals(first.plus(Duration.ofDays(11)), instant(user.template(template), "next_due"));
  }

  @Test
  void FR_201_count_limits_the_tasks_that_count_from_completions() {
    LocalDate first = today();
    String template =
        user.create(
                "FREQ=WEEKLY;COUNT=3",
                Map.of("starts_on", first.toString(), "anchor", "completion"))
            .id();
    JsonNode preview = user.api().get(TEMPLATES + "/" + template + "/preview").expect(200).data();
    assertEquals(2, preview.get("days").size());
    assertEquals(first.plusDays(7).toString(), preview.get("days").get(0).stringValue());
    user.complete(user.onlyOpen(template));
    assertEquals(first.plusDays(7), day(next(template), "due_on"));
    act(user.onlyOpen(template), "skip", Map.of()).expect(200);
    JsonNode last = next(template);
    assertEquals(first.plusDays(14), day(last, "due_on"));
    assertTrue(user.template(template).get("next_due").isNull());
    user.complete(last);
    user.runDue();
    assertEquals(List.of(), user.open(template));
    assertFalse(user.template(template).get("active").booleanValue());
    JsonNode rule =
        user.api()
            .post(
                TEMPLATES + "/preview",
                Map.of(
                    "rrule", "FREQ=WEEKLY;COUNT=3",
                    "starts_on", first.toString(),
                    "anchor", "completion"))
            .expect(200)
            .data();
    assertEquals(
        List.of(first, first.plusDays(7), first.plusDays(14)),
        rule.get("days").values().stream()
            .map(JsonNode::stringValue)
            .map(LocalDate::parse)
            .toList());
  }

  @Test
  void FR_203_a_skipped_task_is_kept_and_the_next_one_is_created() {
    String template = user.daily(user.now().plus(DAY));
    JsonNode task = user.onlyOpen(template);
    String step = user.api().createSubtask(id(task), "step");
    user.api().patch("/api/v1/subtasks/" + step, Map.of("completed", false)).expect(200);
    JsonNode skipped = act(task, "skip", Map.of()).expect(200).data();
    assertTrue(skipped.get("archived").booleanValue());
    assertFalse(skipped.get("completed").booleanValue());
    JsonNode second = next(template);
    assertEquals(due(task).plus(DAY), due(second));
    assertEquals(1, second.get("subtask_count").intValue());
    assertEquals(1, task(task).get("subtasks").size());
    assertEquals(1, user.entries("task_skipped", "user"));
    assertEquals(0, user.entries("task_completed", "user"));
    act(task, "skip", Map.of()).expect(409, "ARCHIVED");

    undo("task_skipped");
    assertFalse(task(task).get("archived").booleanValue());
    assertEquals(id(task), id(user.onlyOpen(template)));
    assertEquals(1, user.instances(template));
    user.runDue();
    assertEquals(id(task), id(user.onlyOpen(template)));
  }

  @Test
  void FR_203_unarchiving_takes_a_skip_back() {
    String template = user.daily(user.now().plus(DAY));
    JsonNode task = user.onlyOpen(template);
    act(task, "skip", Map.of("version", 1)).expect(200);
    user.api().patch(TASKS + "/" + id(task), Map.of("archived", false)).expect(200);
    assertEquals(id(task), id(next(template)));
  }

  @Test
  void FR_203_skipping_the_last_occurrence_ends_the_series() {
    String template = user.create("FREQ=DAILY;COUNT=1", Map.of()).id();
    act(user.onlyOpen(template), "skip", Map.of()).expect(200);
    user.runDue();
    assertEquals(List.of(), user.open(template));
    assertFalse(user.template(template).get("active").booleanValue());
  }

  @Test
  void FR_203_what_cannot_be_skipped_is_refused() {
    JsonNode plain = user.api().post(TASKS, Map.of("title", "plain")).expect(201).data();
    act(plain, "skip", Map.of()).expect(400, "VALIDATION_ERROR");
    String template = user.daily(user.now().plus(DAY));
    JsonNode task = user.onlyOpen(template);
    act(task, "skip", Map.of("version", 7)).expect(409, "CONFLICT");
    user.api()
        .with("If-Match", "\"other\"")
        .post(TASKS + "/" + id(task) + "/skip", Map.of())
        .expect(412);
    user.complete(task);
    act(task, "skip", Map.of()).expect(409, "CONFLICT");
    act(task, "postpone", Map.of("days", 1)).expect(409, "CONFLICT");
    assertEquals(0, user.entries("task_skipped", "user"));
  }

  @Test
  void FR_204_postponing_moves_one_task_and_leaves_the_rule() {
    Instant first = user.now().plus(DAY);
    String template =
        user.create("FREQ=DAILY;INTERVAL=3", Map.of("starts_at", Json.instant(first))).id();
    JsonNode before = user.template(template);
    JsonNode task = user.onlyOpen(template);
    JsonNode moved = act(task, "postpone", Map.of("days", 2)).expect(200).data();
    assertEquals(first.plus(DAY).plus(DAY), due(moved));
    assertEquals(before, user.template(template));
    undo("task_updated");
    assertEquals(first, due(task(task)));

    // Beyond the next occurrence, which the moved task covers.
    act(task, "postpone", Map.of("days", 4)).expect(200);
    user.complete(task);
    assertEquals(first.plus(Duration.ofDays(6)), due(next(template)));
  }

  @Test
  void FR_204_an_overdue_task_is_postponed_from_today() {
    LocalDate first = today();
    String template = user.create("FREQ=WEEKLY", Map.of("starts_on", first.toString())).id();
    JsonNode task = user.onlyOpen(template);
    user.advance(Duration.ofDays(3));
    JsonNode tomorrow = act(task, "postpone", Map.of("days", 1)).expect(200).data();
    assertEquals(first.plusDays(4), day(tomorrow, "due_on"));
    JsonNode timed =
        act(task, "postpone", Map.of("due_date", first.plusDays(5) + "T09:00:00Z", "version", 2))
            .expect(200)
            .data();
    assertTrue(timed.get("due_on").isNull());
    act(task, "postpone", Map.of("days", 1, "version", 2)).expect(409, "CONFLICT");
    JsonNode plain = user.api().post(TASKS, Map.of("title", "plain")).expect(201).data();
    assertEquals(
        today().plusDays(2),
        day(act(plain, "postpone", Map.of("days", 2)).expect(200).data(), "due_on"));
    assertEquals(
        today(),
        day(
            act(plain, "postpone", Map.of("due_on", today().toString())).expect(200).data(),
            "due_on"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "days | {}",
        "days | {\"days\": 0}",
        "days | {\"days\": 31}",
        "days | {\"days\": 30}",
        "days | {\"days\": 1, \"due_on\": \"2026-03-12\"}",
        "due_on | {\"due_on\": \"2020-01-01\"}",
        "due_date | {\"due_date\": \"2020-01-01T09:00:00Z\"}",
      })
  void FR_204_bad_postponements_change_nothing(String field, String body) {
    String template = user.daily(user.now().plus(DAY));
    JsonNode task = user.onlyOpen(template);
    Api.Answer answer =
        user.api()
            .invalidOnPurpose()
            .post(TASKS + "/" + id(task) + "/postpone", new Json().parse(body))
            .expect(400, "VALIDATION_ERROR");
    assertTrue(answer.text().contains("\"" + field + "\""), answer.text());
    assertEquals(due(task), due(task(task)));
  }

  @Test
  void FR_203_simultaneous_changes_of_one_task_create_one_next_task() throws Exception {
    for (int round = 0; round < 5; round++) {
      String template = user.daily(user.now().plus(DAY));
      JsonNode task = user.onlyOpen(template);
      Api api = user.api();
      AtomicInteger turn = new AtomicInteger();
      List<Integer> statuses =
          new ArrayList<>(
              parallel(
                  3,
                  () ->
                      switch (turn.getAndIncrement()) {
                        case 0 -> act(task, "skip", Map.of()).status();
                        case 1 -> act(task, "postpone", Map.of("days", 1)).status();
                        default ->
                            api.patch(TASKS + "/" + id(task), Map.of("completed", true)).status();
                      }));
      assertTrue(statuses.stream().allMatch(status -> status == 200 || status == 409));
      JsonNode ended = task(task);
      assertTrue(ended.get("archived").booleanValue() != ended.get("completed").booleanValue());
      user.runDue();
      assertEquals(1, user.open(template).size());
      assertEquals(2, user.instances(template));
    }
  }
}
