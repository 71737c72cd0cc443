package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.RoundTripCounter;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Entity tags, {@code If-None-Match} and {@code If-Match} (RFC 9110, section 13). */
class ConditionalRequestsTest {
  private static final String TASKS = "/api/v1/tasks/";
  private static final String SUBTASKS = "/api/v1/subtasks/";
  private static final String NOTES = "/api/v1/notes/";
  private static final String TEMPLATES = "/api/v1/templates/";
  private static final String REMINDERS = "/api/v1/reminders/";
  private static final String ME = "/api/v1/users/me";
  private static final String IF_MATCH = "If-Match";
  private static final String IF_NONE_MATCH = "If-None-Match";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  private static final RoundTripCounter roundTrips = new RoundTripCounter();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("RATE_LIMIT_GENERAL", "1000").observedBy(roundTrips);

  private final String subject = "google-" + UUID.randomUUID();
  private Api api = service.signIn(subject).api();
  private final Instant due = service.clock().instant().plus(Duration.ofHours(2));
  private final String task =
      api.post("/api/v1/tasks", Map.of("title", "a", "due_date", Json.instant(due)))
          .expect(201)
          .id();
  private final String subtask = api.createSubtask(task, "b");
  private final String reminder = reminder();
  private final String note = api.createNote("a");
  private final String template =
      api.post("/api/v1/templates", Map.of("title", "a", "rrule", "FREQ=DAILY")).expect(201).id();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private List<String> reads() {
    return List.of(
        TASKS + task,
        SUBTASKS + subtask,
        REMINDERS + reminder,
        NOTES + note,
        TEMPLATES + template,
        ME);
  }

  /** A change of each of {@link #reads} that can be repeated with other values. */
  private static Map<String, Object> change(String read, int value) {
    Map<String, Object> body = new LinkedHashMap<>();
    if (read.startsWith(NOTES)) {
      body.put("content", "x" + value);
    } else if (read.startsWith(REMINDERS)) {
      body.put("offset_minutes", value);
    } else if (read.equals(ME)) {
      body.put("name", "x" + value);
    } else {
      body.put("title", "x" + value);
    }
    return body;
  }

  @Test
  void FR_141_a_single_read_has_a_strong_tag_of_its_bytes() {
    List<String> tags = new ArrayList<>();
    for (String read : reads()) {
      Api.Answer first = api.get(read).expect(200);
      assertTrue(etag(first).matches("\"[A-Za-z0-9_-]{22}\""), etag(first));
      assertEquals(Optional.of("private, no-cache"), first.header("Cache-Control"));
      assertEquals(etag(first), etag(api.get(read)));
      Api.Answer head = api.send("HEAD", read, null).expect(200);
      assertEquals(etag(first), etag(head));
      assertEquals(Optional.of("private, no-cache"), head.header("Cache-Control"));
      tags.add(etag(first));
    }
    assertEquals(tags.size(), new HashSet<>(tags).size());
    for (String list : List.of("/api/v1/tasks", "/api/v1/notes", TASKS + task + "/subtasks")) {
      Api.Answer answer = api.get(list).expect(200);
      assertEquals(Optional.empty(), answer.header("ETag"));
      assertEquals(Optional.of("no-store"), answer.header("Cache-Control"));
    }
  }

  @Test
  void FR_141_a_client_that_has_the_representation_gets_304_without_a_body() {
    for (String read : reads()) {
      String tag = etag(api.get(read).expect(200));
      for (String known : List.of(tag, "W/" + tag, "*", "\"other\", W/\"b\" , " + tag)) {
        for (String method : List.of("GET", "HEAD")) {
          Api.Answer answer = api.with(IF_NONE_MATCH, known).send(method, read, null).expect(304);
          assertEquals(0, answer.bytes().length);
          assertEquals(tag, etag(answer));
          assertEquals(Optional.of("private, no-cache"), answer.header("Cache-Control"));
          assertEquals(Optional.empty(), answer.header("Content-Type"));
          assertEquals(Optional.empty(), answer.header("Content-Length"));
        }
      }
      assertEquals(tag, etag(api.with(IF_NONE_MATCH, "\"other\", W/\"b\"").get(read).expect(200)));
    }
  }

  @Test
  void FR_141_a_read_that_is_refused_ignores_if_none_match() {
    Api.Answer missing =
        api.with(IF_NONE_MATCH, "*").get(NOTES + UUID.randomUUID()).expect(404, "NOT_FOUND");
    assertEquals(Optional.of("no-store"), missing.header("Cache-Control"));
    Api other = service.newUser().api();
    other.with(IF_NONE_MATCH, "*").get(NOTES + note).expect(403, "FORBIDDEN");
    other.with(IF_NONE_MATCH, "*").get(TASKS + task).expect(403, "FORBIDDEN");
  }

