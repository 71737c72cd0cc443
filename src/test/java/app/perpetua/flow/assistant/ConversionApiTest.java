package app.perpetua.flow.assistant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A note becomes a task once, and counts if the assistant suggested it. */
class ConversionApiTest {
  private static final String CONFIRM = "/api/v1/ai/confirm-action";
  private static final String NOTES = "/api/v1/notes/";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final TestService.Session user = service.newPro();
  private final Api api = user.api();

  @AfterEach
  void invariants() {
    service.openAi().script();
    Invariants.check(database);
  }

  @Test
  void FR_082_only_confirmed_suggestions_count_as_converted_notes() {
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
  void FR_081_a_converted_note_that_is_unarchived_is_refused_without_a_charge() {
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
  void FR_081_a_converted_note_that_is_deleted_and_recovered_is_refused() {
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
  void FR_081_conversions_of_a_note_at_the_same_time_create_one_task() throws Exception {
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
