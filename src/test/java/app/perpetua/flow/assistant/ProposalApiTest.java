package app.perpetua.flow.assistant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.fake.OpenAiStep.Part;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.SseEvent;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What the service keeps of the model's proposals. */
class ProposalApiTest {
  private static final String CHAT = "/api/v1/ai/chat";
  private static final String CONFIRM = "/api/v1/ai/confirm-action";
  private static final String GENERATE = "/api/v1/ai/generate-subtasks";
  private static final String TASKS = "/api/v1/tasks";
  private static final String LONG_TITLE = "x".repeat(201);

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();

  @AfterEach
  void invariants() {
    service.openAi().script();
    Invariants.check(database);
  }

  /** The task {@code Pack} with one subtask. */
  private String pack() {
    String task =
        api.post(
                TASKS,
                Map.of(
                    "title",
                    "Pack",
                    "description",
                    "Into the car",
                    "priority",
                    "high",
                    "due_date",
                    in(Duration.ofDays(2)),
                    "estimated_duration",
                    30))
            .expect(201)
            .id();
    api.createSubtask(task, "Tent");
    return task;
  }

  private static String in(Duration time) {
    return Json.instant(service.clock().instant().plus(time));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "update_task | {'task_id':'ID'}",
        "update_task | {'task_id':'ID','title':null,'priority':null,'due_date':null}",
        "update_task | {'task_id':'ID','title':'Pack'}",
        "update_task | {'task_id':'ID','title':' Pack ','description':'Into the car'}",
        "update_task | {'task_id':'ID','priority':'high','due_date':'DUE','estimated_duration':30}",
        "update_task | {'task_id':'ID','archived':true,'completed':true,'hidden':true}",
        "update_task | {'task_id':'ID','due_date':'2001-01-01T00:00:00.000Z'}",
        "update_task | {'task_id':'ID','due_date':'FAR'}",
        "create_subtasks | {'task_id':'ID'}",
        "create_subtasks | {'task_id':'ID','subtasks':null}",
        "create_subtasks | {'task_id':'ID','subtasks':[]}",
        "create_subtasks | {'task_id':'ID','subtasks':[{'title':' '},{'title':null},{}]}",
        "create_subtasks | {'task_id':'ID','subtasks':[{'title':'Tent'}]}",
        "create_subtasks | {'task_id':'ID','subtasks':[{'title':' Tent '},{'title':'Tent'}]}",
      })
  void FR_081_a_proposal_that_would_change_nothing_is_dropped_and_alone_costs_nothing(
      String tool, String arguments) {
    String task = pack();
    assertDropped(
        api,
        OpenAiStep.call(
            tool,
            arguments
                .replace('\'', '"')
                .replace("ID", task)
                .replace("DUE", in(Duration.ofDays(2)))
                .replace("FAR", in(Duration.ofDays(31)))));
  }

  @Test
  void FR_081_completing_a_completed_task_is_not_proposed() {
    String task = pack();
    api.patch(TASKS + "/" + task, Map.of("completed", true)).expect(200);
    assertDropped(
        api.with("X-Task-Id", task),
        OpenAiStep.call("complete_task", "{\"task_id\": \"" + task + "\"}"));
  }

  /** The user does what the model is about to propose. */
  @ParameterizedTest
  @ValueSource(strings = {"complete_task", "update_task", "create_subtasks", "deleted", "archived"})
  void FR_081_a_change_made_while_the_model_runs_is_not_proposed(String change) throws Exception {
    String task = pack();
    String path = TASKS + "/" + task;
    int before = credits();
    OpenAiStep proposal =
        switch (change) {
          case "update_task" ->
              OpenAiStep.call(
                  "update_task", "{\"task_id\": \"" + task + "\", \"title\": \"Load\"}");
          case "create_subtasks" -> subtasks(task, "Stove");
          default -> OpenAiStep.call("complete_task", "{\"task_id\": \"" + task + "\"}");
        };
    service.openAi().script(proposal, OpenAiStep.turn());
    CountDownLatch changed = new CountDownLatch(1);
    service.openAi().answersAfter(changed);
    int requests = service.openAi().requests().size();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Api.Answer> asking =
          clients.submit(() -> api.post(CHAT, Map.of("message", "Change it")));
      try {
        Eventually.within(
            Duration.ofSeconds(30), () -> service.openAi().requests().size() > requests);
        switch (change) {
          case "update_task" -> api.patch(path, Map.of("version", 2, "title", "Load")).expect(200);
          case "create_subtasks" -> api.createSubtask(task, "Stove");
          case "deleted" -> api.delete(path).expect(200);
          case "archived" -> api.patch(path, Map.of("archived", true)).expect(200);
          default -> api.patch(path, Map.of("completed", true)).expect(200);
        }
      } finally {
        changed.countDown();
      }
      asking.get().expect(503, "AI_SERVICE_UNAVAILABLE");
    }
    assertEquals(before, credits());
  }

  @Test
  void FR_081_subtasks_for_a_full_task_are_not_proposed() {
    String task = pack();
    for (int i = 0; i < 3; i++) {
      api.createSubtask(task, "full " + i);
    }
    assertDropped(api, subtasks(task, "One more"));
  }

  private void assertDropped(Api asking, OpenAiStep proposal) {
    int before = credits();
    Map<String, String> message = Map.of("message", "Change it");
    service.openAi().script(proposal, OpenAiStep.turn());
    asking.post(CHAT, message).expect(503, "AI_SERVICE_UNAVAILABLE");
    service.openAi().script(proposal, OpenAiStep.turn());
    List<SseEvent> events = SseEvent.all(asking.post(CHAT + "/stream", message).expect(200).text());
    assertEquals(List.of("error", "message"), events.stream().map(SseEvent::name).toList());
    assertEquals(before, credits());
    service.openAi().script(proposal, OpenAiStep.say("There is nothing to do."));
    JsonNode answer = asking.post(CHAT, message).expect(200).data();
    assertEquals(0, answer.get("suggested_actions").size());
    assertEquals(before - 1, credits());
    assertEquals(
        0,
        database.number(
            "select count(*) from activity.ai_suggestions where user_id = ?", user.userId()));
  }

  @Test
  void FR_081_an_update_contains_only_what_it_would_change() {
    String task = pack();
    service
        .openAi()
        .script(
            OpenAiStep.call(
                "update_task",
                "{\"task_id\": \"" + task + "\", \"title\": \"Pack\", \"priority\": \"low\"}"),
            OpenAiStep.say("Here."));
    JsonNode action = ask().get("suggested_actions").get(0);
    assertEquals("low", action.at("/data/priority").stringValue());
    assertFalse(action.get("data").has("title"));
    assertEquals("low", confirm(action).at("/task/priority").stringValue());
  }

  @Test
  void FR_209_due_dates_in_words_are_read_as_quick_add_reads_them() {
    String task = pack();
    LocalDate tomorrow = LocalDate.ofInstant(service.clock().instant(), ZoneOffset.UTC).plusDays(1);
    service
        .openAi()
        .script(
            OpenAiStep.turn(
                new Part.Call(
                    "create_task", "{\"title\": \"Air\", \"due_date\": \"Tomorrow at 9am\"}"),
                new Part.Call(
                    "update_task", "{\"task_id\": \"" + task + "\", \"due_date\": \"tomorrow\"}"),
                new Part.Call(
                    "create_task", "{\"title\": \"Dry\", \"due_date\": \"tomorrow or so\"}"),
                new Part.Call("create_task", "{\"title\": \"Wet\", \"due_date\": \"every day\"}")),
            OpenAiStep.say("Here."));
    JsonNode actions = ask().get("suggested_actions");
    assertEquals(2, actions.size());
    assertEquals(
        tomorrow + "T09:00:00.000Z", confirm(actions.get(0)).at("/task/due_date").stringValue());
    assertEquals(tomorrow.toString(), confirm(actions.get(1)).at("/task/due_on").stringValue());
  }

  @Test
  void FR_081_the_same_change_is_proposed_once() {
    String task = pack();
    Part.Call complete = new Part.Call("complete_task", "{\"task_id\": \"" + task + "\"}");
    Part.Call create = new Part.Call("create_task", "{\"title\": \"Air the tent\"}");
    service.openAi().script(OpenAiStep.turn(complete, create, complete), OpenAiStep.say("Here."));
    assertEquals(2, ask().get("suggested_actions").size());
  }

  @Test
  void proposed_subtasks_are_the_valid_ones_that_the_task_has_room_for() {
    String task = pack();
    service
        .openAi()
        .script(
            OpenAiStep.call(
                "create_subtasks",
                "{\"task_id\": \""
                    + task
                    + "\", \"subtasks\": [{\"title\": \"\"}, \"Stove\", {\"title\": \"Tent\"},"
                    + "{\"title\": \" Mat \"}, {\"title\": \"Mat\"}, {\"title\": \""
                    + LONG_TITLE
                    + "\"}, {\"title\": \"Map\", \"note\": 1}, {\"title\": \"Cup\"},"
                    + " {\"title\": \"Lamp\"}]}"),
            OpenAiStep.say("Here."));
    JsonNode action = ask().get("suggested_actions").get(0);
    assertEquals("Add 3 subtasks to “Pack”", action.get("description").stringValue());
    assertEquals(List.of("Mat", "Map", "Cup"), titles(action.at("/data/subtasks")));
    assertEquals(List.of("Mat", "Map", "Cup"), titles(confirm(action).get("subtasks")));
  }

  @Test
  void FR_031_more_subtasks_than_the_task_has_room_for_are_cut() {
    String task = pack();
    List<Map<String, String>> many = new ArrayList<>(List.of(Map.of("title", "Tent")));
    for (int i = 0; i < 150; i++) {
      many.add(Map.of("title", "step " + i));
    }
    service.openAi().script(OpenAiStep.form(new Json().text(Map.of("subtasks", many))));
    JsonNode proposed = api.post(GENERATE, Map.of("task_id", task)).expect(200).data();
    assertEquals(List.of("step 0", "step 1", "step 2"), titles(proposed.get("suggested_subtasks")));
    JsonNode done =
        api.post(CONFIRM, Map.of("suggestion_id", proposed.get("suggestion_id").stringValue()))
            .expect(200)
            .data();
    assertEquals(3, done.get("subtasks").size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'title':''}",
        "{'title':' '}",
        "{'title':7}",
        "{'title':null}",
        "{}",
        "null",
        "'text'",
        "[]",
        "{'title':'LONG'}",
        "{'title':'\\u0000'}",
        "{'title':'\\ud83d'}",
        "{'title':'Good'}",
        "{'title':'Tent'}"
      })
  void FR_031_a_bad_title_does_not_spoil_the_others(String bad) {
    String task = pack();
    String item = bad.replace('\'', '"').replace("LONG", LONG_TITLE);
    service
        .openAi()
        .script(
            OpenAiStep.form(
                "{\"subtasks\":[{\"title\":\"Good\"},"
                    + item
                    + ",{\"title\":\" Better \"},"
                    + item
                    + "]}"));
    JsonNode proposed = api.post(GENERATE, Map.of("task_id", task)).expect(200).data();
    assertEquals(List.of("Good", "Better"), titles(proposed.get("suggested_subtasks")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'subtasks':[]}",
        "{'subtasks':[{'title':''},{},7]}",
        "{'subtasks':[{'title':' '}]}",
        "{'subtasks':[{'title':'Tent'},{'title':' Tent'}]}",
        "{'subtasks':{'title':'Stove'}}",
        "{'subtasks':null}"
      })
  void promise_17_only_no_usable_subtask_is_a_failure_and_refunded(String output) {
    String task = pack();
    service.openAi().script(OpenAiStep.form(output.replace('\'', '"')).times(2));
    api.post(GENERATE, Map.of("task_id", task)).expect(503, "AI_SERVICE_UNAVAILABLE");
    assertEquals(5, credits());
  }

  private static OpenAiStep subtasks(String task, String title) {
    return OpenAiStep.call(
        "create_subtasks",
        "{\"task_id\": \"" + task + "\", \"subtasks\": [{\"title\": \"" + title + "\"}]}");
  }

  private JsonNode ask() {
    return api.post(CHAT, Map.of("message", "Change it")).expect(200).data();
  }

  private JsonNode confirm(JsonNode action) {
    return api.post(CONFIRM, Map.of("suggestion_id", action.get("id").stringValue()))
        .expect(200)
        .data();
  }

  private static List<String> titles(JsonNode items) {
    return items.values().stream().map(item -> item.get("title").stringValue()).toList();
  }

  private int credits() {
    return api.get("/api/v1/credits/balance").data().get("total").intValue();
  }
}
