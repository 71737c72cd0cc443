package app.perpetua.flow.quickadd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sync.Batches;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class QuickAddApiTest {
  private static final String QUICK = "/api/v1/tasks/quick";
  private static final ZoneId ZONE = ZoneId.of("America/Los_Angeles");

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("FREE_MAX_LABELS", "3").with("FREE_MAX_TASKS", "4");

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private LocalDate today() {
    return LocalDate.ofInstant(service.clock().instant(), ZONE);
  }

  private void inLosAngeles() {
    api.patch("/api/v1/users/me", Map.of("timezone", ZONE.getId())).expect(200);
  }

  private JsonNode quick(String text) {
    return api.post(QUICK, Map.of("text", text)).expect(201).json();
  }

  private JsonNode preview(String text) {
    return api.post(QUICK, Map.of("text", text, "dry_run", true)).expect(200).json();
  }

  private String list(String name) {
    return api.post("/api/v1/lists", Map.of("name", name)).expect(201).id();
  }

  private JsonNode all(String path) {
    return api.get("/api/v1/" + path).expect(200).data();
  }

  private static List<String> texts(JsonNode nodes, String member) {
    return nodes.valueStream().map(node -> node.get(member).stringValue()).toList();
  }

  /** Everything that quick add could have changed. */
  private List<JsonNode> state() {
    return Stream.of("tasks", "templates", "reminders", "labels", "lists", "activity")
        .map(this::all)
        .toList();
  }

  @Test
  void FR_207_a_text_creates_a_recurring_task_with_all_that_it_names() {
    inLosAngeles();
    String home = list("Home");
    JsonNode added = quick("Pay rent every 1st #home @bills p1 !1d");
    JsonNode task = added.get("data");
    LocalDate first =
        today().getDayOfMonth() == 1 ? today() : today().withDayOfMonth(1).plusMonths(1);
    assertEquals("Pay rent", task.get("title").stringValue());
    assertEquals(home, task.get("list_id").stringValue());
    assertEquals("high", task.get("priority").stringValue());
    assertEquals(first.toString(), task.get("due_on").stringValue());
    JsonNode template = added.get("template");
    assertEquals(task.get("template_id"), template.get("id"));
    assertEquals("FREQ=MONTHLY;BYMONTHDAY=1", template.get("rrule").stringValue());
    assertEquals(home, template.get("list_id").stringValue());
    assertTrue(template.get("all_day").booleanValue());
    JsonNode label = added.get("labels_created").get(0);
    assertEquals("bills", label.get("name").stringValue());
    assertEquals(List.of(label.get("id")), List.copyOf(task.get("label_ids").values()));
    assertEquals(task.get("label_ids"), template.get("label_ids"));
    assertEquals(1440, added.at("/reminders/0/offset_minutes").intValue());
    assertEquals("before", added.at("/reminders/0/type").stringValue());
    assertEquals(
        List.of("recurrence", "list", "label", "priority", "reminder"),
        texts(added.get("spans"), "kind"));
    String id = task.get("id").stringValue();
    JsonNode stored = all("tasks/" + id);
    assertEquals(task.get("label_ids"), stored.get("label_ids"));
    assertEquals(added.get("reminders"), stored.get("reminders"));
    assertEquals(template, all("templates/" + template.get("id").stringValue()));
    assertEquals(added.get("labels_created"), all("labels"));
  }

  @Test
  void FR_207_a_completed_task_is_followed_by_one_with_the_same_reminders() {
    JsonNode task = quick("Stretch daily at 9am !30m").get("data");
    String id = task.get("id").stringValue();
    api.patch("/api/v1/tasks/" + id, Map.of("completed", true)).expect(200);
    service.runDueJobs();
    JsonNode next =
        all("tasks?completed=false&template_id=" + task.get("template_id").stringValue()).get(0);
    assertNotEquals(id, next.get("id").stringValue());
    assertEquals(
        30,
        all("tasks/" + next.get("id").stringValue()).at("/reminders/0/offset_minutes").intValue());
  }

  @Test
  void FR_207_the_first_task_exists_however_far_ahead_it_is_due() {
    LocalDate day = LocalDate.ofInstant(service.clock().instant(), ZONE).plusDays(200);
    String month = day.getMonth().name().toLowerCase(java.util.Locale.ROOT);
    JsonNode added = quick("Birthday of Ada every " + month + " " + day.getDayOfMonth() + " !1w");
    assertEquals(day.toString(), added.at("/data/due_on").stringValue());
    assertEquals(7 * 1440, added.at("/reminders/0/offset_minutes").intValue());
    assertEquals(1, all("tasks").size());
  }

  @Test
  void FR_207_a_text_creates_a_task_without_recurrence() {
    inLosAngeles();
    JsonNode added = quick("Call Bob tomorrow 2pm !9am !15m p3 starting tomorrow");
    JsonNode task = added.get("data");
    Instant due = today().plusDays(1).atTime(14, 0).atZone(ZONE).toInstant();
    assertEquals(due, Instant.parse(task.get("due_date").stringValue()));
    assertTrue(task.get("due_on").isNull());
    assertEquals("low", task.get("priority").stringValue());
    assertEquals(today().plusDays(1).toString(), task.get("start_on").stringValue());
    assertTrue(added.get("template").isNull());
    assertEquals(
        List.of(
            due.minus(Duration.ofHours(5)).toString(),
            due.minus(Duration.ofMinutes(15)).toString()),
        texts(added.get("reminders"), "scheduled_at").stream()
            .map(text -> Instant.parse(text).toString())
            .toList());
    assertEquals("medium", quick("Call Bob").at("/data/priority").stringValue());
  }

  @Test
  void FR_207_reminders_of_an_all_day_task_count_from_the_time_of_the_user() {
    inLosAngeles();
    LocalDate day = today().plusDays(3);
    JsonNode reminders = quick("Dig in 3 days !1d !8am !10am").get("reminders");
    List<Instant> expected =
        Stream.of(day.minusDays(1).atTime(9, 0), day.atTime(8, 0), day.atTime(10, 0))
            .map(time -> time.atZone(ZONE).toInstant())
            .toList();
    assertEquals(expected, texts(reminders, "scheduled_at").stream().map(Instant::parse).toList());
    assertEquals(List.of("before", "before", "after"), texts(reminders, "type"));
  }

  @Test
  void FR_207_names_are_compared_without_regard_to_case_and_archived_lists_are_none() {
    String home = list("Straße");
    String old = list("Old");
    api.patch("/api/v1/lists/" + old, Map.of("version", 1, "archived", true)).expect(200);
    String label = api.post("/api/v1/labels", Map.of("name", "Bills")).expect(201).id();
    JsonNode added = quick("Pay #STRASSE @BILLS @bills @ﬁn @fin");
    assertEquals(home, added.at("/data/list_id").stringValue());
    assertEquals(label, added.at("/data/label_ids/0").stringValue());
    assertEquals(2, added.at("/data/label_ids").size());
    assertEquals(1, added.get("labels_created").size());
    JsonNode kept = quick("Pay #old #none");
    assertTrue(kept.at("/data/list_id").isNull());
    assertEquals("Pay #old #none", kept.at("/data/title").stringValue());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Pay rent every 1st #home @bills @known p1 !1d",
        "Buy milk tomorrow #home @known p2 !9am",
        "Call tomorrow 9am @a @b",
        "Water plants every! 3 days at 9am",
        "Plain",
      })
  void FR_208_a_dry_run_answers_what_the_text_would_create_and_changes_nothing(String text) {
    list("Home");
    api.post("/api/v1/labels", Map.of("name", "known")).expect(201);
    List<JsonNode> before = state();
    JsonNode dry = preview(text);
    assertEquals(before, state());
    JsonNode real = quick(text);
    assertEquals(real.get("spans"), dry.get("spans"));
    assertEquals(real.get("title"), dry.get("title"));
    List<String> created = texts(real.get("labels_created"), "id");
    assertMembers(dry.get("data"), real.get("data"), created);
    assertEquals(real.get("template").isNull(), dry.get("template").isNull());
    if (!dry.get("template").isNull()) {
      assertMembers(dry.get("template"), real.get("template"), created);
    }
    for (String name : List.of("reminders", "labels_created")) {
      assertEquals(real.get(name).size(), dry.get(name).size());
      for (int i = 0; i < real.get(name).size(); i++) {
        assertMembers(dry.get(name).get(i), real.get(name).get(i), created);
      }
    }
  }

  private static void assertMembers(JsonNode dry, JsonNode real, List<String> createdLabels) {
    assertFalse(dry.has("id"));
    for (Map.Entry<String, JsonNode> member : dry.properties()) {
      JsonNode expected = real.get(member.getKey());
      if (member.getKey().equals("label_ids")) {
        List<String> known = new ArrayList<>();
        expected.forEach(id -> known.add(id.stringValue()));
        known.removeAll(createdLabels);
        List<String> shown = new ArrayList<>();
        member.getValue().forEach(id -> shown.add(id.stringValue()));
        assertEquals(known, shown);
      } else {
        assertEquals(expected, member.getValue(), member.getKey());
      }
    }
  }

  @Test
  void FR_207_clients_that_create_the_same_label_at_once_get_one() {
    List<CompletableFuture<Api.Answer>> answers =
        Stream.of("urgent", "URGENT", "Urgent")
            .map(
                name ->
                    CompletableFuture.supplyAsync(
                        () -> api.post(QUICK, Map.of("text", "Call Bob @" + name))))
            .toList();
    long created =
        answers.stream()
            .map(answer -> answer.join().expect(201).json().get("labels_created"))
            .filter(labels -> !labels.isEmpty())
            .count();
    assertEquals(1, created);
    assertEquals(1, all("labels").size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Pay rent every 1st #home @bills p1 !1d",
        "  Tomorrow: call \uD83D\uDE00 Bob @phone, please  ",
        "\\tomorrow is a film",
        "nothing at all",
      })
  void FR_207_title_and_spans_are_the_whole_text(String text) {
    JsonNode read = preview(text);
    int[] points = text.codePoints().toArray();
    StringBuilder rest = new StringBuilder();
    int at = 0;
    for (JsonNode span : read.get("spans")) {
      int start = span.get("start").intValue();
      int end = span.get("end").intValue();
      rest.append(new String(points, at, start - at));
      assertEquals(new String(points, start, end - start), span.get("text").stringValue());
      at = end;
    }
    rest.append(new String(points, at, points.length - at));
    assertEquals(
        rest.toString().replaceAll("\\s+", ""),
        read.get("title").stringValue().replaceAll("\\s+", ""));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "\"\",must not be blank",
        "tomorrow,must leave a title",
        "#home @a p1,must leave a title",
        "Dig 2020-01-01,due_on must be today or later and at most 30 days ahead",
        "Dig in 5 minutes !1d,offset_minutes must not be in the past",
      })
  void FR_207_what_is_not_allowed_is_an_error_of_the_text_and_changes_nothing(
      String text, String message) {
    list("Home");
    List<JsonNode> before = state();
    for (boolean dryRun : List.of(true, false)) {
      Map<String, Object> body = Map.of("text", text, "dry_run", dryRun);
      JsonNode errors =
          api.invalidOnPurpose()
              .post(QUICK, body)
              .expect(400, "VALIDATION_ERROR")
              .json()
              .at("/error/details");
      assertEquals("text", errors.at("/0/field").stringValue());
      assertEquals(message, errors.at("/0/message").stringValue());
    }
    assertEquals(before, state());
  }

  @Test
  void FR_207_titles_are_those_of_tasks() {
    api.post(QUICK, Map.of("text", "a".repeat(201))).expect(400, "VALIDATION_ERROR");
    api.post(QUICK, Map.of("text", "\u200b tomorrow")).expect(400, "VALIDATION_ERROR");
    assertEquals(0, all("tasks").size());
    quick("a".repeat(200) + " tomorrow");
  }

  @Test
  void FR_207_limits_are_those_of_the_ordinary_operations() {
    for (boolean dryRun : List.of(true, false)) {
      api.post(QUICK, Map.of("text", "Call @a @b @c @d", "dry_run", dryRun))
          .expect(409, "LIMIT_EXCEEDED");
    }
    assertEquals(0, all("labels").size());
    quick("Call @a @b @c");
    for (int i = 0; i < 3; i++) {
      quick("Call @a");
    }
    for (String text : List.of("Call", "Call daily at 9am")) {
      api.post(QUICK, Map.of("text", text, "dry_run", true)).expect(409, "LIMIT_EXCEEDED");
      api.post(QUICK, Map.of("text", text)).expect(409, "LIMIT_EXCEEDED");
    }
  }

  @Test
  void FR_207_reminders_need_their_scope() {
    Map<String, Object> token =
        Map.of("name", "agent", "scopes", List.of("tasks:write"), "expires_in_days", 1);
    String secret =
        api.post("/api/v1/tokens", token).expect(201).data().get("secret").stringValue();
    Api agent = service.api().as(secret);
    for (boolean dryRun : List.of(true, false)) {
      agent
          .post(QUICK, Map.of("text", "Call tomorrow 9am !1h", "dry_run", dryRun))
          .expect(403, "INSUFFICIENT_SCOPE");
    }
    assertEquals(0, all("tasks").size());
    agent.post(QUICK, Map.of("text", "Call tomorrow 9am @phone")).expect(201);
  }

  @Test
  void FR_207_undo_removes_all_that_a_text_has_created() {
    quick("Pay rent every 1st @bills p1 !1d");
    JsonNode entry = all("activity?action=task_created").get(0);
    api.post("/api/v1/activity/" + entry.get("id").stringValue() + "/undo").expect(200);
    for (String path : List.of("tasks", "templates", "reminders", "labels")) {
      assertEquals(0, all(path).size(), path);
    }
  }

  @Test
  void FR_209_a_batch_refers_to_the_task_of_a_text() {
    Batches.Answer answer =
        new Batches()
            .add("task.quick_add", Map.of("text", "Pack tomorrow"))
            .as("packing")
            .add("subtask.create", Map.of("task_id", "packing", "title", "Socks"))
            .add("task.quick_add", Map.of("text", "Sleep", "dry_run", true))
            .as("nothing")
            .add("subtask.create", Map.of("task_id", "nothing", "title", "Deeply"))
            .send(api);
    assertEquals(List.of(201, 201, 200, 424), answer.statuses());
    assertEquals(List.of("Pack"), texts(all("tasks"), "title"));
  }

  @Test
  void FR_207_a_repeated_request_creates_nothing_again() {
    Api keyed = api.withKey(UUID.randomUUID());
    Map<String, String> body = Map.of("text", "Call Bob @phone");
    JsonNode first = keyed.post(QUICK, body).expect(201).json();
    assertEquals(first, keyed.post(QUICK, body).expect(201).json());
    assertEquals(1, all("tasks").size());
  }
}
