package app.perpetua.flow.fuzz.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import app.perpetua.flow.fuzz.Wire;
import app.perpetua.flow.fuzz.contract.Draft.Change;
import app.perpetua.flow.harness.hostile.Operation;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Planted wrong answers are found, and right ones are not. */
class JudgeTest {
  private static final String ID = "019ba722-4680-7c3e-9a51-2f6d8b0c4e17";
  private static final String SUBTASK =
      """
      {"data": {"id": "%1$s", "task_id": "%1$s", "title": "buy milk", "completed": false,
       "completed_at": null, "order_index": 0, "source": "user", "version": 1,
       "created_at": "2026-01-10T09:00:00.000Z", "updated_at": "2026-01-10T09:00:00.000Z"}}
      """
          .formatted(ID);
  private static final String ERROR =
      """
      {"error": {"code": "VALIDATION_ERROR", "message": "1 field is invalid",
       "details": [{"field": "title", "message": "must not be blank"}], "request_id": "r1"}}
      """;
  private static final List<Operation> OPERATIONS = Operation.all();
  private static final Judge JUDGE = new Judge(new Schemas(), OPERATIONS);

  private final Map<String, String> headers = new LinkedHashMap<>();

  JudgeTest() {
    headers.put("Content-Type", "application/json");
    headers.put("X-Request-ID", "r1");
    headers.put("X-RateLimit-Limit", "100");
    headers.put("X-RateLimit-Remaining", "99");
    headers.put("X-RateLimit-Reset", "1768896960");
  }

  private static Draft draft(String name) {
    Operation operation =
        OPERATIONS.stream().filter(o -> o.name().equals(name)).findFirst().orElseThrow();
    Draft draft = new Draft(operation);
    draft.path.put("id", ID);
    return draft;
  }

  private static Draft rename(Object title) {
    Draft draft = draft("PATCH /api/v1/subtasks/{id}");
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("title", title);
    draft.body = body;
    return draft;
  }

  private List<String> faults(Draft draft, int status, String body) {
    List<String[]> lines = new ArrayList<>();
    headers.forEach((name, value) -> lines.add(new String[] {name, value}));
    return JUDGE.faults(
        draft, new Wire.Answer(status, lines, body.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void answers_within_the_contract_have_no_fault() {
    assertEquals(List.of(), faults(rename("buy milk"), 200, SUBTASK));
    assertEquals(List.of(), faults(rename(" buy milk\r\n"), 200, SUBTASK), "trimmed");
    assertEquals(List.of(), faults(rename(""), 400, ERROR));
    headers.put("Content-Type", "application/json; charset=utf-8");
    assertEquals(List.of(), faults(rename("buy milk"), 200, SUBTASK));
  }

  @Test
  void an_undocumented_status_is_found() {
    for (int status : new int[] {201, 204, 302, 402, 418, 500, 503}) {
      assertFalse(faults(rename("buy milk"), status, ERROR).isEmpty(), "status " + status);
    }
  }

  @Test
  void a_body_that_violates_its_schema_is_found() {
    for (String body :
        List.of(
            "",
            "{}",
            "<html>",
            SUBTASK.replace("\"order_index\": 0,", ""),
            SUBTASK.replace("\"order_index\": 0,", "\"order_index\": 0, \"color\": \"red\","),
            SUBTASK.replace("\"order_index\": 0,", "\"order_index\": 0.5,"),
            SUBTASK.replace("09:00:00.000Z", "09:00:00Z"),
            SUBTASK.replace(ID, "17"),
            SUBTASK.replace("\"user\"", "\"robot\""),
            SUBTASK.replace("false", "null"))) {
      assertFalse(faults(rename("buy milk"), 200, body).isEmpty(), body);
    }
    assertFalse(faults(rename(""), 400, "{\"error\": \"no\"}").isEmpty());
  }

  @Test
  void a_missing_or_wrong_header_is_found() {
    for (String name : List.copyOf(headers.keySet())) {
      String value = headers.remove(name);
      assertFalse(faults(rename("buy milk"), 200, SUBTASK).isEmpty(), "without " + name);
      headers.put(name, "\u00e4 ");
      assertFalse(faults(rename("buy milk"), 200, SUBTASK).isEmpty(), "wrong " + name);
      headers.put(name, value);
    }
  }

  @Test
  void internals_in_an_error_are_found() {
    for (String leak :
        List.of(
            "java.lang.NullPointerException",
            "at app.perpetua.flow.Main",
            "org.postgresql.util",
            "SQLSTATE 23505")) {
      assertFalse(faults(rename(""), 400, ERROR.replace("1 field is", leak)).isEmpty(), leak);
    }
  }

  @Test
  void a_value_that_was_accepted_against_the_contract_is_found() {
    for (Object title : List.of("", 7, true, List.of(), "x".repeat(201))) {
      assertFalse(faults(rename(title), 200, SUBTASK).isEmpty(), "title " + title);
    }
  }

  @Test
  void text_that_is_stored_in_another_form_is_found() {
    for (String title : List.of("buy  milk", "buy milk.", "Buy milk", "buy mi\u200blk")) {
      assertFalse(faults(rename(title), 200, SUBTASK).isEmpty(), title);
    }
  }

  @Test
  void events_that_violate_their_schema_or_do_not_end_are_found() {
    String ready = "event: ready\nid: 7\ndata: {\"seq\": 7}\n\n";
    String end = "event: end\ndata: {\"reason\": \"max_duration\"}\n\n";
    headers.put("Content-Type", "text/event-stream");
    Draft stream = draft("GET /api/v1/events");
    assertEquals(List.of(), faults(stream, 200, ready + ": heartbeat\n\n" + end));
    for (String text :
        List.of(
            ready,
            end + ready,
            ready + end.strip(),
            ready.replace("7}", "\"7\"}") + end,
            ready + ready.replace("ready", "change") + end,
            ready + end.replace("reason", "why"),
            ready + "data: [DONE]\n\n")) {
      assertFalse(faults(stream, 200, text).isEmpty(), text);
    }

    Draft chat = draft("POST /api/v1/ai/chat");
    assertFalse(faults(chat, 200, ready + end).isEmpty());
  }

  @Test
  void other_paths_and_methods_may_only_be_refused() {
    Draft moved = draft("GET /api/v1/tasks/{id}");
    moved.changes.add(Change.PATH);
    assertEquals(List.of(), faults(moved, 404, ERROR));
    assertFalse(faults(moved, 405, ERROR).isEmpty(), "405 without Allow");
    headers.put("Allow", "GET");
    assertEquals(List.of(), faults(moved, 405, ERROR));
    assertFalse(faults(moved, 404, "not found").isEmpty());
    assertFalse(faults(moved, 302, "").isEmpty());
    assertFalse(faults(moved, 500, ERROR).isEmpty());
  }

  @Test
  void a_created_resource_that_reads_back_differently_is_found() {
    Wire.Answer created = new Wire.Answer(201, List.of(), SUBTASK.getBytes(StandardCharsets.UTF_8));
    Wire.Answer same = new Wire.Answer(200, List.of(), SUBTASK.getBytes(StandardCharsets.UTF_8));
    Wire.Answer other =
        new Wire.Answer(
            200, List.of(), SUBTASK.replace("milk", "m\u00eelk").getBytes(StandardCharsets.UTF_8));
    assertEquals(List.of(), JUDGE.differences(created, same));
    assertEquals(List.of("reads back another title"), JUDGE.differences(created, other));
    assertFalse(JUDGE.differences(created, new Wire.Answer(404, List.of(), new byte[0])).isEmpty());
  }
}