  @Test
  void FR_141_the_tag_of_a_task_changes_with_its_parts() {
    List<String> tags = new ArrayList<>();
    Runnable changed =
        () -> {
          String tag = etag(api.get(TASKS + task).expect(200));
          assertFalse(tags.contains(tag));
          tags.add(tag);
        };
    changed.run();
    api.patch(TASKS + task, Map.of("title", "b", "version", version())).expect(200);
    changed.run();
    api.patch(SUBTASKS + subtask, Map.of("title", "c")).expect(200);
    changed.run();
    String other = api.createSubtask(task, "d");
    changed.run();
    api.put(TASKS + task + "/subtasks/reorder", Map.of("subtask_ids", List.of(other, subtask)))
        .expect(200);
    changed.run();
    // Neither of these changes the task's version.
    int version = version();
    api.patch(REMINDERS + reminder, Map.of("method", "push")).expect(200);
    changed.run();
    reminder();
    changed.run();
    service.clock().set(due);
    api = service.signIn(subject).api();
    service.runDueJobs();
    changed.run();
    assertEquals(version, version());
    api.post("/api/v1/focus/start", Map.of("task_id", task)).expect(200);
    service.clock().advance(Duration.ofMinutes(1));
    api.post("/api/v1/focus/end", Map.of("task_id", task)).expect(200);
    changed.run();
    assertEquals(tags.getLast(), etag(api.get(TASKS + task)));
  }

  @Test
  void FR_141_the_answer_of_a_change_has_the_tag_of_the_next_read() {
    for (String read : reads()) {
      if (read.startsWith(TASKS)) {
        continue;
      }
      String tag = etag(api.get(read).expect(200));
      for (int value = 0; value < 3; value++) {
        Api.Answer answer = api.with(IF_MATCH, tag).patch(read, change(read, value)).expect(200);
        assertNotEquals(tag, etag(answer));
        tag = etag(answer);
        Api.Answer next = api.get(read).expect(200);
        assertArrayEquals(next.bytes(), answer.bytes());
        assertEquals(tag, etag(next));
        assertEquals(Optional.of("no-store"), answer.header("Cache-Control"));
        // A change of nothing has the old tag.
        assertEquals(tag, etag(api.patch(read, change(read, value)).expect(200)));
      }
    }
  }

  @Test
  void FR_141_an_unusual_value_is_answered_as_it_is_read() {
    String target = TEMPLATES + template;
    for (Map<String, ?> body :
        List.of(
            Map.of("timezone", "GMT+0", "rrule", "rrule:freq=weekly;byday=mo,fr;count=9"),
            Map.of("starts_at", "2026-12-24T18:00:00.123456+05:30"),
            Map.of("description", " \u0001 \"\\ Täsk 👩‍🚀\u2028", "active", false))) {
      Api.Answer answer = api.patch(target, body).expect(200);
      assertArrayEquals(api.get(target).expect(200).bytes(), answer.bytes());
      assertEquals(etag(api.get(target)), etag(answer));
    }
    api.patch(NOTES + note, Map.of("content", " \u0001 \"\\ Täsk 👩‍🚀\u2028")).expect(200);
    Map<String, Object> absolute =
        Map.of("type", "absolute", "scheduled_at", "2026-12-24T18:00:00.9999Z");
    Api.Answer moved = api.patch(REMINDERS + reminder, absolute).expect(200);
    assertArrayEquals(api.get(REMINDERS + reminder).expect(200).bytes(), moved.bytes());
    String second = api.createSubtask(task, "c");
    Api.Answer first =
        api.patch(SUBTASKS + second, Map.of("order_index", 0, "completed", true)).expect(200);
    assertArrayEquals(api.get(SUBTASKS + second).expect(200).bytes(), first.bytes());
    assertEquals(etag(api.get(SUBTASKS + second)), etag(first));
  }

  @Test
  void FR_141_an_answer_that_is_not_the_representation_has_no_tag() {
    assertNone(api.patch(TASKS + task, Map.of("title", "b", "version", version())));
    // PUT answers a validator only if it stores the body as it is (RFC 9110, section 9.3.4).
    assertNone(api.put(SUBTASKS + subtask, Map.of("title", "c")));
    Api.Answer completing = api.patch(SUBTASKS + subtask, Map.of("completed", true)).expect(200);
    assertTrue(completing.json().has("task"));
    assertNone(completing);
    assertNone(api.post("/api/v1/notes", Map.of("content", "a")));
    assertNone(api.delete(NOTES + note));
    Api.Answer empty = api.delete(REMINDERS + reminder).expect(204);
    assertNone(empty);
    assertEquals(Optional.empty(), empty.header("Content-Length"));
  }

  private static void assertNone(Api.Answer answer) {
    assertTrue(answer.status() < 300, answer.toString());
    assertEquals(Optional.empty(), answer.header("ETag"));
  }

