package app.perpetua.flow.webhooks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.WebhookReceiver;
import app.perpetua.flow.fake.WebhookReceiver.Mode;
import app.perpetua.flow.fake.WebhookReceiver.Received;
import app.perpetua.flow.fake.WebhookReceiver.Script;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.RoundTripCounter;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class WebhookApiTest {
  private static final String ENDPOINTS = "/api/v1/webhooks/endpoints";
  private static final Json JSON = new Json();
  private static final RoundTripCounter roundTrips = new RoundTripCounter();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).observedBy(roundTrips);

  private final String subject = "webhooks-" + UUID.randomUUID();
  private final TestService.Session session = service.signIn(subject);
  private Api api = session.api();
  private final WebhookReceiver receiver = service.webhooks().receiver();

  /** The path of this test at the receiver, which all tests share. */
  private final String path = "/" + UUID.randomUUID();

  private final String url = service.webhooks().origin() + path;

  @AfterEach
  void invariants() {
    receiver.respondWith(Script.status(200));
    Invariants.check(database);
  }

  private JsonNode register(Map<String, ?> more) {
    Map<String, Object> body = new HashMap<>(Map.of("url", url, "events", List.of("*")));
    body.putAll(more);
    JsonNode made = api.post(ENDPOINTS, body).expect(201).data();
    receiver.expect(made.get("secret").stringValue());
    return made;
  }

  private String register(String... events) {
    return ENDPOINTS + "/" + register(Map.of("events", List.of(events))).get("id").stringValue();
  }

  private List<Received> received() {
    return receiver.received().stream().filter(r -> r.path().equals(path)).toList();
  }

  private List<String> types() {
    return received().stream()
        .map(r -> JSON.parse(r.body()).get("type").stringValue())
        .sorted()
        .toList();
  }

  private JsonNode deliveries(String endpoint) {
    return api.get(endpoint + "/deliveries").expect(200).data();
  }

  private static void assertFault(Api.Answer answer, String field, String message) {
    JsonNode fault = answer.expect(400, "VALIDATION_ERROR").json().at("/error/details/0");
    assertEquals(field, fault.get("field").stringValue());
    assertEquals(message, fault.get("message").stringValue());
  }

  /** Moves the clock, and signs in again because tokens expire. */
  private void advance(Duration time) {
    service.clock().advance(time);
    api = service.signIn(subject).api();
  }

  private static long seconds(Instant from, Instant to) {
    return Duration.between(from, to).toSeconds();
  }

  @Test
  void FR_166_an_endpoint_is_registered_changed_and_deleted() {
    JsonNode made = register(Map.of("events", List.of("task.created", "task.created")));
    assertTrue(made.get("secret").stringValue().matches("whsec_[A-Za-z0-9+/]{43}="));
    assertEquals(1, made.get("events").size());
    assertEquals("thin", made.get("payload").stringValue());
    String endpoint = ENDPOINTS + "/" + made.get("id").stringValue();
    JsonNode shown = api.get(endpoint).expect(200).data();
    assertFalse(shown.has("secret"), "shown once");
    assertEquals(shown, api.get(ENDPOINTS).expect(200).data().get(0));
    JsonNode changed =
        api.patch(endpoint, Map.of("url", url + "/2", "events", List.of("*"), "payload", "full"))
            .expect(200)
            .data();
    assertEquals(url + "/2", changed.get("url").stringValue());
    assertEquals(changed, api.get(endpoint).expect(200).data());
    api.delete(endpoint).expect(204);
    api.get(endpoint).expect(404, "NOT_FOUND");
    api.get(endpoint + "/deliveries").expect(404, "NOT_FOUND");
    api.createTask("unheard");
    service.runDueJobs();
    assertEquals(List.of(), received());
    assertEquals(
        0,
        database.number(
            "select count(*) from auth.users where id = ? and webhooks", session.userId()));
  }

  @Test
  void FR_166_invalid_endpoints_are_refused() {
    Api invalid = api.invalidOnPurpose();
    String rule = "must have a permitted host at a public address";
    Map.of(
            "http://hooks.example.com/", "must be an https URL",
            "https://hooks.example.com:8443/", "must use port 443",
            "https://user@hooks.example.com/", "must have neither credentials nor a fragment",
            "https://10.0.0.1/", rule,
            "https://[::1]/", rule,
            "https://localhost/", rule,
            "https://metadata.internal/", rule,
            "https://no-such-name.invalid/", rule)
        .forEach(
            (bad, message) ->
                assertFault(
                    invalid.post(ENDPOINTS, Map.of("url", bad, "events", List.of("*"))),
                    "url",
                    message));
    for (Object events : List.of(List.of(), List.of("task.exploded"), "*", List.of(1))) {
      Api.Answer answer = invalid.post(ENDPOINTS, Map.of("url", url, "events", events));
      assertEquals(
          "events",
          answer.expect(400, "VALIDATION_ERROR").json().at("/error/details/0/field").stringValue());
    }
    for (String secret :
        List.of(
            "secret",
            "whsec_",
            "whsec_%%%",
            "whsec_" + "A".repeat(28),
            "whsec_" + "A".repeat(88))) {
      assertFault(
          invalid.post(ENDPOINTS, Map.of("url", url, "events", List.of("*"), "secret", secret)),
          "secret",
          "must be whsec_ followed by 24 to 64 bytes in base64");
    }
    String endpoint = register("*");
    assertFault(api.patch(endpoint, Map.of("url", "https://10.0.0.1/")), "url", rule);
    invalid.patch(endpoint, Map.of("events", List.of())).expect(400, "VALIDATION_ERROR");
    invalid.patch(endpoint, Map.of("enabled", "yes")).expect(400, "VALIDATION_ERROR");
    assertEquals(url, api.get(endpoint).expect(200).data().get("url").stringValue());
    IntStream.range(1, 10).forEach(_ -> register("*"));
    invalid
        .post(ENDPOINTS, Map.of("url", url, "events", List.of("*")))
        .expect(409, "LIMIT_EXCEEDED");
    assertEquals(10, api.get(ENDPOINTS).expect(200).data().size());
  }

  @Test
  void FR_166_endpoints_of_other_users_are_refused() {
    String endpoint = register("*");
    String delivery = api.post(endpoint + "/test").expect(200).data().get("id").stringValue();
    Api other = service.newUser().api();
    other.get(endpoint).expect(403, "FORBIDDEN");
    other.patch(endpoint, Map.of("enabled", false)).expect(403, "FORBIDDEN");
    other.delete(endpoint).expect(403, "FORBIDDEN");
    other.get(endpoint + "/deliveries").expect(403, "FORBIDDEN");
    other.post(endpoint + "/test").expect(403, "FORBIDDEN");
    other.post(endpoint + "/rotate-secret").expect(403, "FORBIDDEN");
    other.post(endpoint + "/deliveries/" + delivery + "/redeliver").expect(403, "FORBIDDEN");
    JsonNode own =
        other.post(ENDPOINTS, Map.of("url", url, "events", List.of("*"))).expect(201).data();
    other
        .post(
            ENDPOINTS
                + "/"
                + own.get("id").stringValue()
                + "/deliveries/"
                + delivery
                + "/redeliver")
        .expect(404, "NOT_FOUND");
    assertEquals(1, deliveries(endpoint).size());
  }

  @Test
  void FR_167_each_kind_of_change_is_one_event() {
    String endpoint = register("*");
    String task = api.createTask("Plan the trip");
    String subtask = api.createSubtask(task, "Book the train");
    Instant now = service.clock().instant();
    JsonNode reminder =
        api.post(
                "/api/v1/tasks/" + task + "/reminders",
                Map.of("type", "absolute", "scheduled_at", Json.instant(now.plusSeconds(60))))
            .expect(201)
            .data();
    advance(Duration.ofSeconds(61));
    service.runDueJobs();
    assertEquals(
        List.of("reminder.created", "reminder.fired", "task.created", "task.updated"),
        types(),
        "a subtask updates its task");
    api.patch("/api/v1/subtasks/" + subtask, Map.of("title", "Book the bus")).expect(200);
    api.patch("/api/v1/subtasks/" + subtask, Map.of("completed", true)).expect(200);
    api.patch("/api/v1/tasks/" + task, Map.of("completed", false)).expect(200);
    String note = api.createNote("Call the dentist");
    api.patch("/api/v1/notes/" + note, Map.of("content", "Call her")).expect(200);
    api.delete("/api/v1/notes/" + note).expect(200);
    Map<String, Object> daily = Map.of("title", "Stretch", "rrule", "FREQ=DAILY");
    JsonNode template = api.post("/api/v1/templates", daily).expect(201).data();
    String templatePath = "/api/v1/templates/" + template.get("id").stringValue();
    api.patch(templatePath, Map.of("title", "Bend", "apply_to", "future")).expect(200);
    api.delete(templatePath).expect(204);
    String list =
        "/api/v1/lists/" + api.post("/api/v1/lists", Map.of("name", "a")).expect(201).id();
    api.patch(list, Map.of("name", "b")).expect(200);
    api.delete(list).expect(200);
    String label =
        "/api/v1/labels/" + api.post("/api/v1/labels", Map.of("name", "a")).expect(201).id();
    api.patch(label, Map.of("name", "b")).expect(200);
    api.delete(label).expect(204);
    api.delete("/api/v1/tasks/" + task).expect(200);
    service.runDueJobs();
    Map<String, Long> counts =
        types().stream().collect(Collectors.groupingBy(type -> type, Collectors.counting()));
    for (WebhookEvent event : WebhookEvent.values()) {
      if (event != WebhookEvent.REMINDER_UPDATED) {
        assertTrue(counts.containsKey(event.wireName()), event.wireName() + " in " + counts);
      }
    }
    assertEquals(1L, counts.get("task.completed"));
    assertEquals(1L, counts.get("task.reopened"));
    assertEquals(1L, counts.get("reminder.deleted"), "with its task");
    long changes =
        database.number(
            """
            select count(*) from activity.changes
            where user_id = ? and shown and entity_type in ('task', 'template', 'note', 'reminder', 'list', 'label')
            """,
            session.userId());
    assertEquals(changes, received().size());
    Set<Long> numbers =
        received().stream()
            .map(r -> JSON.parse(r.body()).at("/data/seq").longValue())
            .collect(Collectors.toSet());
    assertEquals(changes, numbers.size(), "each change once");
    assertTrue(received().stream().allMatch(Received::verified));
    assertEquals(reminder.get("id"), dataOf("reminder.fired").get("id"));
    assertEquals("delivered", deliveries(endpoint).get(0).get("status").stringValue());
  }

  private JsonNode dataOf(String type) {
    return received().stream()
        .map(r -> JSON.parse(r.body()))
        .filter(body -> body.get("type").stringValue().equals(type))
        .findFirst()
        .orElseThrow()
        .get("data");
  }

  @Test
  void FR_167_only_selected_events_are_sent() {
    register("note.created", "task.completed");
    String task = api.createTask("a");
    api.patch("/api/v1/tasks/" + task, Map.of("title", "b", "version", 1)).expect(200);
    service.runDueJobs();
    assertEquals(List.of(), types());
    api.patch("/api/v1/tasks/" + task, Map.of("completed", true)).expect(200);
    api.createNote("a");
    service.runDueJobs();
    assertEquals(List.of("note.created", "task.completed"), types());
  }

  @Test
  void FR_167_undo_batches_and_recovery_cause_events_like_any_change() {
    register("task.created", "task.deleted");
    Map<String, Object> command =
        Map.of(
            "uuid", UUID.randomUUID().toString(),
            "type", "task.create",
            "args", Map.of("title", "of a batch"));
    api.post("/api/v1/sync", Map.of("commands", List.of(command))).expect(200);
    String task = api.createTask("b");
    String tombstone =
        api.delete("/api/v1/tasks/" + task).expect(200).data().get("tombstone_id").stringValue();
    api.post("/api/v1/tasks/recover/" + tombstone).expect(200);
    api.createTask("c");
    String entry = api.get("/api/v1/activity").expect(200).data().get(0).get("id").stringValue();
    api.post("/api/v1/activity/" + entry + "/undo").expect(200);
    service.runDueJobs();
    assertEquals(
        List.of(
            "task.created",
            "task.created",
            "task.created",
            "task.created",
            "task.deleted",
            "task.deleted"),
        types());
  }

  @Test
  void FR_167_what_was_changed_before_a_new_selection_is_delivered_as_selected_then() {
    String endpoint = register("task.created");
    api.createTask("before");
    api.patch(endpoint, Map.of("events", List.of("note.created"))).expect(200);
    api.createTask("after");
    api.createNote("after");
    service.runDueJobs();
    assertEquals(List.of("note.created", "task.created"), types());
  }

  /** As that of a script, or of an earlier release, which sets no number. */
  @Test
  void FR_167_a_deletion_without_the_number_of_a_change_is_delivered() {
    String endpoint = register("label.deleted");
    String label = api.post("/api/v1/labels", Map.of("name", "errand")).expect(201).id();
    database.run("delete from tasks.labels where id = ?", UUID.fromString(label));
    api.patch(endpoint, Map.of("events", List.of("*"))).expect(200);
    service.runDueJobs();
    assertEquals(List.of("label.deleted"), types());
  }

  @Test
  void FR_167_full_messages_contain_the_entity() {
    register(Map.of("payload", "full"));
    String task = api.createTask("Plan the trip");
    service.runDueJobs();
    JsonNode data = dataOf("task.created");
    assertEquals("task", data.get("entity_type").stringValue());
    assertEquals(1, data.get("version").intValue());
    assertEquals(api.get("/api/v1/tasks/" + task).data().get("title"), data.at("/entity/title"));
    api.delete("/api/v1/tasks/" + task).expect(200);
    service.runDueJobs();
    assertTrue(dataOf("task.deleted").get("entity").isNull());
    assertTrue(dataOf("task.deleted").get("version").isNull());
  }

  @Test
  void FR_167_a_change_that_is_rolled_back_causes_no_event() {
    register("*");
    List<Map<String, Object>> commands =
        List.of(
            Map.of(
                "uuid", UUID.randomUUID().toString(),
                "type", "task.create",
                "args", Map.of("title", "rolled back")),
            Map.of(
                "uuid", UUID.randomUUID().toString(),
                "type", "task.delete",
                "args", Map.of("id", UUID.randomUUID().toString())));
    api.post("/api/v1/sync", Map.of("commands", commands, "atomic", true)).expect(200);
    assertEquals(0, api.get("/api/v1/tasks").data().size());
    service.runDueJobs();
    assertEquals(List.of(), received());
  }

  @Test
  void FR_168_messages_are_signed_with_both_secrets_during_a_rotation() {
    JsonNode made = register(Map.of());
    String endpoint = ENDPOINTS + "/" + made.get("id").stringValue();
    JsonNode rotated = api.post(endpoint + "/rotate-secret").expect(200).data();
    assertNotEquals(made.get("secret"), rotated.get("secret"));
    assertEquals(
        service.clock().instant().plus(Duration.ofDays(1)),
        Instant.parse(rotated.get("previous_secret_until").stringValue()));
    api.post(endpoint + "/test").expect(200);
    service.runDueJobs();
    // The receiver knows the former secret only.
    assertTrue(received().getLast().verified());
    assertEquals(2, received().getLast().signatures());
    advance(Duration.ofDays(1).plusSeconds(1));
    receiver.expect(rotated.get("secret").stringValue());
    api.post(endpoint + "/test").expect(200);
    service.runDueJobs();
    assertTrue(received().getLast().verified());
    assertEquals(1, received().getLast().signatures());
    String given = "whsec_" + "QUJD".repeat(8);
    assertEquals(
        given,
        api.post(endpoint + "/rotate-secret", Map.of("secret", given))
            .expect(200)
            .data()
            .get("secret")
            .stringValue());
    assertFault(
        api.invalidOnPurpose().post(endpoint + "/rotate-secret", Map.of("secret", "whsec_QUJD")),
        "secret",
        "must be whsec_ followed by 24 to 64 bytes in base64");
  }

  @Test
  void FR_169_a_failed_delivery_is_attempted_again_with_the_same_id_and_body() {
    String endpoint = register("task.created");
    receiver.respondWith(Script.status(500).times(2));
    api.createTask("a");
    service.runDueJobs();
    assertEquals(1, received().size());
    JsonNode pending = deliveries(endpoint).get(0);
    assertEquals("pending", pending.get("status").stringValue());
    assertEquals(1, pending.get("attempts").intValue());
    assertEquals(500, pending.at("/last_attempt/status").intValue());
    assertEquals("answered with 500", pending.at("/last_attempt/answer").stringValue());
    assertEquals("the receiver answered 500", pending.at("/last_attempt/error").stringValue());
    assertFalse(api.get(endpoint).data().get("failing_since").isNull());
    Instant next = Instant.parse(pending.get("next_attempt_at").stringValue());
    long delay = seconds(service.clock().instant(), next);
    assertTrue(delay >= 9 && delay <= 11, () -> delay + " s");
    advance(Duration.ofSeconds(12));
    service.runDueJobs();
    advance(Duration.ofMinutes(3));
    service.runDueJobs();
    assertEquals(3, received().size());
    assertEquals(1, received().stream().map(Received::id).distinct().count());
    assertEquals(1, received().stream().map(Received::body).distinct().count());
    assertNotEquals(
        received().getFirst().timestamp(), received().getLast().timestamp(), "of the attempt");
    JsonNode delivered = deliveries(endpoint).get(0);
    assertEquals("delivered", delivered.get("status").stringValue());
    assertEquals(3, delivered.get("attempts").intValue());
    assertTrue(delivered.at("/last_attempt/error").isNull());
    assertTrue(api.get(endpoint).data().get("failing_since").isNull());
  }

  @Test
  void FR_169_after_ten_attempts_over_three_days_the_endpoint_is_disabled() {
    String endpoint = register("task.created");
    receiver.respondWith(Script.status(503));
    api.createTask("a");
    Instant start = service.clock().instant();
    for (int attempt = 1; attempt <= 10; attempt++) {
      service.runDueJobs();
      assertEquals(attempt, received().size());
      JsonNode next = deliveries(endpoint).get(0).get("next_attempt_at");
      if (attempt < 10) {
        assertEquals("enabled", enabled(endpoint));
        advance(
            Duration.between(
                service.clock().instant(), Instant.parse(next.stringValue()).plusMillis(1)));
      }
    }
    Duration whole = Duration.between(start, service.clock().instant());
    assertTrue(
        whole.compareTo(Duration.ofDays(3)) >= 0 && whole.compareTo(Duration.ofHours(80)) < 0,
        whole::toString);
    assertEquals("failing", enabled(endpoint));
    assertEquals("failed", deliveries(endpoint).get(0).get("status").stringValue());
    JsonNode told = api.get("/api/v1/notifications").data().get(0);
    assertEquals("Webhook disabled", told.get("title").stringValue());
    assertEquals(
        "Your webhook to 127.0.0.1 was disabled because no delivery succeeded for three days.",
        told.get("body").stringValue());
    api.createTask("unheard");
    api.post(endpoint + "/test").expect(409, "CONFLICT");
    service.runDueJobs();
    assertEquals(10, received().size());
    receiver.respondWith(Script.status(200));
    api.patch(endpoint, Map.of("enabled", true)).expect(200);
    assertEquals("enabled", enabled(endpoint));
    api.createTask("heard");
    service.runDueJobs();
    assertEquals(11, received().size(), "from now on");
  }

  private String enabled(String endpoint) {
    JsonNode shown = api.get(endpoint).expect(200).data();
    return shown.get("enabled").booleanValue()
        ? "enabled"
        : shown.get("disabled_reason").stringValue();
  }

  @Test
  void FR_169_one_success_within_three_days_keeps_the_endpoint() {
    String endpoint = register("task.created");
    receiver.respondWith(Script.status(503));
    api.createTask("a");
    service.runDueJobs();
    advance(Duration.ofDays(2));
    receiver.respondWith(Script.status(503).times(1));
    service.runDueJobs();
    api.createTask("b");
    service.runDueJobs();
    assertEquals(3, received().size());
    receiver.respondWith(Script.status(503));
    advance(Duration.ofDays(2));
    service.runDueJobs();
    assertEquals("enabled", enabled(endpoint));
  }

  @Test
  void FR_169_410_disables_the_endpoint_and_cancels_what_is_pending() {
    String endpoint = register("task.created");
    receiver.respondWith(Script.status(500));
    api.createTask("a");
    service.runDueJobs();
    receiver.respondWith(Script.status(410));
    api.createTask("b");
    service.runDueJobs();
    assertEquals("gone", enabled(endpoint));
    assertEquals(
        Set.of("cancelled"),
        deliveries(endpoint)
            .valueStream()
            .map(d -> d.get("status").stringValue())
            .collect(Collectors.toSet()));
    assertTrue(
        api.get("/api/v1/notifications")
            .data()
            .get(0)
            .get("body")
            .stringValue()
            .endsWith("because the receiver answered that it no longer exists."));
    advance(Duration.ofHours(1));
    service.runDueJobs();
    assertEquals(2, received().size());
  }

  @Test
  void FR_169_retry_after_delays_the_whole_endpoint_up_to_an_hour() {
    String endpoint = register("task.created");
    receiver.respondWith(Script.status(429).retryAfter("1800").times(1));
    api.createTask("a");
    service.runDueJobs();
    api.createTask("b");
    advance(Duration.ofMinutes(29));
    service.runDueJobs();
    assertEquals(1, received().size());
    advance(Duration.ofMinutes(2));
    service.runDueJobs();
    assertEquals(3, received().size());
    receiver.respondWith(Script.status(503).retryAfter("999999").times(1));
    api.createTask("c");
    service.runDueJobs();
    advance(Duration.ofMinutes(61));
    service.runDueJobs();
    assertEquals(5, received().size());
    assertEquals("enabled", enabled(endpoint));
  }

  @ParameterizedTest
  @ValueSource(ints = {302, 404})
  void FR_169_redirects_and_other_statuses_are_failures(int status) {
    String endpoint = register("task.created");
    receiver.respondWith(Script.status(status).times(1));
    api.createTask("a");
    service.runDueJobs();
    assertEquals(1, received().size());
    assertTrue(receiver.received().stream().noneMatch(r -> r.path().equals("/elsewhere")));
    assertEquals("pending", deliveries(endpoint).get(0).get("status").stringValue());
  }

  @Test
  void FR_169_an_endless_answer_is_cut_and_a_closed_connection_is_a_failure() {
    String endpoint = register("task.created");
    receiver.respondWith(Script.status(200).in(Mode.ENDLESS).times(1));
    api.createTask("a");
    service.runDueJobs();
    JsonNode delivered = deliveries(endpoint).get(0);
    assertEquals("delivered", delivered.get("status").stringValue());
    assertEquals("x".repeat(1_024), delivered.at("/last_attempt/answer").stringValue());
    receiver.respondWith(Script.status(200).in(Mode.CLOSING).times(1));
    api.createTask("b");
    service.runDueJobs();
    JsonNode failed = deliveries(endpoint).get(0);
    assertEquals("pending", failed.get("status").stringValue());
    assertTrue(failed.at("/last_attempt/status").isNull());
    assertEquals("the receiver cannot be reached", failed.at("/last_attempt/error").stringValue());
  }

  @Test
  void FR_170_deliveries_are_listed_by_cursor_and_redelivered_with_the_same_id() {
    String endpoint = register("task.created");
    IntStream.range(0, 5).forEach(i -> api.createTask("task " + i));
    service.runDueJobs();
    List<String> seen = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page = api.get(endpoint + "/deliveries?limit=2&cursor=" + cursor).expect(200).json();
      page.get("data").valueStream().forEach(d -> seen.add(d.get("id").stringValue()));
      JsonNode next = page.at("/pagination/next_cursor");
      cursor = next.isNull() ? null : next.stringValue();
    } while (cursor != null);
    assertEquals(
        received().stream().map(Received::id).collect(Collectors.toSet()), Set.copyOf(seen));
    assertEquals(5, seen.size());
    JsonNode again =
        api.post(endpoint + "/deliveries/" + seen.getFirst() + "/redeliver").expect(200).data();
    assertEquals("pending", again.get("status").stringValue());
    service.runDueJobs();
    assertEquals(6, received().size());
    assertEquals(seen.getFirst(), received().getLast().id());
    assertEquals(5, received().stream().map(Received::body).distinct().count());
    api.post(endpoint + "/deliveries/" + UUID.randomUUID() + "/redeliver").expect(404, "NOT_FOUND");
  }

  @Test
  void FR_170_deliveries_are_deleted_after_thirty_days() {
    String endpoint = register("task.created");
    api.createTask("a");
    service.runDueJobs();
    advance(Duration.ofDays(29));
    service.runDueJobs();
    assertEquals(1, deliveries(endpoint).size());
    advance(Duration.ofDays(2));
    service.runDueJobs();
    assertEquals(0, deliveries(endpoint).size());
  }

  @Test
  void FR_171_a_test_is_sent_whatever_is_selected() {
    String endpoint = register("note.deleted");
    api.post(endpoint + "/test").expect(200);
    service.runDueJobs();
    assertEquals(List.of("webhook.test"), types());
    JsonNode delivery = deliveries(endpoint).get(0);
    assertEquals("webhook.test", delivery.get("event").stringValue());
    assertTrue(delivery.get("seq").isNull());
  }

  @Test
  void FR_172_no_more_than_ten_thousand_deliveries_are_pending_and_none_is_lost() {
    String endpoint = register("task.created");
    UUID id = UUID.fromString(endpoint.substring(endpoint.lastIndexOf('/') + 1));
    Instant later = service.clock().instant().plus(Duration.ofHours(1));
    database.run(
        """
        insert into activity.webhook_deliveries
          (user_id, id, endpoint_id, event, body, remaining, next_attempt_at, created_at)
        select ?, gen_random_uuid(), ?, 'task.created', '{"type":"task.created"}', 10, ?, ?
        from generate_series(1, 10000)
        """,
        session.userId(),
        id,
        later,
        service.clock().instant());
    api.createTask("waits in the feed");
    service.runDueJobs();
    assertEquals(List.of(), received());
    database.run(
        """
        delete from activity.webhook_deliveries
        where id in (select id from activity.webhook_deliveries where endpoint_id = ? limit 9990)
        """,
        id);
    advance(Duration.ofHours(1).plusSeconds(1));
    service.runDueJobs();
    assertEquals(11, received().size());
  }

  @Test
  void FR_172_changes_that_woke_nobody_are_delivered_after_the_daily_search() {
    register("note.updated");
    String note = api.createNote("a");
    service.runDueJobs();
    database.run(
        "update notes.notes set content = 'b', version = version + 1 where id = ?",
        UUID.fromString(note));
    service.runDueJobs();
    assertEquals(List.of(), types());
    advance(Duration.ofDays(1));
    service.runDueJobs();
    assertEquals(List.of("note.updated"), types());
  }

  private String list(String name) {
    return api.post("/api/v1/lists", Map.of("name", name)).expect(201).id();
  }

  private String taskIn(String list, String title, String priority) {
    return api.post("/api/v1/tasks", Map.of("title", title, "list_id", list, "priority", priority))
        .expect(201)
        .id();
  }

  private String withFilter(String filter, String... events) {
    return ENDPOINTS
        + "/"
        + register(Map.of("filter", filter, "events", List.of(events))).get("id").stringValue();
  }

  /** Ids of the tasks of received events of a type. */
  private List<String> received(String type) {
    return received().stream()
        .map(r -> JSON.parse(r.body()))
        .filter(message -> message.get("type").stringValue().equals(type))
        .map(message -> message.at("/data/id").stringValue())
        .sorted()
        .toList();
  }

  @Test
  void FR_231_events_of_tasks_are_of_those_that_match_or_were_deleted() {
    String work = list("Work");
    String home = list("Home");
    String endpoint = withFilter("list = work and priority = high", "*");
    assertEquals(
        "list = work and priority = high",
        api.get(endpoint).expect(200).data().get("filter").stringValue());
    String wanted = taskIn(work, "wanted", "high");
    String other = taskIn(home, "other", "high");
    String entering = taskIn(work, "entering", "low");
    api.createNote("a");
    service.runDueJobs();
    assertEquals(List.of("note.created", "task.created"), types());
    assertEquals(List.of(wanted), received("task.created"));
    api.patch("/api/v1/tasks/" + entering, Map.of("version", 1, "priority", "high")).expect(200);
    api.patch("/api/v1/tasks/" + wanted, Map.of("version", 1, "list_id", home)).expect(200);
    service.runDueJobs();
    assertEquals(List.of(entering), received("task.updated"));
    api.patch("/api/v1/tasks/" + entering, Map.of("completed", true)).expect(200);
    service.runDueJobs();
    assertEquals(List.of(entering), received("task.completed"));
    api.delete("/api/v1/tasks/" + other).expect(200);
    service.runDueJobs();
    assertEquals(List.of(other), received("task.deleted"));
    JsonNode exported = api.get("/api/v1/users/me/export").expect(200).json();
    assertEquals(
        "list = work and priority = high",
        exported.at("/webhook_endpoints/0/filter").stringValue());
  }

  @Test
  void FR_231_a_name_that_is_gone_selects_no_task_and_leaves_the_endpoint_enabled() {
    String secret = list("Secret");
    String home = list("Home");
    String endpoint = withFilter("list != Secret", "task.created");
    taskIn(secret, "hushed", "low");
    String shown = taskIn(home, "shown", "low");
    service.runDueJobs();
    assertEquals(List.of(shown), received("task.created"));
    api.patch("/api/v1/lists/" + secret, Map.of("name", "Hush")).expect(200);
    taskIn(secret, "still hushed", "low");
    service.runDueJobs();
    assertEquals(List.of(shown), received("task.created"));
    assertTrue(api.get(endpoint).expect(200).data().get("enabled").booleanValue());
    api.patch("/api/v1/lists/" + secret, Map.of("name", "Secret")).expect(200);
    String next = taskIn(home, "next", "low");
    service.runDueJobs();
    assertEquals(List.of(shown, next).stream().sorted().toList(), received("task.created"));
  }

  @Test
  void FR_231_a_task_matches_at_the_time_when_its_event_is_collected() {
    withFilter("created < today", "task.updated");
    String task = api.createTask("of yesterday");
    api.patch("/api/v1/tasks/" + task, Map.of("version", 1, "title", "a")).expect(200);
    service.runDueJobs();
    assertEquals(List.of(), types());
    advance(Duration.ofDays(1));
    api.patch("/api/v1/tasks/" + task, Map.of("version", 2, "title", "b")).expect(200);
    service.runDueJobs();
    assertEquals(List.of(task), received("task.updated"));
  }

  @Test
  void FR_231_a_filter_that_cannot_be_used_is_refused() {
    Api invalid = api.invalidOnPurpose();
    Map<String, Integer> bad = Map.of("due <", 5, "hidden or list = Nowhere", 17, "priority", 8);
    String endpoint = withFilter("priority = high", "*");
    JsonNode before = api.get(endpoint).expect(200).data();
    bad.forEach(
        (filter, position) ->
            List.of(
                    invalid.post(
                        ENDPOINTS, Map.of("url", url, "events", List.of("*"), "filter", filter)),
                    invalid.patch(endpoint, Map.of("filter", filter, "payload", "full")))
                .forEach(
                    answer -> {
                      JsonNode error = answer.expect(400, "VALIDATION_ERROR").json().get("error");
                      assertEquals("filter", error.at("/details/0/field").stringValue());
                      assertEquals(position, error.get("position").intValue(), filter);
                    }));
    invalid.patch(endpoint, Map.of("filter", " ")).expect(400, "VALIDATION_ERROR");
    assertEquals(List.of(before), List.copyOf(api.get(ENDPOINTS).expect(200).data().values()));
  }

  @Test
  void FR_231_what_was_changed_before_a_new_filter_is_delivered_as_filtered_then() {
    String home = list("Home");
    String endpoint = withFilter("priority = high", "task.created");
    String before = taskIn(home, "before", "high");
    taskIn(home, "never", "low");
    api.patch(endpoint, Map.of("filter", "priority = low")).expect(200);
    taskIn(home, "never", "high");
    String between = taskIn(home, "between", "low");
    JsonNode all = api.patch(endpoint, nullFilter()).expect(200).data();
    assertTrue(all.get("filter").isNull());
    assertEquals(all, api.get(endpoint).expect(200).data());
    String after = taskIn(home, "after", "medium");
    service.runDueJobs();
    assertEquals(
        List.of(before, between, after).stream().sorted().toList(), received("task.created"));
  }

  private static Map<String, Object> nullFilter() {
    Map<String, Object> patch = new HashMap<>();
    patch.put("filter", null);
    return patch;
  }

  @Test
  void FR_231_a_filter_that_changes_while_events_are_collected_loses_and_repeats_none()
      throws Exception {
    String home = list("Home");
    String endpoint = withFilter("priority = high", "task.created");
    List<String> wanted = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      AtomicBoolean done = new AtomicBoolean();
      Future<?> changing =
          threads.submit(
              () -> {
                for (int i = 0; !done.get(); i++) {
                  String filter = i % 2 == 0 ? "priority >= medium" : "priority = high";
                  api.patch(endpoint, Map.of("filter", filter)).expect(200);
                }
              });
      Future<?> collecting =
          threads.submit(
              () -> {
                while (!done.get()) {
                  service.runDueJobs();
                }
              });
      for (int i = 0; i < 12; i++) {
        wanted.add(taskIn(home, "wanted " + i, "high"));
        taskIn(home, "unwanted " + i, "low");
      }
      done.set(true);
      changing.get();
      collecting.get();
    }
    service.runDueJobs();
    assertEquals(wanted.stream().sorted().toList(), received("task.created"));
  }

  @Test
  void FR_231_many_events_are_matched_at_once() {
    String home = list("Home");
    String endpoint = withFilter("priority = high", "task.created");
    taskIn(home, "one", "low");
    int ofOne = roundTrips.during(() -> api.patch(endpoint, Map.of("payload", "full")).expect(200));
    List<Map<String, Object>> commands =
        IntStream.range(0, 50)
            .mapToObj(
                i ->
                    Map.<String, Object>of(
                        "uuid", UUID.randomUUID().toString(),
                        "type", "task.create",
                        "args", Map.of("title", "many " + i, "priority", "low")))
            .toList();
    api.post("/api/v1/sync", Map.of("commands", commands)).expect(200);
    assertEquals(
        ofOne, roundTrips.during(() -> api.patch(endpoint, Map.of("payload", "thin")).expect(200)));
    assertEquals(0, deliveries(endpoint).size());
  }
}
