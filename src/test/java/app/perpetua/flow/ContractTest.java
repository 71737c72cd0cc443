package app.perpetua.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.contract.Document;
import app.perpetua.flow.fake.CheckoutEvent;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Contract;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.VoiceTestClient;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.RoutesAndContract;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** The contract describes the whole service and nothing else. */
class ContractTest {
  private static final String WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw7uU9r8GKYqo=";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  /** Files of the documentation page, which are not part of the interface. */
  private static final String DOCS_FILES = "/api/v1/docs/";

  /** Schemas of messages that OpenAPI cannot assign to an operation. */
  private static final List<String> MESSAGES_OF_STREAMS =
      List.of("ChatWords", "VoiceConnected", "VoiceTranscript", "VoiceComplete", "VoiceError");

  private final Document contract = Document.parse(resource("/openapi.yaml"));

  /** The operations that {@link #call} has seen succeed. */
  private final Set<String> seen = new TreeSet<>();

  @Test
  void FR_068_routes_and_contract_agree_both_ways() {
    List<Route> routes =
        service.app().routes().stream()
            .filter(route -> !route.path().startsWith(DOCS_FILES))
            .toList();
    assertEquals(List.of(), RoutesAndContract.differences(routes, contract));
  }

  /** {@code routes.txt} shows all modules' endpoints on one page, with guard and rate limit. */
  @Test
  void every_endpoint_is_listed_with_its_guard_and_rate_limit() {
    String routes =
        service.app().routes().stream()
            .map(
                route ->
                    "%-6s %-54s %-12s %s%n"
                        .formatted(
                            route.method(),
                            route.path(),
                            route.handler().getClass().getSimpleName(),
                            route.bucket()))
            .collect(Collectors.joining());
    assertEquals(resource("/routes.txt"), routes, routes);
  }

  @Test
  void FR_068_everything_is_below_api_v1_except_health_metrics_and_calendar_feeds() {
    assertEquals(
        List.of("/health/live", "/health/ready", "/metrics", "/ical/{token}.ics", "/mcp"),
        service.app().routes().stream()
            .map(Route::path)
            .filter(path -> !path.startsWith("/api/v1/"))
            .toList());
  }

  @Test
  void every_operation_documents_its_errors() {
    List<String> missing = new ArrayList<>();
    contract
        .operations()
        .forEach(
            (name, operation) -> {
              Map<String, Object> answers = Document.map(operation.get("responses"));
              for (String status : refusals(name, operation)) {
                if (!answers.containsKey(status)) {
                  missing.add(name + " " + status);
                }
              }
            });
    assertEquals(List.of(), missing);
  }

  private List<String> refusals(String name, Map<String, Object> operation) {
    boolean guarded = Document.list(operation.get("security")).toString().contains("bearerAuth");
    boolean keyed = contract.parameters(operation).containsKey("header Idempotency-Key");
    List<String> statuses = new ArrayList<>(List.of("400", "413", "414", "431", "500"));
    // Liveness depends on nothing that could be unavailable.
    if (!name.endsWith("/health/live")) {
      statuses.add("503");
    }
    if (guarded) {
      statuses.addAll(List.of("401", "429"));
    }
    if (keyed) {
      statuses.addAll(List.of("409", "422"));
    }
    if (!name.startsWith("GET ")) {
      statuses.add("415");
    }
    if (guarded && name.contains("{")) {
      statuses.addAll(List.of("403", "404"));
    }
    return statuses;
  }

  /** Generated clients reject fields that a closed schema does not list; releases add fields. */
  @Test
  void FR_069_schemas_of_answers_are_open_and_those_of_request_bodies_closed() {
    Set<String> answers = new TreeSet<>();
    Set<String> bodies = new TreeSet<>();
    for (Map<String, Object> operation : contract.operations().values()) {
      addObjects(operation.get("responses"), answers);
      addObjects(operation.get("requestBody"), bodies);
    }
    for (String message : MESSAGES_OF_STREAMS) {
      addObjects(Map.of("$ref", "#/components/schemas/" + message), answers);
    }
    assertEquals(
        List.of(), answers.stream().filter(schema -> schema.startsWith("closed")).toList());
    assertEquals(List.of(), bodies.stream().filter(schema -> schema.startsWith("open")).toList());
  }