  @Test
  void FR_141_a_change_of_another_representation_is_refused_and_changes_nothing() {
    for (String read : reads()) {
      String old = etag(api.get(read).expect(200));
      api.patch(read, changeOf(read, 1)).expect(200);
      Api.Answer current = api.get(read).expect(200);
      for (String expected : List.of(old, "W/" + etag(current), "\"a\", " + old)) {
        for (String method : methods(read)) {
          Object body = body(method, read);
          Api.Answer refused = api.with(IF_MATCH, expected).send(method, read, body);
          refused.expect(412, "PRECONDITION_FAILED");
          assertEquals(etag(current), etag(refused));
          assertEquals(etag(current), refused.json().at("/error/current_etag").stringValue());
        }
      }
      assertEquals(current.text(), api.get(read).expect(200).text());
    }
    String stale = "\"a\"";
    api.with(IF_MATCH, stale)
        .post(TASKS + task + "/force-complete", Map.of("version", version()))
        .expect(412, "PRECONDITION_FAILED");
    assertFalse(api.get(TASKS + task).data().get("completed").booleanValue());
  }

  @Test
  void FR_141_a_change_of_the_named_representation_succeeds() {
    List<String> last = new ArrayList<>(reads());
    for (String read : last) {
      String tag = etag(api.get(read).expect(200));
      api.with(IF_MATCH, "\"a\", " + tag).patch(read, changeOf(read, 1)).expect(200);
      api.with(IF_MATCH, "*").patch(read, changeOf(read, 2)).expect(200);
    }
    api.with(IF_MATCH, etag(api.get(SUBTASKS + subtask)))
        .put(SUBTASKS + subtask, Map.of("title", "z"))
        .expect(200);
    api.with(IF_MATCH, etag(api.get(TASKS + task)))
        .put(TASKS + task, Map.of("title", "z", "version", version()))
        .expect(200);
    api.with(IF_MATCH, etag(api.get(TASKS + task)))
        .post(TASKS + task + "/force-complete", Map.of("version", version()))
        .expect(200);
    for (String read : List.of(REMINDERS + reminder, SUBTASKS + subtask, TEMPLATES + template)) {
      api.with(IF_MATCH, etag(api.get(read))).delete(read).expect(204);
    }
    for (String read : List.of(NOTES + note, TASKS + task)) {
      api.with(IF_MATCH, etag(api.get(read))).delete(read).expect(200);
    }
    String email = api.get(ME).data().get("email").stringValue();
    api.with(IF_MATCH, etag(api.get(ME))).delete(ME, Map.of("confirm", email)).expect(204);
  }

  @Test
  void FR_141_a_missing_resource_is_answered_as_without_the_header() {
    Api other = service.newUser().api();
    for (String expected : List.of("*", "\"a\"")) {
      api.with(IF_MATCH, expected)
          .patch(NOTES + UUID.randomUUID(), Map.of("content", "b"))
          .expect(404, "NOT_FOUND");
      other
          .with(IF_MATCH, expected)
          .patch(NOTES + note, Map.of("content", "b"))
          .expect(403, "FORBIDDEN");
      other.with(IF_MATCH, expected).delete(TASKS + task).expect(403, "FORBIDDEN");
      other
          .with(IF_MATCH, expected)
          .patch(SUBTASKS + subtask, Map.of("title", "b"))
          .expect(403, "FORBIDDEN");
    }
  }

  @Test
  void FR_141_the_precondition_is_checked_before_the_version_and_the_archive() {
    api.patch(TASKS + task, Map.of("archived", true)).expect(200);
    api.with(IF_MATCH, "\"a\"")
        .patch(TASKS + task, Map.of("title", "b", "version", 99))
        .expect(412, "PRECONDITION_FAILED");
    String tag = etag(api.get(TASKS + task));
    api.with(IF_MATCH, tag)
        .patch(TASKS + task, Map.of("title", "b", "version", 99))
        .expect(409, "ARCHIVED");
    api.with(IF_MATCH, etag(api.get(NOTES + note)))
        .patch(NOTES + note, Map.of("content", "b", "version", 99))
        .expect(409, "CONFLICT");
  }

  @Test
  void FR_141_a_malformed_header_is_named() {
    for (String malformed : List.of("abc", "\"a", "*, \"a\"", "w/\"a\"")) {
      Api sloppy = api.invalidOnPurpose();
      Api.Answer read = sloppy.with(IF_NONE_MATCH, malformed).get(NOTES + note);
      assertEquals("If-None-Match", field(read));
      Api.Answer changed =
          sloppy.with(IF_MATCH, malformed).patch(NOTES + note, Map.of("content", "b"));
      assertEquals("If-Match", field(changed));
    }
    assertEquals("a", api.get(NOTES + note).data().get("content").stringValue());
    // Operations without conditions, and other conditions, ignore them.
    Api other = api.invalidOnPurpose().with(IF_NONE_MATCH, "abc").with(IF_MATCH, "abc");
    other.get("/api/v1/notes").expect(200);
    other.post("/api/v1/notes", Map.of("content", "a")).expect(201);
    api.invalidOnPurpose()
        .with("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")
        .with("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")
        .patch(NOTES + note, Map.of("content", "b"))
        .expect(200);
  }

