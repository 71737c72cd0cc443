package app.perpetua.flow.assistant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.fake.OpenAiStep.Part;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * What a confirmation does: a note becomes a task once, and a due date that has passed is left out.
 */
class ConfirmationApiTest {
  private static final String CONFIRM = "/api/v1/ai/confirm-action";
  private static final String NOTES = "/api/v1/notes/";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final String subject = "google-" + System.nanoTime();
  private final TestService.Session user = service.signIn(subject);
  private Api api = user.api();

  @BeforeEach
  void onPro() {
    database.run("update auth.users set tier = 'pro' where id = ?", user.userId());
  }

  @AfterEach
  void invariants() {
    service.openAi().script();
    Invariants.check(database);
  }

  @Test
  void FR_080_only_confirmed_suggestions_count_as_converted_notes() {
    for (int i = 0; i < 12; i++) {
      Api.Answer done = api.post(CONFIRM, conversion(api.createNote("note " + i))).expect(200);
      assertTrue(done.data().at("/note/archived").booleanValue());
      assertEquals(0, done.json().get("unlocked_achievements").size());
    }
    assertEquals(0, notesConverted());
    for (int i = 1; i <= 10; i++) {
      String id = suggestion(api.createNote("suggested " + i));
      Api.Answer done = api.post(CONFIRM, Map.of("suggestion_id", id)).expect(200);
      assertEquals(i == 10 ? 1 : 0, done.json().get("unlocked_achievements").size());
      assertEquals(i, notesConverted());
    }
  }

  @Test
  void FR_079_a_converted_note_that_is_unarchived_is_refused_without_a_charge() {
    String suggested = api.createNote("suggested");
    String second = suggestion(suggested);
    api.post(CONFIRM, Map.of("suggestion_id", suggestion(suggested))).expect(200);
    api.post(CONFIRM, Map.of("suggestion_id", second)).expect(409, "ARCHIVED");
    String sent = api.createNote("sent");
    api.post(CONFIRM, conversion(sent)).expect(200);
    for (String note : List.of(suggested, sent)) {
      api.post(NOTES + note + "/convert").expect(409, "ARCHIVED");
      api.patch(NOTES + note, Map.of("archived", false)).expect(200);
      int credits = credits();
      int requests = service.openAi().requests().size();
      api.post(NOTES + note + "/convert").expect(409, "CONFLICT");
      assertEquals(credits, credits());
      assertEquals(requests, service.openAi().requests().size());
      api.post(CONFIRM, conversion(note)).expect(409, "CONFLICT");
      assertFalse(api.get(NOTES + note).data().get("archived").booleanValue());
    }
    api.post(CONFIRM, Map.of("suggestion_id", second)).expect(409, "CONFLICT");
    assertEquals(2, tasks());
  }

  @Test
  void FR_079_a_converted_note_that_is_deleted_and_recovered_is_refused() {
    String note = api.createNote("once");
    api.post(CONFIRM, conversion(note)).expect(200);
    api.patch(NOTES + note, Map.of("archived", false)).expect(200);
    String tombstone =
        api.delete(NOTES + note).expect(200).data().get("tombstone_id").stringValue();
    api.post("/api/v1/recovery/tombstones/" + tombstone + "/recover").expect(200);
    api.post(NOTES + note + "/convert").expect(409, "CONFLICT");
    api.post(CONFIRM, conversion(note)).expect(409, "CONFLICT");
    assertEquals(1, tasks());
  }