  /**
   * Adds each schema of the tree that lists its fields, as {@code closed [a, b]}, {@code open [a,
   * b]}, or {@code true [a, b]} if it permits other fields explicitly.
   */
  private void addObjects(@Nullable Object node, Set<String> found) {
    Document.list(node).forEach(item -> addObjects(item, found));
    Map<String, Object> members = contract.resolved(node);
    if (members.get("properties") instanceof Map<?, ?> properties) {
      Object others = members.getOrDefault("additionalProperties", "open");
      found.add((others.equals(false) ? "closed " : others + " ") + properties.keySet());
    }
    members.forEach(
        (name, member) -> {
          if (!name.startsWith("example")) {
            addObjects(member, found);
          }
        });
  }

  @Test
  void a_field_that_the_contract_does_not_define_fails_the_tests() {
    String error = "{'type': 'error', 'code': 'UNAUTHORIZED', 'message': 'm'%s}".replace('\'', '"');
    assertEquals(List.of(), Contract.current().faultsOf("VoiceError", error.formatted("")));
    assertEquals(
        1, Contract.current().faultsOf("VoiceError", error.formatted(", \"x\": 1")).size());
  }

  @Test
  void every_error_has_an_example_with_a_code_of_its_status() {
    List<String> wrong = new ArrayList<>();
    contract
        .operations()
        .forEach(
            (name, operation) ->
                Document.map(operation.get("responses"))
                    .forEach(
                        (status, answer) -> {
                          if (status.compareTo("400") >= 0 && !fits(status, answer)) {
                            wrong.add(name + " " + status);
                          }
                        }));
    assertEquals(List.of(), wrong);
  }

  private boolean fits(String status, @Nullable Object answer) {
    Map<String, Object> json =
        Document.map(
            Document.map(contract.resolved(answer).get("content")).get("application/json"));
    List<String> codes =
        Document.map(json.get("examples")).values().stream()
            .map(example -> Document.map(contract.resolved(example).get("value")))
            .map(value -> String.valueOf(Document.map(value.get("error")).get("code")))
            .toList();
    // Readiness reports failure in its own form.
    boolean readiness = String.valueOf(json.get("schema")).contains("Unreadiness");
    // A URL that is too long is a validation error with a status of its own.
    String expected = status.equals("414") ? "400" : status;
    // Errors of JSON-RPC have numbers.
    boolean rpc = String.valueOf(json.get("schema")).contains("McpError");
    return readiness
        || (rpc && codes.stream().allMatch(code -> code.matches("-32\\d{3}")))
        || (!codes.isEmpty()
            && codes.stream()
                .allMatch(
                    code -> Integer.toString(ErrorCode.valueOf(code).status()).equals(expected)));
  }

  private void assistant(Api api) {
    Map<String, String> message = Map.of("message", "Remind me to water the plants");
    JsonNode proposed = call(api, "POST", "/api/v1/ai/chat", message).data();
    call(api, "POST", "/api/v1/ai/chat/stream", message);
    String suggestion = proposed.get("suggested_actions").get(0).get("id").stringValue();
    String task =
        call(api, "POST", "/api/v1/ai/confirm-action", Map.of("suggestion_id", suggestion))
            .data()
            .at("/task/id")
            .stringValue();
    call(api, "POST", "/api/v1/ai/generate-subtasks", Map.of("task_id", task));
    String note = api.createNote("Buy soil");
    call(api, "POST", "/api/v1/notes/{" + note + "}/convert", null);
  }

