package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.contract.Document;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.VoiceTestClient;
import app.perpetua.flow.harness.hostile.DatabaseDigest;
import app.perpetua.flow.harness.hostile.Operation;
import app.perpetua.flow.harness.hostile.Operation.Field;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/**
 * Who may do what, for every operation of the contract: another user's ids in paths, bodies,
 * parameters and headers; requests without a token; fields that belong to the service. Operations
 * are read from the contract, so that a new one fails here until it is considered.
 */
class AuthorizationTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  /** Part of every text of the owner. */
  private static final String MARK = "Zq9owner";

  private static final List<Operation> OPERATIONS = Operation.all();

  /** Operations that need no token of a user. */
  private static final Set<String> PUBLIC =
      Set.of(
          "GET /health/live",
          "GET /health/ready",
          "GET /api/v1/health/live",
          "GET /api/v1/health/ready",
          "GET /metrics",
          "GET /api/v1/docs",
          "GET /api/v1/openapi.json",
          "GET /api/v1/export-schema.json",
          "GET /api/v1/openapi.yaml",
          "GET /api/v1/.well-known/jwks.json",
          "POST /api/v1/auth/google/callback",
          "POST /api/v1/auth/refresh",
          "POST /api/v1/auth/logout",
          "POST /api/v1/webhooks/checkout",
          "GET /ical/{token}.ics",
          "GET /api/v1/ws/voice/transcribe");

  /** Valid bodies of the operations with an id in the path; the others take none. */
  private static final Map<String, Object> BODIES =
      Map.ofEntries(
          Map.entry("PATCH /api/v1/tasks/{id}", Map.of("version", 1, "title", "taken")),
          Map.entry("PUT /api/v1/tasks/{id}", Map.of("version", 1, "title", "taken")),
          Map.entry("POST /api/v1/tasks/{id}/force-complete", Map.of("version", 1)),
          Map.entry("POST /api/v1/tasks/{id}/skip", Map.of()),
          Map.entry("POST /api/v1/tasks/{id}/postpone", Map.of("days", 1)),
          Map.entry("POST /api/v1/tasks/{id}/move", Map.of("first", true)),
          Map.entry("PATCH /api/v1/lists/{id}", Map.of("name", "taken")),
          Map.entry("POST /api/v1/lists/{id}/move", Map.of("first", true)),
          Map.entry("PATCH /api/v1/labels/{id}", Map.of("name", "taken")),
          Map.entry("PATCH /api/v1/filters/{id}", Map.of("name", "taken")),
          Map.entry("POST /api/v1/tasks/{id}/subtasks", Map.of("title", "added")),
          Map.entry("PATCH /api/v1/subtasks/{id}", Map.of("completed", true)),
          Map.entry("PUT /api/v1/subtasks/{id}", Map.of("order_index", 0)),
          Map.entry("PATCH /api/v1/reminders/{id}", Map.of("method", "push")),
          Map.entry("PATCH /api/v1/templates/{id}", Map.of("active", false)),
          Map.entry("PATCH /api/v1/notes/{id}", Map.of("content", "taken")),
          Map.entry("PATCH /api/v1/webhooks/endpoints/{id}", Map.of("enabled", false)));

  /** Fields of answers and tables that no client may set. */
  private static final List<String> OF_THE_SERVICE =
      List.of(
          "id",
          "user_id",
          "owner_id",
          "google_id",
          "tier",
          "role",
          "is_admin",
          "credits",
          "balance",
          "status",
          "created_at",
          "updated_at",
          "completed_at",
          "completed_by",
          "deleted_at",
          "actual_duration_seconds",
          "credits_used",
          "limit_id");

  private static final UUID UNKNOWN = UUID.randomUUID();

  private static Owner owner;

  private final DatabaseDigest digest = new DatabaseDigest(database);
  private final Api stranger = service.newPro().api();

  /**
   * A user with one of each resource.
   *
   * @param ids by the step before the id in paths, or the name of a field, parameter or header
   */
  private record Owner(TestService.Session session, Map<String, String> ids) {}

  @BeforeAll
  static void makeOwner() throws Exception {
    TestService.Session session = service.newPro();
    Api api = session.api();
    Map<String, String> ids = new LinkedHashMap<>();
    String task = api.createTask(MARK + " task");
    ids.put("tasks", task);
    ids.put("subtasks", api.createSubtask(task, MARK + " subtask"));
    Map<String, String> template = Map.of("title", MARK + " template", "rrule", "FREQ=DAILY");
    ids.put("templates", api.post("/api/v1/templates", template).expect(201).id());
    ids.put(
        "reminders", api.post("/api/v1/tasks/" + task + "/reminders", reminder()).expect(201).id());
    ids.put("notes", api.createNote(MARK + " note"));
    String gone = api.createTask(MARK + " deleted");
    JsonNode deletion = api.delete("/api/v1/tasks/" + gone).expect(200).data();
    ids.put("tombstones", deletion.get("tombstone_id").stringValue());
    ids.put("notifications", notification(session.userId()));
    try (VoiceTestClient client = VoiceTestClient.open(service.port(), session.accessToken())) {
      ids.put("voice-sessions", client.next("connected").get("session_id").stringValue());
      client.endStream();
      client.next("complete");
    }
    service
        .openAi()
        .script(
            OpenAiStep.call("create_task", "{\"title\": \"" + MARK + "\"}"),
            OpenAiStep.say("Here."));
    Api.Answer proposal = api.post("/api/v1/ai/chat", Map.of("message", "Add it")).expect(200);
    ids.put("suggestion_id", proposal.data().at("/suggested_actions/0/id").stringValue());
    ids.put(
        "sessions", api.get("/api/v1/sessions").expect(200).data().get(0).get("id").stringValue());
    ids.put(
        "activity", api.get("/api/v1/activity").expect(200).data().get(0).get("id").stringValue());
    ids.put(
        "tokens",
        api.post("/api/v1/tokens", Map.of("name", MARK, "scopes", List.of("tasks:read")))
            .expect(201)
            .id());
    Map<String, Object> endpoint =
        Map.of("url", service.webhooks().origin() + "/" + MARK, "events", List.of("*"));
    ids.put("endpoints", api.post("/api/v1/webhooks/endpoints", endpoint).expect(201).id());
    ids.put(
        "deliveries",
        api.post("/api/v1/webhooks/endpoints/" + ids.get("endpoints") + "/test")
            .expect(200)
            .data()
            .get("id")
            .stringValue());
    ids.put("calendar-feeds", api.post("/api/v1/calendar-feeds").expect(201).id());
    String day = Json.instant(service.clock().instant().plus(Duration.ofDays(5))).substring(0, 10);
    ids.put(
        "pauses",
        api.post("/api/v1/streak/pauses", Map.of("from", day, "to", day)).expect(201).id());
    ids.put("lists", api.post("/api/v1/lists", Map.of("name", MARK)).expect(201).id());
    ids.put(
        "filters",
        api.post("/api/v1/filters", Map.of("name", MARK, "query", "overdue")).expect(201).id());
    ids.put("labels", api.post("/api/v1/labels", Map.of("name", MARK)).expect(201).id());
    ids.put(
        "imports",
        api.with("Content-Type", "application/octet-stream")
            .post("/api/v1/imports?source=todoist_csv", "TYPE,CONTENT\ntask," + MARK + "\n")
            .expect(201)
            .id());
    ids.put("recover", ids.get("tombstones"));
    ids.put("task_id", task);
    ids.put("X-Task-Id", task);
    ids.put("entity_id", task);
    ids.put("template_id", ids.get("templates"));
    ids.put("note_id", ids.get("notes"));
    ids.put("list_id", ids.get("lists"));
    ids.put("label_id", ids.get("labels"));
    ids.put("filter_id", ids.get("filters"));
    owner = new Owner(session, Map.copyOf(ids));
  }

  /** Lists without a meaning but with {@code q}. */
  private static final Set<String> NEEDS_WORDS = Set.of("/api/v1/search");

  /** Ids of lists, and of neighbours in them: others' are refused as unknown ones are (FR-190). */
  private static final Set<String> PLACES = Set.of("list_id", "before", "after");

  private static Map<String, Object> reminder() {
    return Map.of(
        "type",
        "absolute",
        "scheduled_at",
        Json.instant(service.clock().instant().plusSeconds(3_600)));
  }

  private static String notification(UUID user) {
    UUID id = UUID.randomUUID();
    database.run(
        """
        insert into activity.notifications (id, user_id, type, title, body, created_at, updated_at)
        values (?, ?, 'system', ?, 'body', ?, ?)
        """,
        id,
        user,
        MARK,
        service.clock().instant(),
        service.clock().instant());
    return id.toString();
  }

  /** The path with the owner's ids, or with an unknown one. */
  private static String target(Operation operation, boolean unknown) {
    String[] steps = operation.path().split("/", -1);
    for (int i = 1; i < steps.length; i++) {
      if (steps[i].startsWith("{")) {
        String id = owner.ids().get(steps[i - 1]);
        if (id == null) {
          throw new AssertionError("give the owner one of " + steps[i - 1]);
        }
        steps[i] = unknown ? UNKNOWN.toString() : id;
      }
    }
    return String.join("/", steps);
  }

  private static @Nullable Object body(Operation operation) {
    return switch (operation.name()) {
      case "POST /api/v1/tasks/{id}/reminders" -> reminder();
      case "PUT /api/v1/tasks/{id}/subtasks/reorder" ->
          Map.of("subtask_ids", List.of(owner.ids().getOrDefault("subtasks", "")));
      default -> BODIES.get(operation.name());
    };
  }

  private static String answered(Operation operation, String what, Api.Answer answer) {
    return operation + " with " + what + ": " + answer;
  }

  @Test
  void FR_005_no_operation_accepts_another_users_id_in_its_path() {
    List<String> wrong = new ArrayList<>();
    int modelCalls = service.openAi().requests().size();
    List<Operation> withId =
        OPERATIONS.stream()
            .filter(o -> o.path().contains("{") && !PUBLIC.contains(o.name()))
            .toList();
    assertFalse(withId.isEmpty());
    String before = digest.current();
    for (Operation operation : withId) {
      for (boolean unknown : List.of(false, true)) {
        Api.Answer answer =
            stranger.send(operation.method(), target(operation, unknown), body(operation));
        if (answer.status() != (unknown ? 404 : 403) || answer.text().contains(MARK)) {
          wrong.add(answered(operation, unknown ? "an unknown id" : "another user's id", answer));
        }
      }
    }
    assertEquals(List.of(), wrong);
    assertEquals(before, digest.current());
    assertEquals(modelCalls, service.openAi().requests().size());
  }

  /** The ids that operations take elsewhere: bodies by name, or {@code header X} in front. */
  @Test
  void FR_005_no_operation_accepts_another_users_id_in_its_body_or_headers() {
    Map<String, Map<String, Object>> bodies = new LinkedHashMap<>();
    bodies.put("POST /api/v1/reminders task_id", reminder());
    bodies.put("POST /api/v1/focus/start task_id", Map.of());
    bodies.put("POST /api/v1/focus/end task_id", Map.of());
    bodies.put("POST /api/v1/ai/chat context.task_id", Map.of("message", "Which task?"));
    bodies.put("POST /api/v1/ai/chat/stream context.task_id", Map.of("message", "Which task?"));
    bodies.put("POST /api/v1/ai/chat header X-Task-Id", Map.of("message", "Which task?"));
    bodies.put("POST /api/v1/ai/chat/stream header X-Task-Id", Map.of("message", "Which task?"));
    bodies.put("POST /api/v1/ai/generate-subtasks task_id", Map.of());
    bodies.put("POST /api/v1/ai/confirm-action suggestion_id", Map.of());
    bodies.put("POST /api/v1/calendar-feeds template_id", Map.of());
    bodies.put("POST /api/v1/calendar-feeds filter_id", Map.of());
    bodies.put(
        "POST /api/v1/ai/transcribe note_id",
        Map.of("audio_url", "http://recordings.test/a.webm", "duration_seconds", 20));
    Map<String, Operation> byName =
        OPERATIONS.stream().collect(Collectors.toMap(Operation::name, o -> o));
    assertEquals(
        bodies.keySet().stream().sorted().toList(),
        OPERATIONS.stream().flatMap(o -> idsOutsidePath(o).stream()).sorted().toList());
    List<String> wrong = new ArrayList<>();
    int modelCalls = service.openAi().requests().size();
    String before = digest.current();
    bodies.forEach(
        (name, around) -> {
          String[] words = name.split(" ", -1);
          Operation operation = Objects.requireNonNull(byName.get(words[0] + " " + words[1]));
          String last = words[words.length - 1];
          for (boolean unknown : List.of(false, true)) {
            Map<String, Object> body = new LinkedHashMap<>(around);
            Api api = stranger;
            String[] steps = last.split("\\.", -1);
            String id =
                unknown
                    ? UNKNOWN.toString()
                    : String.valueOf(owner.ids().get(steps[steps.length - 1]));
            if (words[2].equals("header")) {
              api = stranger.with(last, id);
            } else if (steps.length == 2) {
              body.put(steps[0], Map.of(steps[1], id));
            } else {
              body.put(steps[0], id);
            }
            Api.Answer answer = api.send(operation.method(), operation.path(), body);
            if (answer.status() != (unknown ? 404 : 403) || answer.text().contains(MARK)) {
              wrong.add(answered(operation, last + (unknown ? ", unknown" : ""), answer));
            }
          }
        });
    assertEquals(List.of(), wrong);
    assertEquals(before, digest.current());
    assertEquals(modelCalls, service.openAi().requests().size());
  }

  /** Single ids in bodies and headers of operations of a user, without an id in the path. */
  private static List<String> idsOutsidePath(Operation operation) {
    List<String> names = new ArrayList<>();
    if (operation.takesBody() && !PUBLIC.contains(operation.name())) {
      operation.fields().stream()
          .filter(field -> field.format().equals("uuid") && !PLACES.contains(field.name()))
          .map(Field::name)
          .distinct()
          .forEach(names::add);
    }
    operation
        .document()
        .parameters(operation.contract())
        .forEach(
            (name, parameter) -> {
              if (name.startsWith("header ")
                  && !name.endsWith(" Idempotency-Key")
                  && "uuid"
                      .equals(
                          operation.document().resolved(parameter.get("schema")).get("format"))) {
                names.add(name);
              }
            });
    return names.stream().map(name -> operation.name() + " " + name).toList();
  }

  @Test
  void FR_005_no_list_contains_another_users_rows() {
    List<String> wrong = new ArrayList<>();
    for (Operation operation : OPERATIONS) {
      if (!operation.method().equals("GET")
          || operation.path().contains("{")
          || PUBLIC.contains(operation.name())) {
        continue;
      }
      List<String> targets = new ArrayList<>();
      if (!NEEDS_WORDS.contains(operation.path())) {
        targets.add(operation.path());
      }
      for (Field parameter : operation.query()) {
        if (parameter.format().equals("uuid")) {
          targets.add(operation.path() + "?" + parameter + "=" + owner.ids().get(parameter.name()));
        } else if (parameter.name().equals("q")) {
          targets.add(operation.path() + "?q=" + MARK);
        }
      }
      for (String target : targets) {
        // The filter of another user is refused as one that does not exist.
        Api.Answer answer = stranger.get(target).expect(target.contains("filter_id=") ? 400 : 200);
        if (answer.text().contains(MARK)
            || answer.text().contains(owner.session().userId().toString())
            || owner.ids().values().stream().anyMatch(answer.text()::contains)) {
          wrong.add(answered(operation, target, answer));
        }
      }
    }
    assertEquals(List.of(), wrong);
  }

  @Test
  void FR_004_every_operation_needs_a_token_except_the_public_ones() {
    Set<String> open = new TreeSet<>();
    List<String> wrong = new ArrayList<>();
    List<Api> strangers =
        List.of(
            service.api(),
            service.api().as("x"),
            service.api().as(owner.session().refreshToken()),
            service.api().with("Authorization", "Basic eDp5"),
            service.api().with("Cookie", "access_token=" + owner.session().accessToken()));
    for (Operation operation : OPERATIONS) {
      List<Object> security = Document.list(operation.contract().get("security"));
      if (security.isEmpty() || security.contains(Map.of())) {
        open.add(operation.name());
        continue;
      }
      for (Api api : strangers) {
        Api.Answer answer =
            api.invalidOnPurpose()
                .send(operation.method(), target(operation, false), body(operation));
        if (answer.status() != 401 || answer.text().contains(MARK)) {
          wrong.add(answered(operation, "no valid token", answer));
        }
      }
    }
    assertEquals(List.of(), wrong);
    assertEquals(new TreeSet<>(PUBLIC), open);
  }

  @Test
  void promise_20_no_operation_lets_a_client_set_a_field_of_the_service() {
    List<String> wrong = new ArrayList<>();
    Api api = owner.session().api().invalidOnPurpose();
    String before = digest.current();
    for (Operation operation : OPERATIONS) {
      if (!operation.takesBody() || !operation.isClosed() || PUBLIC.contains(operation.name())) {
        continue;
      }
      for (String name : OF_THE_SERVICE) {
        if (operation.has(name)) {
          continue;
        }
        Map<String, Object> body =
            new LinkedHashMap<>(operation.bodyAround(new Field(List.of(name), Map.of())));
        if (body(operation) instanceof Map<?, ?> valid) {
          valid.forEach((key, value) -> body.put(String.valueOf(key), value));
        }
        body.put(name, name.equals("tier") ? "pro" : UNKNOWN);
        Api.Answer answer = api.send(operation.method(), target(operation, false), body);
        if (answer.status() != 400 || !answer.text().contains("\"" + name + "\"")) {
          wrong.add(answered(operation, name, answer));
        }
      }
    }
    assertEquals(List.of(), wrong);
    assertEquals(before, digest.current());
  }
}
