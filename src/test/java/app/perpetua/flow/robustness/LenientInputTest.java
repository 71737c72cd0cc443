package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Contract;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.hostile.Hostile;
import app.perpetua.flow.harness.hostile.Operation;
import app.perpetua.flow.harness.hostile.Operation.Field;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Input in the forms that the standards allow besides the usual ones. */
class LenientInputTest {
  private static final String TASKS = "/api/v1/tasks";
  private static final String NOTES = "/api/v1/notes";
  static final List<String> BLANK = Hostile.BLANK;

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).with("FREE_MAX_TASKS", "1000");

  private final Api api = service.newUser().api();

  @TestFactory
  Stream<DynamicTest> FR_084_every_integer_field_accepts_a_zero_fraction() {
    return Operation.all().stream()
        .filter(operation -> operation.fields().stream().anyMatch(LenientInputTest::isInteger))
        .map(operation -> DynamicTest.dynamicTest(operation.name(), () -> zeroFraction(operation)));
  }

  private void zeroFraction(Operation operation) {
    for (Field field : operation.fields().stream().filter(LenientInputTest::isInteger).toList()) {
      int value = Math.max(1, field.limit("minimum", 1));
      for (String number : List.of(value + ".0", value + "e0", value + "0e-1", value + ".000")) {
        String body = "{\"" + field.path().getFirst() + "\":" + nested(field, number) + "}";
        String target = operation.path().replaceAll("\\{[a-z_]+}", UUID.randomUUID().toString());
        Api.Answer answer = api.invalidOnPurpose().send(operation.method(), target, body);
        assertFalse(
            answer.status() >= 500 || answer.text().contains("whole number"),
            operation + " " + body + " " + answer);
      }
    }
  }

  @Test
  void an_empty_body_counts_as_an_empty_object_and_the_contract_says_so() {
    String task = TASKS + "/" + api.createTask("a task");
    Api lenient = api.invalidOnPurpose();
    for (String method : List.of("PATCH", "PUT")) {
      Api.Answer empty = lenient.send(method, task, "").expect(200);
      assertEquals(lenient.send(method, task, "{}").expect(200).data(), empty.data());
    }
    lenient.send("POST", TASKS, "").expect(400, "VALIDATION_ERROR");
    assertTrue(
        Contract.current()
            .document()
            .getInfo()
            .getDescription()
            .contains("An empty body of a request\ncounts as `{}`"));
  }

  private static boolean isInteger(Field field) {
    return field.type().equals("integer");
  }

  private static String nested(Field field, String number) {
    String value = number;
    for (String name : field.path().subList(1, field.path().size()).reversed()) {
      value = "{\"" + name + "\":" + value + "}";
    }
    return value;
  }

  @ParameterizedTest
  @ValueSource(strings = {"30.0", "3e1", "300E-1", "30.000000000000"})
  void FR_084_an_estimate_with_a_zero_fraction_is_stored_as_an_integer(String number) {
    String body = "{\"title\":\"x\",\"estimated_duration\":" + number + "}";
    JsonNode task = api.post(TASKS, body).expect(201).data();
    assertEquals("30", task.get("estimated_duration").toString());
    String patch = "{\"version\":1.0,\"estimated_duration\":" + number.replace('3', '4') + "}";
    assertEquals(
        "40",
        api.patch(TASKS + "/" + task.get("id").stringValue(), patch)
            .expect(200)
            .data()
            .get("estimated_duration")
            .toString());
    api.invalidOnPurpose().get(TASKS + "?limit=" + number).expect(400, "VALIDATION_ERROR");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e999999999", "-1e999999999", "1e-999999999", "1e2147483647", "0.5"})
  void FR_084_a_huge_exponent_is_refused_for_its_field(String number) {
    Api.Answer refused =
        api.invalidOnPurpose()
            .post(TASKS, "{\"title\":\"x\",\"estimated_duration\":" + number + "}")
            .expect(400, "VALIDATION_ERROR");
    assertEquals(
        "estimated_duration must be a whole number from 1 to 720",
        refused.json().at("/error/message").stringValue());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-03-20T10:00:00.123456789012345678901Z",
        "2026-03-20t10:00:00.123z",
        "2026-03-20T11:00:00.1239+01:00",
        "2026-03-20T04:30:00.123-05:30"
      })
  void FR_086_an_instant_is_answered_in_UTC_with_milliseconds(String text) {
    String due = "2026-03-20T10:00:00.123Z";
    // The validator's own format knows nine fraction digits only.
    Api client = text.length() > 35 ? api.invalidOnPurpose() : api;
    JsonNode task = client.post(TASKS, Map.of("title", "x", "due_date", text)).expect(201).data();
    assertEquals(due, task.get("due_date").stringValue());
    String query = text.replace("+", "%2B");
    assertEquals(1, client.get(TASKS + "?due_after=" + query).expect(200).data().size());
    assertEquals(0, client.get(TASKS + "?due_before=" + query).expect(200).data().size());
  }

  @ParameterizedTest
  @FieldSource("BLANK")
  void FR_087_what_nobody_can_see_is_no_title_note_or_message(String blank) {
    Api careless = api.invalidOnPurpose();
    String task = api.createTask("x");
    String note = api.createNote("x");
    refused("title", careless.post(TASKS, Map.of("title", blank)));
    refused("title", careless.patch(TASKS + "/" + task, Map.of("version", 1, "title", blank)));
    refused("title", careless.post(TASKS + "/" + task + "/subtasks", Map.of("title", blank)));
    refused("content", careless.post(NOTES, Map.of("content", blank)));
    refused("content", careless.patch(NOTES + "/" + note, Map.of("content", blank)));
    refused("name", careless.patch("/api/v1/users/me", Map.of("name", blank)));
    refused("message", careless.post("/api/v1/ai/chat", Map.of("message", blank)));
    refused(
        "title", careless.post("/api/v1/templates", Map.of("title", blank, "rrule", "FREQ=DAILY")));
    refused(
        "action_data.title",
        careless.post(
            "/api/v1/ai/confirm-action",
            Map.of("action_type", "create_task", "action_data", Map.of("title", blank))));
  }

  private static void refused(String field, Api.Answer answer) {
    JsonNode fault = answer.expect(400, "VALIDATION_ERROR").json().at("/error/details/0");
    assertEquals(field, fault.get("field").stringValue(), answer.toString());
    assertEquals("must not be blank", fault.get("message").stringValue(), answer.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "👩‍👩‍👧‍👦",
        "❤️",
        "می‌خواهم",
        "a\u00a0b\u200bc",
        "\u200bx\u200b",
        "\u2067אב\u2069",
        "x\u2060"
      })
  void FR_087_visible_text_keeps_its_format_characters_and_loses_white_space_around(String text) {
    String around = "\u00a0\u3000\t" + text + "\u202f\u2007\u2028\n";
    JsonNode task = api.post(TASKS, Map.of("title", around)).expect(201).data();
    assertEquals(text, task.get("title").stringValue());
    JsonNode note = api.post(NOTES, Map.of("content", around)).expect(201).data();
    assertEquals(around, note.get("content").stringValue());
    JsonNode me = api.patch("/api/v1/users/me", Map.of("name", around)).expect(200).data();
    assertEquals(text, me.get("name").stringValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"EST", "MST", "HST", "ROC", "GMT+0", "GMT-0", "Factory", "Asia/Calcutta"})
  void FR_090_a_time_zone_is_answered_by_the_name_that_the_user_gave(String zone) {
    JsonNode me = api.patch("/api/v1/users/me", Map.of("timezone", zone)).expect(200).data();
    assertEquals(zone, me.get("timezone").stringValue());
    Map<String, Object> template = Map.of("title", "x", "rrule", "FREQ=DAILY");
    JsonNode inherited = api.post("/api/v1/templates", template).expect(201).data();
    assertEquals(zone, inherited.get("timezone").stringValue());
    String target = "/api/v1/templates/" + inherited.get("id").stringValue();
    JsonNode renamed = api.patch(target, Map.of("title", "y")).expect(200).data();
    assertEquals(zone, renamed.get("timezone").stringValue());
    api.patch(target, Map.of("timezone", "UTC")).expect(200);
    JsonNode moved = api.patch(target, Map.of("timezone", zone)).expect(200).data();
    assertEquals(zone, moved.get("timezone").stringValue());
    assertEquals(moved, api.get(target).expect(200).data());
    api.get(target + "/preview").expect(200);
    Api careless = api.invalidOnPurpose();
    careless.patch(target, Map.of("timezone", "SystemV/EST5")).expect(400, "VALIDATION_ERROR");
    careless.patch("/api/v1/users/me", Map.of("timezone", "SystemV/EST5")).expect(400);
  }

  @Test
  void FR_092_an_unchanged_value_is_accepted_on_a_lower_tier() {
    TestService.Session pro = service.newPro();
    Api user = pro.api();
    String longText = "x".repeat(1_500);
    Map<String, Object> task = Map.of("title", "x", "description", longText);
    String one = TASKS + "/" + user.post(TASKS, task).expect(201).id();
    Map<String, Object> repeated =
        Map.of("title", "x", "description", longText, "rrule", "FREQ=DAILY");
    String template =
        "/api/v1/templates/" + user.post("/api/v1/templates", repeated).expect(201).id();
    database.run("update auth.users set tier = 'free' where id = ?", pro.userId());

    user.patch(one, Map.of("version", 1, "title", "y", "description", longText)).expect(200);
    user.put(one, Map.of("version", 2, "description", longText)).expect(200);
    user.patch(template, Map.of("title", "y", "description", longText)).expect(200);
    user.patch(template, Map.of("description", longText, "apply_to", "future")).expect(200);
    assertEquals("y", user.get(one).data().get("title").stringValue());
    for (Api.Answer refused :
        List.of(
            user.patch(one, Map.of("version", 2, "description", longText + "x")),
            user.patch(template, Map.of("description", longText + "x")),
            user.patch(
                TASKS + "/" + UUID.randomUUID(), Map.of("version", 1, "description", longText)),
            user.post(TASKS, task),
            user.post("/api/v1/templates", repeated))) {
      assertEquals(
          "description must have at most 1000 characters",
          refused.expect(400, "VALIDATION_ERROR").json().at("/error/message").stringValue());
    }
    user.patch(one, Map.of("version", 2, "description", "short")).expect(200);
    user.patch(one, Map.of("version", 3, "description", longText)).expect(400);
  }

  @Test
  void FR_086_the_limits_of_an_instant_are_named() {
    for (String bad : List.of("2026-03-20T24:00:00Z", "0000-01-01T00:00:00Z", "tomorrow")) {
      Api.Answer answer =
          api.invalidOnPurpose().post(TASKS, Map.of("title", "x", "due_date", bad)).expect(400);
      assertTrue(answer.text().contains("RFC 3339 in the years 0001 to 9999"), answer.toString());
    }
  }
}