  /** The client validates each of these answers against the contract. */
  @Test
  void every_operation_succeeds_as_documented() throws Exception {
    String idToken = service.google().idToken("contract").sign();
    JsonNode signedIn =
        call(service.api(), "POST", "/api/v1/auth/google/callback", Map.of("id_token", idToken))
            .json();
    String refreshToken = signedIn.get("refresh_token").stringValue();
    call(service.api(), "POST", "/api/v1/auth/refresh", Map.of("refresh_token", refreshToken));
    Api api = service.api().as(signedIn.get("access_token").stringValue());
    operators();
    String tasks = "/api/v1/tasks";
    JsonNode made = call(api, "POST", tasks, Map.of("title", "a")).data();
    String task = tasks + "/{" + made.get("id").stringValue() + "}";
    call(api, "GET", tasks, null);
    call(api, "GET", "/api/v1/agenda", null);
    call(api, "GET", task, null);
    call(api, "PATCH", task, Map.of("version", 1, "title", "b"));
    call(api, "PUT", task, Map.of("version", 2, "title", "c"));
    List<String> subtasks = new ArrayList<>();
    for (String title : List.of("first", "second")) {
      subtasks.add(call(api, "POST", task + "/subtasks", Map.of("title", title)).id());
    }
    call(api, "GET", task + "/subtasks", null);
    call(api, "PUT", task + "/subtasks/reorder", Map.of("subtask_ids", subtasks.reversed()));
    String subtask = "/api/v1/subtasks/{" + subtasks.getFirst() + "}";
    call(api, "GET", subtask, null);
    call(api, "PATCH", subtask, Map.of("completed", true));
    call(api, "PUT", subtask, Map.of("order_index", 0));
    call(api, "DELETE", subtask, null);
    reminders(api, made.get("id").stringValue());
    Map<String, String> focus = Map.of("task_id", made.get("id").stringValue());
    call(api, "POST", "/api/v1/focus/start", focus);
    call(api, "GET", "/api/v1/focus/active", null);
    call(api, "POST", "/api/v1/focus/end", focus);
    int version = api.get(task.replaceAll("[{}]", "")).data().get("version").intValue();
    call(api, "POST", task + "/force-complete", Map.of("version", version));
    String quick = "/api/v1/tasks/quick";
    call(api, "POST", quick, Map.of("text", "Call Bob tomorrow 9am !1h", "dry_run", true));
    call(api, "POST", quick, Map.of("text", "Call Bob every monday 9am @calls !1h"));
    String templates = "/api/v1/templates";
    Map<String, String> daily = Map.of("title", "a", "rrule", "FREQ=DAILY");
    Api.Answer repeated = call(api, "POST", templates, daily);
    String template = templates + "/{" + repeated.id() + "}";
    String occurrence = "/api/v1/tasks/{" + repeated.json().at("/task/id").stringValue() + "}";
    call(api, "POST", occurrence + "/postpone", Map.of("days", 2));
    call(api, "POST", occurrence + "/skip", Map.of());
    call(api, "GET", templates, null);
    call(api, "GET", template, null);
    call(api, "PATCH", template, Map.of("rrule", "FREQ=WEEKLY", "apply_to", "future"));
    call(api, "GET", template + "/preview", null);
    call(api, "POST", templates + "/preview", Map.of("rrule", "FREQ=MONTHLY", "count", 3));
    call(api, "DELETE", template, null);
    notesAndRecovery(api);
    call(api, "GET", "/api/v1/activity", null);
    call(api, "GET", "/api/v1/sync", null);
    call(api, "GET", "/api/v1/sync?filter=overdue", null);
    Map<String, Object> command =
        Map.of(
            "uuid", UUID.randomUUID().toString(),
            "type", "note.create",
            "args", Map.of("content", "a"));
    call(api, "POST", "/api/v1/sync", Map.of("commands", List.of(command)));
    call(api, "GET", "/api/v1/events", null);
    call(api, "GET", "/api/v1/credits/balance", null);
    call(api, "GET", "/api/v1/credits/history", null);
    call(api, "GET", "/api/v1/ai/credits", null);
    assistant(api);
    call(api, "GET", "/api/v1/achievements", null);
    call(api, "GET", "/api/v1/achievements/me", null);
    notifications(api, UUID.fromString(made.get("user_id").stringValue()));
    webhooks(api);
    billing(api);
    voice(api, signedIn);
    call(api, "GET", "/api/v1/users/me/export", null);
    call(api, "GET", "/api/v1/users/me/export?format=csv", null);
    imports(api);
    sessions(api);
    tokens(api);
    mcp(api);
    calendarFeeds(api);
    streak(api);
    listsAndLabels(api);
    savedFilters(api);
    call(api, "DELETE", task, null);
    call(api, "PATCH", "/api/v1/users/me", Map.of("name", "Ada"));
    JsonNode me = call(api, "GET", "/api/v1/users/me", null).data();
    call(api, "DELETE", "/api/v1/users/me", Map.of("confirm", me.get("email").stringValue()));
    call(service.api(), "POST", "/api/v1/auth/logout", Map.of("refresh_token", refreshToken));
    Set<String> unseen = new TreeSet<>(contract.operations().keySet());
    unseen.removeAll(seen);
    assertEquals(Set.of(), unseen, "call these, too");
  }