  private static String field(Api.Answer answer) {
    return answer.expect(400, "VALIDATION_ERROR").json().at("/error/details/0/field").stringValue();
  }

  @Test
  void FR_141_a_repeated_request_gets_the_stored_answer_whatever_has_changed_since() {
    String tag = etag(api.get(NOTES + note));
    Api keyed = api.withKey(UUID.randomUUID()).with(IF_MATCH, tag);
    Api.Answer first = keyed.patch(NOTES + note, Map.of("content", "b")).expect(200);
    api.patch(NOTES + note, Map.of("content", "c")).expect(200);
    Api.Answer again = keyed.patch(NOTES + note, Map.of("content", "b")).expect(200);
    assertEquals(Optional.of("true"), again.header("X-Idempotent-Replayed"));
    assertEquals(first.text(), again.text());
    assertEquals(etag(first), etag(again));
  }

  @Test
  void FR_141_a_refused_precondition_leaves_the_key_free() {
    Api keyed = api.withKey(UUID.randomUUID());
    keyed
        .with(IF_MATCH, "\"a\"")
        .patch(NOTES + note, Map.of("content", "b"))
        .expect(412, "PRECONDITION_FAILED");
    keyed
        .with(IF_MATCH, etag(api.get(NOTES + note)))
        .patch(NOTES + note, Map.of("content", "c"))
        .expect(200);
    assertEquals("c", api.get(NOTES + note).data().get("content").stringValue());
  }

  @Test
  void FR_141_of_twenty_changes_of_one_representation_one_succeeds() throws Exception {
    for (String read : reads()) {
      String tag = etag(api.get(read).expect(200));
      List<Integer> statuses = new ArrayList<>();
      // Below the limit of 20 concurrent requests of a user.
      try (ExecutorService clients = Executors.newFixedThreadPool(10)) {
        List<Future<Integer>> answers = new ArrayList<>();
        for (int value = 0; value < 20; value++) {
          Map<String, Object> body = change(read, value);
          if (read.startsWith(TASKS)) {
            body.put("version", version());
          }
          answers.add(clients.submit(() -> api.with(IF_MATCH, tag).patch(read, body).status()));
        }
        for (Future<Integer> answer : answers) {
          statuses.add(answer.get());
        }
      }
      assertEquals(1, Collections.frequency(statuses, 200), statuses.toString());
      assertEquals(19, Collections.frequency(statuses, 412), statuses.toString());
    }
  }

  @Test
  void FR_141_only_a_request_with_the_header_reads_for_it() {
    String tag = etag(api.get(NOTES + note));
    assertEquals(2, trips(() -> api.patch(NOTES + note, Map.of("content", "a")).expect(200)));
    assertEquals(
        3,
        trips(
            () -> api.with(IF_MATCH, tag).patch(NOTES + note, Map.of("content", "a")).expect(200)));
    assertEquals(1, trips(() -> api.with(IF_NONE_MATCH, tag).get(NOTES + note).expect(304)));
  }

  /** The minimum of several: see {@link RoundTripCounter}. */
  private static int trips(Runnable request) {
    int least = Integer.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      least = Math.min(least, roundTrips.during(request));
    }
    return least;
  }

  private List<String> methods(String read) {
    return read.startsWith(TASKS) || read.startsWith(SUBTASKS)
        ? List.of("PATCH", "PUT", "DELETE")
        : List.of("PATCH", "DELETE");
  }

  private @Nullable Object body(String method, String read) {
    if (!method.equals("DELETE")) {
      return changeOf(read, 9);
    }
    return read.equals(ME)
        ? Map.of("confirm", api.get(ME).data().get("email").stringValue())
        : null;
  }

  private Map<String, Object> changeOf(String read, int value) {
    Map<String, Object> body = change(read, value);
    if (read.startsWith(TASKS)) {
      body.put("version", version());
    }
    return body;
  }

  private String reminder() {
    return api.post(TASKS + task + "/reminders", Map.of("type", "before", "offset_minutes", 60))
        .expect(201)
        .id();
  }

  private int version() {
    JsonNode current = api.get(TASKS + task).expect(200).data();
    return current.get("version").intValue();
  }

  private static String etag(Api.Answer answer) {
    return answer.header("ETag").orElseThrow();
  }
}
