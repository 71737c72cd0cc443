package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.CheckoutEvent;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeDeepgram.Recording;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.fake.WebmFile;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.VoiceTestClient;
import app.perpetua.flow.harness.hostile.Operation;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.jobs.Worker;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * FR-095: the clock steps back between two requests, because it was corrected or because another
 * instance, whose clock is slower, answers the second one. Every operation of the contract works as
 * at any other time.
 */
class ClockStepTest {
  private static final String V1 = "/api/v1";
  private static final String SOCKET = "GET /api/v1/ws/voice/transcribe";
  private static final Map<String, Object> DAILY = Map.of("title", "again", "rrule", "FREQ=DAILY");

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("KICKSTART_CREDITS", "1000")
          .with("AUDIO_HOSTS", "http://recordings.test,*");

  /** Operations that were called after the step. */
  private final Set<String> covered = new TreeSet<>();

  private final String subject = "google-" + UUID.randomUUID();
  private final Instant before = MutableClock.START.plus(Duration.ofDays(3));

  /** What exists before the step, by name. */
  private final Map<String, String> ids = new HashMap<>();

  private FakePushService.@Nullable Subscription browser;
  private TestService.@Nullable Session session;

  @BeforeEach
  void setClock() {
    service.clock().set(before);
    database.makeDays(before);
    session = service.signIn(subject);
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT2S", "PT1H", "P2D", "P10D"})
  void FR_095_every_operation_works_after_the_clock_stepped_back(Duration step) throws Exception {
    prepare();
    try (VoiceTestClient voice = VoiceTestClient.open(service.port(), session().accessToken())) {
      ids.put("voice-sessions", voice.next("connected").get("session_id").stringValue());
      voice.audio(WebmFile.pieces(20).getFirst());
      service.clock().set(before.minus(step));
      useTokens();
      voice.endStream();
      voice.next("complete");
    }
    covered.add(SOCKET);
    changeListsAndLabels();
    changeTasks();
    changeSubtasksAndReminders();
    changeTemplates();
    changeNotesAndDeletions();
    changeFilters();
    importFile();
    executeCommands();
    askTheAssistant();
    notifyAndPay();
    succeed(service.runDueJobs());
    read();
    assertEquals(
        Operation.all().stream()
            .map(Operation::name)
            .filter(name -> !name.equals("DELETE /api/v1/users/me"))
            .collect(Collectors.toCollection(TreeSet::new)),
        covered);
    // The clock catches up, with a day's jobs.
    service.clock().set(before.plus(Duration.ofDays(1)));
    database.makeDays(service.clock().instant());
    succeed(service.runDueJobs());
    session = service.signIn(subject);
    send("DELETE", "/users/me", Map.of("confirm", email()), 204);
  }

  /** Each way in which a focus session ends, before it has started. */
  @ParameterizedTest
  @ValueSource(strings = {"end", "complete", "force", "auto", "archive", "delete"})
  void FR_095_a_focus_session_that_ends_before_it_started_counts_nothing(String way) {
    String task = api().createTask("focused");
    String subtask = api().createSubtask(task, "only");
    send("POST", "/focus/start", Map.of("task_id", task), 200);
    service.clock().set(before.minus(Duration.ofHours(1)));
    session = service.signIn(subject);
    switch (way) {
      case "end" -> {
        JsonNode ended = send("POST", "/focus/end", Map.of("task_id", task), 200).data();
        assertEquals(0, ended.get("duration_seconds").intValue());
        assertEquals(Json.instant(before), ended.get("started_at").stringValue());
        assertEquals(Json.instant(before), ended.get("ended_at").stringValue());
      }
      case "complete" -> send("PATCH", "/tasks/" + task, Map.of("completed", true), 200);
      case "force" -> send("POST", "/tasks/" + task + "/force-complete", Map.of("version", 2), 200);
      case "auto" -> send("PATCH", "/subtasks/" + subtask, Map.of("completed", true), 200);
      case "archive" -> send("PATCH", "/tasks/" + task, Map.of("archived", true), 200);
      default -> send("DELETE", "/tasks/" + task, null, 200);
    }
    assertTrue(api().get(V1 + "/focus/active").expect(200).data().isNull());
    if (!way.equals("delete")) {
      JsonNode shown = api().get(V1 + "/tasks/" + task).expect(200).data();
      assertEquals(0, shown.get("focus_time_seconds").intValue());
    }
    // A client's own duration is not believed either.
    String other = api().createTask("other");
    send("POST", "/focus/start", Map.of("task_id", other), 200);
    service.clock().advance(Duration.ofSeconds(-2));
    Map<String, Object> own = Map.of("task_id", other, "duration_seconds", 600);
    assertEquals(0, send("POST", "/focus/end", own, 200).data().get("duration_seconds").intValue());
  }

  @Test
  void FR_095_the_latest_deletion_can_be_undone_whatever_the_clock_says() {
    for (int i = 0; i < 3; i++) {
      tombstone("/tasks/" + api().createTask("earlier"));
    }
    String task = api().createTask("latest");
    service.clock().advance(Duration.ofSeconds(-2));
    String latest = tombstone("/tasks/" + task);
    assertEquals(3, api().get(V1 + "/recovery/tombstones").expect(200).data().size());
    send("POST", "/recovery/tombstones/" + latest + "/recover", null, 200);
  }

  private void prepare() {
    String task = id("tasks", task("task", before.plus(Duration.ofHours(5))));
    id("subtasks", api().createSubtask(task, "first"));
    id("second", api().createSubtask(task, "second"));
    id("forced", api().createTask("forced"));
    id("deleted", api().createTask("deleted"));
    String completed = id("completed", api().createTask("completed"));
    send("PATCH", "/tasks/" + completed, Map.of("completed", true), 200);
    send("POST", "/focus/start", Map.of("task_id", id("focused", api().createTask("f"))), 200);
    id("reminders", remind(Map.of("type", "before", "offset_minutes", 30)));
    id("other reminder", remind(Map.of("type", "after", "offset_minutes", 30)));
    remind(Map.of("type", "absolute", "scheduled_at", Json.instant(before)));
    Api.Answer created = send("POST", "/templates", DAILY, 201);
    id("templates", created.id());
    id("instance", created.json().at("/task/id").stringValue());
    Api.Answer other = send("POST", "/templates", DAILY, 201);
    id("other template", other.id());
    id("other instance", other.json().at("/task/id").stringValue());
    String note = id("notes", api().createNote("Call the dentist"));
    id("filters", send("POST", "/filters", Map.of("name", "Late", "query", "overdue"), 201).id());
    id("note tombstone", tombstone("/notes/" + api().createNote("gone")));
    id("task tombstone", tombstone("/tasks/" + api().createTask("gone")));
    JsonNode proposed = send("POST", "/notes/" + note + "/convert", null, 200).data();
    id("suggestion", proposed.get("suggestion_id").stringValue());
    browser = service.push().subscribe();
    send("POST", "/notifications/push-subscription", browser.json(), 201);
    id("endpoints", send("POST", "/webhooks/endpoints", endpoint(), 201).id());
    pay("payment_captured", send("POST", "/subscription/checkout", null, 200), 999);
    send("POST", "/ai/chat", Map.of("message", "Hello"), 200);
    succeed(service.runDueJobs());
    id("notifications", api().get(V1 + "/notifications").data().get(0).get("id").stringValue());
    JsonNode test =
        send("POST", "/webhooks/endpoints/" + named("endpoints") + "/test", null, 200).data();
    id("deliveries", test.get("id").stringValue());
    id("lists", send("POST", "/lists", Map.of("name", "Garden"), 201).id());
    id("labels", send("POST", "/labels", Map.of("name", "urgent"), 201).id());
    Api.Answer feed = send("POST", "/calendar-feeds", Map.of("kind", "both"), 201);
    id("feed", feed.id());
    id("key", UUID.randomUUID().toString());
    id("once", once().id());
  }

  /** Access tokens from the future are accepted or refused; refresh tokens work. */
  private void useTokens() {
    int status = api().get(V1 + "/users/me").status();
    assertTrue(status == 200 || status == 401, () -> "status " + status);
    Map<String, Object> old = Map.of("refresh_token", session().refreshToken());
    Api.Answer next = call("POST", "/auth/refresh", old, 200);
    assertEquals(
        next.json().get("refresh_token"),
        call("POST", "/auth/refresh", old, 200).json().get("refresh_token"));
    Map<String, Object> latest =
        Map.of("refresh_token", next.json().get("refresh_token").stringValue());
    call("POST", "/auth/logout", latest, 204);
    session = service.signIn(subject);
    endSessions();
    Map<String, Object> token = Map.of("name", "Scripts", "scopes", List.of("tasks:read"));
    ids.put("tokens", call("POST", "/tokens", token, 201).id());
    call("DELETE", "/tokens/{tokens}", null, 204);
    Map<String, Object> message =
        Map.of(
            "jsonrpc", "2.0", "id", 1, "method", "tools/call", "params", Map.of("name", "agenda"));
    api().post("/mcp", message).expect(200);
    call("POST", "/mcp", message, 200);
    covered.add("POST /mcp");
    covered.add("POST /api/v1/auth/google/callback");
    call("PATCH", "/users/me", Map.of("name", "Ada", "timezone", "Asia/Tokyo"), 200);
    assertEquals(named("once"), once().id());
    readCalendar();
    pause();
  }

  private void pause() {
    call("PATCH", "/streak", Map.of("rest_weekdays", List.of("sunday")), 200);
    String day = Json.instant(service.clock().instant().plus(Duration.ofDays(5))).substring(0, 10);
    id("pause", call("POST", "/streak/pauses", Map.of("from", day, "to", day), 201).id());
    call("DELETE", "/streak/pauses/{pause}", null, 204);
  }

  private void readCalendar() {
    String path = call("POST", "/calendar-feeds", Map.of(), 201).data().get("url").stringValue();
    service.api().get(path).expect(200);
    id("ical", path.substring("/ical/".length(), path.length() - ".ics".length()));
    call("DELETE", "/calendar-feeds/{feed}", null, 204);
  }

  private void endSessions() {
    Map<String, String> phone = Map.of("id", UUID.randomUUID().toString(), "name", "phone");
    service.signIn(subject, phone);
    call("DELETE", "/sessions", null, 204);
    service.signIn(subject, phone);
    JsonNode listed = api().get(V1 + "/sessions").expect(200).data();
    assertEquals(2, listed.size());
    for (JsonNode one : listed) {
      if (!one.get("current").booleanValue()) {
        ids.put("sessions", one.get("id").stringValue());
        call("DELETE", "/sessions/{sessions}", null, 204);
      }
    }
  }

  private void changeListsAndLabels() {
    call("GET", "/lists", null, 200);
    call("GET", "/lists/{lists}", null, 200);
    String list = call("POST", "/lists", Map.of("name", "House"), 201).id();
    call("PATCH", "/lists/{lists}", Map.of("name", "Allotment"), 200);
    call("POST", "/lists/{lists}/move", Map.of("after", list), 200);
    call("POST", "/tasks/{tasks}/move", Map.of("list_id", list), 200);
    call("GET", "/labels", null, 200);
    call("GET", "/labels/{labels}", null, 200);
    call("POST", "/labels", Map.of("name", "important"), 201);
    call("PATCH", "/labels/{labels}", Map.of("name", "later"), 200);
    call("DELETE", "/labels/{labels}", null, 204);
    call("DELETE", "/lists/{lists}", null, 200);
  }

  private void changeTasks() {
    Instant due = service.clock().instant().plus(Duration.ofHours(1));
    Map<String, Object> draft = Map.of("title", "new", "due_date", Json.instant(due));
    call("POST", "/tasks", draft, 201);
    Map<String, Object> changed =
        Map.of("version", version("tasks"), "title", "b", "due_date", Json.instant(due));
    call("PATCH", "/tasks/{tasks}", changed, 200);
    call("PUT", "/tasks/{tasks}", Map.of("version", version("tasks"), "title", "c"), 200);
    call("PATCH", "/tasks/{completed}", Map.of("completed", false), 200);
    call("PATCH", "/tasks/{completed}", Map.of("completed", true), 200);
    call("PATCH", "/tasks/{completed}", Map.of("hidden", true), 200);
    call("POST", "/tasks/{forced}/force-complete", Map.of("version", 1), 200);
    call("DELETE", "/tasks/{deleted}", null, 200);
    Map<String, Object> focused = Map.of("task_id", named("focused"));
    assertEquals(
        0, call("POST", "/focus/end", focused, 200).data().get("duration_seconds").intValue());
    call("POST", "/focus/start", focused, 200);
  }

  private void changeSubtasksAndReminders() {
    String third = call("POST", "/tasks/{tasks}/subtasks", Map.of("title", "third"), 201).id();
    List<String> order = List.of(third, named("second"), named("subtasks"));
    call("PUT", "/tasks/{tasks}/subtasks/reorder", Map.of("subtask_ids", order), 200);
    call("GET", "/subtasks/{subtasks}", null, 200);
    call("PATCH", "/subtasks/{subtasks}", Map.of("completed", true), 200);
    call("PUT", "/subtasks/{subtasks}", Map.of("title", "renamed"), 200);
    call("DELETE", "/subtasks/{second}", null, 204);
    Map<String, Object> relative = Map.of("type", "after", "offset_minutes", 5);
    call("POST", "/tasks/{tasks}/reminders", relative, 201);
    Map<String, Object> own =
        Map.of(
            "task_id",
            named("tasks"),
            "type",
            "absolute",
            "scheduled_at",
            Json.instant(service.clock().instant()));
    call("POST", "/reminders", own, 201);
    call("PATCH", "/reminders/{reminders}", Map.of("offset_minutes", 10), 200);
    call("DELETE", "/reminders/{other reminder}", null, 204);
  }

  private void changeTemplates() {
    call("POST", "/templates", DAILY, 201);
    call("POST", "/templates/preview", Map.of("rrule", "FREQ=WEEKLY"), 200);
    Map<String, Object> rule = Map.of("rrule", "FREQ=WEEKLY", "apply_to", "future");
    call("PATCH", "/templates/{templates}", rule, 200);
    call("POST", "/tasks/quick", Map.of("text", "Stretch daily 9am @health"), 201);
    call("POST", "/tasks/{instance}/postpone", Map.of("days", 3), 200);
    call("POST", "/tasks/{other instance}/skip", Map.of(), 200);
    call("DELETE", "/templates/{other template}", null, 204);
    call("PATCH", "/tasks/{instance}", Map.of("completed", true), 200);
    succeed(service.runDueJobs());
  }

  private void changeFilters() {
    call("GET", "/filters", null, 200);
    call("GET", "/filters/{filters}", null, 200);
    call("POST", "/filters", Map.of("name", "Today", "query", "due = today"), 201);
    call("PATCH", "/filters/{filters}", Map.of("query", "overdue"), 200);
    call("DELETE", "/filters/{filters}", null, 204);
  }

  private void changeNotesAndDeletions() {
    call("POST", "/notes", Map.of("content", "new"), 201);
    call("PATCH", "/notes/{notes}", Map.of("content", "Call the doctor"), 200);
    // Two of the three tombstones are restored; then there is room for the next one.
    call("POST", "/tasks/recover/{task tombstone}", null, 200);
    call("POST", "/recovery/tombstones/{note tombstone}/recover", null, 200);
    String note = api().createNote("to delete");
    ids.put("other note", note);
    call("DELETE", "/notes/{other note}", null, 200);
    JsonNode newest = api().get(V1 + "/activity?entity_id=" + note).expect(200).data().get(0);
    ids.put("deletion", newest.get("id").stringValue());
    call("POST", "/activity/{deletion}/undo", null, 200);
    call("DELETE", "/notes/{other note}", null, 200);
  }

  private void importFile() {
    Api.Answer made =
        api()
            .with("Content-Type", "application/octet-stream")
            .post(V1 + "/imports?source=todoist_csv", "TYPE,CONTENT\ntask,imported\n")
            .expect(201);
    covered.add("POST " + V1 + "/imports");
    ids.put("imports", made.id());
    succeed(service.runDueJobs());
  }

  private void executeCommands() {
    Map<String, Object> command =
        Map.of(
            "uuid", UUID.randomUUID().toString(),
            "type", "task.create",
            "args", Map.of("title", "of a batch"));
    Api.Answer answer = call("POST", "/sync", Map.of("commands", List.of(command)), 200);
    assertEquals(
        201,
        answer
            .data()
            .get("results")
            .get(String.valueOf(command.get("uuid")))
            .get("status")
            .asInt());
  }

  private void askTheAssistant() {
    call("POST", "/ws/voice/tickets", null, 200);
    call("POST", "/ai/chat", Map.of("message", "What is next?"), 200);
    call("POST", "/ai/chat/stream", Map.of("message", "What is next?"), 200);
    call("POST", "/ai/generate-subtasks", Map.of("task_id", named("tasks")), 200);
    call("POST", "/ai/confirm-action", Map.of("suggestion_id", named("suggestion")), 200);
    ids.put("open note", api().createNote("Buy milk"));
    call("POST", "/notes/{open note}/convert", null, 200);
    service.deepgram().respondWith(Recording.of("Buy milk.", 60.9));
    Map<String, Object> recording =
        Map.of("audio_url", "http://recordings.test/note.webm", "duration_seconds", 120);
    call("POST", "/ai/transcribe", recording, 200);
  }

  private void notifyAndPay() {
    call("PATCH", "/notifications/{notifications}/read", null, 200);
    call("POST", "/notifications/read-all", null, 200);
    call("DELETE", "/notifications/{notifications}", null, 204);
    Map<String, Object> subscription = Objects.requireNonNull(browser).json();
    call("POST", "/notifications/push-subscription", subscription, 200);
    call(
        "DELETE",
        "/notifications/push-subscription",
        Map.of("endpoint", String.valueOf(subscription.get("endpoint"))),
        204);
    useWebhooks();
    pay("payment_captured", call("POST", "/credits/purchase", Map.of("amount", 10), 200), 100);
    covered.add("POST /api/v1/webhooks/checkout");
    call("POST", "/subscription/cancel", null, 200);
    call("POST", "/subscription/purchase-credits", Map.of("amount", 10), 200);
    call("POST", "/subscription/upgrade", null, 200);
    Api.Answer order = call("POST", "/subscription/checkout", null, 200);
    pay("payment_captured", order, 999);
    pay("payment_refunded", order, 999);
  }

  private void useWebhooks() {
    call("PATCH", "/webhooks/endpoints/{endpoints}", Map.of("payload", "full"), 200);
    call("POST", "/webhooks/endpoints/{endpoints}/test", null, 200);
    call("POST", "/webhooks/endpoints/{endpoints}/deliveries/{deliveries}/redeliver", null, 200);
    call("POST", "/webhooks/endpoints/{endpoints}/rotate-secret", null, 200);
    succeed(service.runDueJobs());
    call("DELETE", "/webhooks/endpoints/{endpoints}", null, 204);
    call("POST", "/webhooks/endpoints", endpoint(), 201);
  }

  private static Map<String, Object> endpoint() {
    return Map.of("url", service.webhooks().origin() + "/clock", "events", List.of("*"));
  }

  /** Every operation that reads. */
  private void read() {
    for (Operation operation : Operation.all()) {
      if (operation.method().equals("GET") && !operation.name().equals(SOCKET)) {
        String[] steps = operation.path().split("/", -1);
        for (int i = 1; i < steps.length; i++) {
          if (steps[i].startsWith("{")) {
            steps[i] =
                String.valueOf(ids.get(steps[i - 1]))
                    + steps[i].substring(steps[i].indexOf('}') + 1);
          }
        }
        String target =
            String.join("/", steps) + (operation.path().endsWith("/search") ? "?q=a" : "");
        int status = api().get(target).status();
        assertTrue(status == 200 || status == 404, () -> operation + " " + status);
        covered.add(operation.name());
      }
    }
  }

  /** As {@link #send}, of an operation under test. */
  private Api.Answer call(String method, String path, @Nullable Object body, int status) {
    String target = path;
    for (Map.Entry<String, String> entry : ids.entrySet()) {
      target = target.replace("{" + entry.getKey() + "}", entry.getValue());
    }
    Api.Answer answer = send(method, target, body, status);
    String named =
        path.replaceAll("\\{[a-z ]+}", "{id}")
            .replace("/tasks/recover/{id}", "/tasks/recover/{tombstone_id}")
            .replace("/deliveries/{id}", "/deliveries/{delivery_id}");
    covered.add(method + " " + V1 + named);
    return answer;
  }

  private Api.Answer send(String method, String path, @Nullable Object body, int status) {
    return api().send(method, V1 + path, body).expect(status);
  }

  private Api.Answer once() {
    return api()
        .withKey(UUID.fromString(named("key")))
        .post(V1 + "/tasks", Map.of("title", "once"))
        .expect(201);
  }

  private String named(String name) {
    return Objects.requireNonNull(ids.get(name), name);
  }

  private String id(String name, String id) {
    ids.put(name, id);
    return id;
  }

  private String task(String title, Instant due) {
    return send("POST", "/tasks", Map.of("title", title, "due_date", Json.instant(due)), 201).id();
  }

  private String remind(Map<String, Object> reminder) {
    return send("POST", "/tasks/" + named("tasks") + "/reminders", reminder, 201).id();
  }

  private String tombstone(String path) {
    return send("DELETE", path, null, 200).data().get("tombstone_id").stringValue();
  }

  private int version(String task) {
    return api().get(V1 + "/tasks/" + ids.get(task)).expect(200).data().get("version").intValue();
  }

  /** Sends a signed webhook about the payment of an order. */
  private static void pay(String type, Api.Answer order, int cents) {
    UUID reference =
        service
            .checkout()
            .page(order.data().get("session_id").stringValue())
            .orElseThrow()
            .reference();
    byte[] body =
        CheckoutEvent.of(type, service.clock().instant())
            .payment("pay_" + reference)
            .reference(reference)
            .amount(cents)
            .source("src_card")
            .body();
    service
        .api()
        .invalidOnPurpose()
        .with("Cko-Signature", CheckoutEvent.signature(FakeCheckout.WEBHOOK_SECRET, body))
        .post(V1 + "/webhooks/checkout", body)
        .expect(200);
  }

  private static void succeed(List<Worker.Run> runs) {
    assertEquals(
        List.of(),
        runs.stream()
            .filter(
                run ->
                    run.outcome() != Worker.Outcome.DONE && run.outcome() != Worker.Outcome.SNOOZED)
            .toList());
  }

  private String email() {
    return api().get(V1 + "/users/me").expect(200).data().get("email").stringValue();
  }

  private TestService.Session session() {
    return Objects.requireNonNull(session);
  }

  private Api api() {
    return session().api();
  }
}