  private void sessions(Api api) {
    Map<String, String> phone = Map.of("id", UUID.randomUUID().toString(), "name", "phone");
    service.signIn("contract", phone);
    call(api, "DELETE", "/api/v1/sessions", null);
    service.signIn("contract", phone);
    JsonNode sessions = call(api, "GET", "/api/v1/sessions", null).data();
    String other =
        sessions
            .valueStream()
            .filter(session -> !session.get("current").booleanValue())
            .findFirst()
            .orElseThrow()
            .get("id")
            .stringValue();
    call(api, "DELETE", "/api/v1/sessions/{" + other + "}", null);
  }

  private void mcp(Api api) {
    Map<String, Object> message =
        Map.of("jsonrpc", "2.0", "id", 1, "method", "tools/list", "params", Map.of());
    call(api, "POST", "/mcp", message);
    call(api, "POST", "/api/v1/mcp", message);
  }

  private void tokens(Api api) {
    Map<String, Object> token = Map.of("name", "Scripts", "scopes", List.of("tasks:read"));
    String id = call(api, "POST", "/api/v1/tokens", token).id();
    call(api, "GET", "/api/v1/tokens", null);
    call(api, "GET", "/api/v1/tokens/{" + id + "}", null);
    call(api, "DELETE", "/api/v1/tokens/{" + id + "}", null);
  }

  private void savedFilters(Api api) {
    String filters = "/api/v1/filters";
    Map<String, String> made = Map.of("name", "Late", "query", "overdue");
    String id = call(api, "POST", filters, made).id();
    String filter = filters + "/{" + id + "}";
    call(api, "GET", filters, null);
    call(api, "GET", filter, null);
    call(api, "GET", "/api/v1/tasks?filter_id=" + id, null);
    call(api, "PATCH", filter, Map.of("position", "V"));
    call(api, "DELETE", filter, null);
  }

  private void streak(Api api) {
    call(api, "GET", "/api/v1/streak", null);
    call(api, "PATCH", "/api/v1/streak", Map.of("rest_weekdays", List.of("sunday")));
    String pause =
        call(api, "POST", "/api/v1/streak/pauses", Map.of("from", "2026-12-24", "to", "2027-01-01"))
            .id();
    call(api, "DELETE", "/api/v1/streak/pauses/{" + pause + "}", null);
  }

  private void listsAndLabels(Api api) {
    String lists = "/api/v1/lists";
    String id = call(api, "POST", lists, Map.of("name", "Garden")).id();
    String list = lists + "/{" + id + "}";
    call(api, "GET", lists, null);
    call(api, "GET", list, null);
    call(api, "PATCH", list, Map.of("name", "Allotment"));
    call(api, "POST", list + "/move", Map.of("first", true));
    String task = "/api/v1/tasks/{" + api.createTask("Dig") + "}";
    call(api, "POST", task + "/move", Map.of("list_id", id));
    call(api, "DELETE", list, null);
    String labels = "/api/v1/labels";
    String label = labels + "/{" + call(api, "POST", labels, Map.of("name", "urgent")).id() + "}";
    call(api, "GET", labels, null);
    call(api, "GET", label, null);
    call(api, "PATCH", label, Map.of("colour", "#D0342C"));
    call(api, "DELETE", label, null);
  }

  private void calendarFeeds(Api api) {
    JsonNode made = call(api, "POST", "/api/v1/calendar-feeds", Map.of("kind", "both")).data();
    call(api, "POST", "/api/v1/calendar-feeds", Map.of("filter", "priority = high"));
    call(api, "GET", "/api/v1/calendar-feeds", null);
    String url = made.get("url").stringValue();
    call(service.api(), "GET", url.replaceFirst("/ical/(.*)\\.ics", "/ical/{$1}.ics"), null);
    call(api, "DELETE", "/api/v1/calendar-feeds/{" + made.get("id").stringValue() + "}", null);
  }