  @Test
  void FR_079_conversions_of_a_note_at_the_same_time_create_one_task() throws Exception {
    String note = api.createNote("once");
    List<Map<String, ?>> confirmations = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      confirmations.add(Map.of("suggestion_id", suggestion(note)));
      confirmations.add(conversion(note));
    }
    List<Future<Api.Answer>> answers = new ArrayList<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Map<String, ?> confirmation : confirmations) {
        answers.add(clients.submit(() -> api.post(CONFIRM, confirmation)));
      }
    }
    int done = 0;
    for (Future<Api.Answer> answer : answers) {
      if (answer.get().status() == 200) {
        done++;
      } else {
        answer.get().expect(409, "ARCHIVED");
      }
    }
    assertEquals(1, done);
    assertEquals(1, tasks());
  }

  @Test
  void FR_082_a_suggestion_whose_due_date_has_passed_is_confirmed_without_it() {
    String task = task();
    String note = api.createNote("Ask the landlord");
    String soon = in(Duration.ofHours(1));
    String late = in(Duration.ofHours(3));
    service
        .openAi()
        .script(
            OpenAiStep.turn(
                create("soon", soon),
                create("late", late),
                new Part.Call(
                    "update_task",
                    "{\"task_id\":\""
                        + task
                        + "\",\"title\":\"Load\",\"due_date\":\""
                        + soon
                        + "\"}")),
            OpenAiStep.say("Here."));
    JsonNode actions = ask().get("suggested_actions");
    service
        .openAi()
        .script(
            OpenAiStep.form(
                "{\"title\": \"Ask\", \"description\": \"\", \"priority\": \"low\", \"due_date\": \""
                    + soon
                    + "\"}"));
    JsonNode conversion = api.post("/api/v1/notes/" + note + "/convert").expect(200).data();
    assertEquals(soon, conversion.at("/suggested_task/due_date").stringValue());

    service.clock().advance(Duration.ofHours(2));
    api = service.signIn(subject).api();
    JsonNode created = confirm(actions.get(0));
    assertTrue(created.get("due_date_dropped").booleanValue());
    assertEquals("soon", created.at("/task/title").stringValue());
    assertTrue(created.at("/task/due_date").isNull());
    JsonNode inTime = confirm(actions.get(1));
    assertFalse(inTime.get("due_date_dropped").booleanValue());
    assertEquals(late, inTime.at("/task/due_date").stringValue());
    JsonNode updated = confirm(actions.get(2));
    assertTrue(updated.get("due_date_dropped").booleanValue());
    assertEquals("Load", updated.at("/task/title").stringValue());
    assertEquals(
        Instant.parse(soon).plus(Duration.ofHours(47)),
        Instant.parse(updated.at("/task/due_date").stringValue()),
        "the task's own date");
    JsonNode converted =
        api.post(CONFIRM, Map.of("suggestion_id", conversion.get("suggestion_id").stringValue()))
            .expect(200)
            .data();
    assertTrue(converted.get("due_date_dropped").booleanValue());
    assertTrue(converted.at("/task/due_date").isNull());
    assertTrue(converted.at("/note/archived").booleanValue());
  }

  @Test
  void FR_082_an_update_of_a_due_date_that_has_passed_changes_nothing() {
    String task = task();
    String soon = in(Duration.ofHours(1));
    service
        .openAi()
        .script(
            OpenAiStep.call(
                "update_task", "{\"task_id\":\"" + task + "\",\"due_date\":\"" + soon + "\"}"),
            OpenAiStep.say("Here."));
    JsonNode action = ask().get("suggested_actions").get(0);
    service.clock().advance(Duration.ofHours(1));
    api = service.signIn(subject).api();
    JsonNode done = confirm(action);
    assertTrue(done.get("due_date_dropped").booleanValue());
    assertEquals(1, done.at("/task/version").intValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"create_task", "update_task", "convert_note"})
  void a_past_due_date_that_the_client_sends_is_refused(String type) {
    Map<String, Object> data =
        switch (type) {
          case "create_task" -> Map.of("title", "x", "due_date", in(Duration.ofHours(-1)));
          case "update_task" ->
              Map.of("task_id", task(), "version", 1, "due_date", in(Duration.ofHours(-1)));
          default ->
              Map.of(
                  "note_id",
                  api.createNote("a"),
                  "title",
                  "x",
                  "due_date",
                  in(Duration.ofHours(-1)));
        };
    api.post(CONFIRM, Map.of("action_type", type, "action_data", data))
        .expect(400, "VALIDATION_ERROR");
  }

  /** A task that is due in two days. */
  private String task() {
    return api.post("/api/v1/tasks", Map.of("title", "Pack", "due_date", in(Duration.ofDays(2))))
        .expect(201)
        .id();
  }

  private static String in(Duration time) {
    return Json.instant(service.clock().instant().plus(time));
  }

  private static Part.Call create(String title, String due) {
    return new Part.Call(
        "create_task", "{\"title\": \"" + title + "\", \"due_date\": \"" + due + "\"}");
  }

  private JsonNode ask() {
    return api.post("/api/v1/ai/chat", Map.of("message", "Change it")).expect(200).data();
  }

  private JsonNode confirm(JsonNode action) {
    return api.post(CONFIRM, Map.of("suggestion_id", action.get("id").stringValue()))
        .expect(200)
        .data();
  }

  private static Map<String, ?> conversion(String note) {
    return Map.of(
        "action_type", "convert_note", "action_data", Map.of("note_id", note, "title", "A task"));
  }

  private String suggestion(String note) {
    service
        .openAi()
        .script(
            OpenAiStep.form(
                "{\"title\": \"A task\", \"description\": \"\", \"priority\": \"low\","
                    + " \"due_date\": null}"));
    return api.post(NOTES + note + "/convert")
        .expect(200)
        .data()
        .get("suggestion_id")
        .stringValue();
  }

  private int notesConverted() {
    return api.get("/api/v1/achievements/me").data().at("/stats/notes_converted").intValue();
  }

  private int credits() {
    return api.get("/api/v1/credits/balance").data().get("total").intValue();
  }

  private long tasks() {
    return database.number(
        "select count(*) from tasks.task_instances where user_id = ?", user.userId());
  }
}