  private void reminders(Api api, String taskId) {
    String at = Json.instant(service.clock().instant().plusSeconds(60));
    Map<String, Object> reminder = Map.of("type", "absolute", "scheduled_at", at);
    String ofTask = "/api/v1/tasks/{" + taskId + "}/reminders";
    JsonNode made = call(api, "POST", ofTask, reminder).data();
    String one = "/api/v1/reminders/{" + made.get("id").stringValue() + "}";
    Map<String, Object> another = new HashMap<>(reminder);
    another.put("task_id", taskId);
    call(api, "POST", "/api/v1/reminders", another);
    call(api, "GET", ofTask, null);
    call(api, "GET", "/api/v1/reminders", null);
    call(api, "GET", one, null);
    call(api, "PATCH", one, Map.of("method", "push"));
    call(api, "DELETE", one, null);
  }

  private void notesAndRecovery(Api api) {
    String notes = "/api/v1/notes";
    JsonNode made = call(api, "POST", notes, Map.of("content", "a")).data();
    String note = notes + "/{" + made.get("id").stringValue() + "}";
    call(api, "GET", notes, null);
    call(api, "GET", note, null);
    call(api, "GET", "/api/v1/search?q=a", null);
    call(api, "PATCH", note, Map.of("content", "b"));
    JsonNode ofNote = call(api, "DELETE", note, null).data();
    String tombstones = "/api/v1/recovery/tombstones";
    call(api, "GET", tombstones, null);
    String tombstone = tombstones + "/{" + ofNote.get("tombstone_id").stringValue() + "}";
    call(api, "POST", tombstone + "/recover", null);
    String task = api.createTask("a");
    JsonNode ofTask = api.delete("/api/v1/tasks/" + task).expect(200).data();
    String recover = "/api/v1/tasks/recover/{" + ofTask.get("tombstone_id").stringValue() + "}";
    call(api, "POST", recover, null);
    String entry = api.get("/api/v1/activity").expect(200).data().get(0).get("id").stringValue();
    call(api, "POST", "/api/v1/activity/{" + entry + "}/undo", null);
  }

  private void imports(Api api) {
    call(api, "GET", "/api/v1/export-schema.json", null);
    String imports = "/api/v1/imports";
    JsonNode made =
        call(
                api.with("Content-Type", "application/octet-stream"),
                "POST",
                imports + "?source=todoist_csv",
                "TYPE,CONTENT\ntask,a\n")
            .data();
    service.runDueJobs();
    call(api, "GET", imports, null);
    String one = imports + "/{" + made.get("id").stringValue() + "}";
    call(api, "GET", one, null);
    call(api, "GET", one + "/report", null);
  }

  private void notifications(Api api, UUID user) {
    String notifications = "/api/v1/notifications";
    UUID id = UUID.randomUUID();
    database.run(
        """
        insert into activity.notifications (id, user_id, type, title, body, created_at, updated_at)
        values (?, ?, 'system', 'title', 'body', ?, ?)
        """,
        id,
        user,
        service.clock().instant(),
        service.clock().instant());
    call(api, "GET", notifications, null);
    call(api, "PATCH", notifications + "/{" + id + "}/read", null);
    call(api, "POST", notifications + "/read-all", null);
    call(api, "DELETE", notifications + "/{" + id + "}", null);
    call(api, "GET", notifications + "/push-key", null);
    FakePushService.Subscription browser = service.push().subscribe();
    call(api, "POST", notifications + "/push-subscription", browser.json());
    call(
        api,
        "DELETE",
        notifications + "/push-subscription",
        Map.of("endpoint", browser.endpoint()));
  }

  private void webhooks(Api api) {
    String endpoints = "/api/v1/webhooks/endpoints";
    service.webhooks().receiver().expect(WEBHOOK_SECRET);
    Map<String, Object> made =
        Map.of(
            "url",
            service.webhooks().origin() + "/contract",
            "events",
            List.of("*"),
            "secret",
            WEBHOOK_SECRET);
    String id = call(api, "POST", endpoints, made).data().get("id").stringValue();
    String endpoint = endpoints + "/{" + id + "}";
    call(api, "GET", endpoints, null);
    call(api, "GET", endpoint, null);
    call(api, "PATCH", endpoint, Map.of("payload", "full", "filter", "overdue"));
    call(api, "POST", endpoint + "/test", null);
    service.runDueJobs();
    JsonNode deliveries = call(api, "GET", endpoint + "/deliveries", null).data();
    String delivery = deliveries.get(0).get("id").stringValue();
    call(api, "POST", endpoint + "/deliveries/{" + delivery + "}/redeliver", null);
    call(api, "POST", endpoint + "/rotate-secret", null);
    call(api, "DELETE", endpoint, null);
  }

  private void billing(Api api) {
    call(api, "POST", "/api/v1/credits/purchase", Map.of("amount", 10));
    call(api, "POST", "/api/v1/subscription/purchase-credits", Map.of("amount", 10));
    call(api, "POST", "/api/v1/subscription/upgrade", null);
    JsonNode page = call(api, "POST", "/api/v1/subscription/checkout", null).data();
    CheckoutEvent paid =
        CheckoutEvent.of("payment_captured", service.clock().instant())
            .amount(999)
            .reference(
                service
                    .checkout()
                    .page(page.get("session_id").stringValue())
                    .orElseThrow()
                    .reference());
    Api provider =
        service
            .api()
            .with(
                "Cko-Signature", CheckoutEvent.signature(FakeCheckout.WEBHOOK_SECRET, paid.body()));
    call(provider, "POST", "/api/v1/webhooks/checkout", paid.body());
    call(api, "GET", "/api/v1/subscription", null);
    call(api, "POST", "/api/v1/subscription/cancel", null);
  }

  private void voice(Api api, JsonNode signedIn) throws Exception {
    database.run(
        "update auth.users set tier = 'pro' where id = ?",
        UUID.fromString(signedIn.at("/user/id").stringValue()));
    Map<String, Object> recording =
        Map.of("audio_url", "http://recordings.test/a.webm", "duration_seconds", 20);
    call(api, "POST", "/api/v1/ai/transcribe", recording);
    call(api, "POST", "/api/v1/ws/voice/tickets", null);
    try (VoiceTestClient client =
        VoiceTestClient.open(service.port(), signedIn.get("access_token").stringValue())) {
      String id = client.next("connected").get("session_id").stringValue();
      seen.add("GET /api/v1/ws/voice/transcribe");
      client.endStream();
      client.next("complete");
      call(api, "GET", "/api/v1/ai/voice-sessions", null);
      call(api, "GET", "/api/v1/ai/voice-sessions/{" + id + "}", null);
    }
  }

  private void operators() {
    for (String path :
        List.of(
            "/health/live",
            "/health/ready",
            "/api/v1/health/live",
            "/api/v1/health/ready",
            "/metrics",
            "/api/v1/openapi.json",
            "/api/v1/openapi.yaml",
            "/api/v1/docs",
            "/api/v1/.well-known/jwks.json")) {
      call(service.api(), "GET", path, null);
    }
  }

  /** Ids in the path are in braces in place of the contract's parameters. */
  private Api.Answer call(Api api, String method, String path, @Nullable Object body) {
    Api.Answer answer = api.send(method, path.replaceAll("[{}]", ""), body);
    String operation = anonymous(method + " " + path.replaceAll("\\?.*", ""));
    String name =
        contract.operations().keySet().stream()
            .filter(listed -> anonymous(listed).equals(operation))
            .findFirst()
            .orElse(operation);
    boolean documented =
        Document.map(contract.operations().getOrDefault(name, Map.of()).get("responses"))
            .containsKey(Integer.toString(answer.status()));
    if (!documented || answer.status() >= 300) {
      throw new AssertionError(name + " answered " + answer);
    }
    seen.add(name);
    return answer;
  }

  private static String anonymous(String name) {
    return name.replaceAll("\\{[^}]*}", "{}");
  }

  private static String resource(String path) {
    try (InputStream in = ContractTest.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException(path + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
