package app.perpetua.flow.robustness;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.hostile.DatabaseDigest;
import app.perpetua.flow.harness.hostile.Hostile;
import app.perpetua.flow.harness.hostile.Hostile.Literal;
import app.perpetua.flow.harness.hostile.Operation;
import app.perpetua.flow.harness.hostile.Operation.Field;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/**
 * Promise 20: sends every hostile value in every field, parameter and id of every operation. Fields
 * are read from the contract, so that new operations are tested. Starts first, because it takes
 * longest.
 */
@Order(0)
class BadInputTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("FREE_MAX_TASKS", "100000")
          .with("FREE_MAX_SUBTASKS", "100")
          .with("FREE_MAX_NOTES", "100000")
          .with("KICKSTART_CREDITS", "100000");

  /** All except webhooks, which report errors only to signed requests; see WebhookApiTest. */
  private static final List<Operation> OPERATIONS =
      Operation.all().stream()
          // A signed request of a provider, and messages of a protocol with errors of its own.
          .filter(operation -> !operation.path().equals("/api/v1/webhooks/checkout"))
          .filter(operation -> !operation.path().endsWith("/mcp"))
          .toList();

  /** Longer queries are rejected because of the request line. */
  private static final int LONGEST_QUERY = 7_000;

  /** Fields that accept any text. */
  private static final Set<String> FREE_TEXT = Set.of("title", "description", "content", "name");

  private final Json json = new Json();
  private final DatabaseDigest digest = new DatabaseDigest(database);

  /** Shared by the tests of a factory, none of which changes it. */
  private @Nullable Fixture unchanged;

  /** A user with resources for the ids in paths. */
  private record Fixture(Api api, Map<String, String> ids) {
    String target(Operation operation) {
      String[] steps = operation.path().split("/", -1);
      for (int i = 1; i < steps.length; i++) {
        if (steps[i].startsWith("{")) {
          steps[i] = ids.getOrDefault(steps[i - 1], UUID.randomUUID().toString());
        }
      }
      return String.join("/", steps);
    }
  }

  private static Fixture fixture() {
    TestService.Session session = service.newUser();
    Api api = session.api();
    String task = api.createTask("a task");
    String subtasks = "/api/v1/tasks/" + task + "/subtasks";
    String subtask = api.post(subtasks, Map.of("title", "first")).expect(201).id();
    api.post(subtasks, Map.of("title", "second")).expect(201);
    String template =
        api.post("/api/v1/templates", Map.of("title", "a template", "rrule", "FREQ=DAILY"))
            .expect(201)
            .id();
    String at = Json.instant(service.clock().instant().plusSeconds(60));
    Map<String, String> absolute = Map.of("type", "absolute", "scheduled_at", at);
    String reminder = api.post("/api/v1/tasks/" + task + "/reminders", absolute).expect(201).id();
    String note = api.createNote("a note");
    Map<String, String> late = Map.of("name", "Late", "query", "overdue");
    String filter = api.post("/api/v1/filters", late).expect(201).id();
    String list = api.post("/api/v1/lists", Map.of("name", "a list")).expect(201).id();
    String label = api.post("/api/v1/labels", Map.of("name", "a label")).expect(201).id();
    String gone = api.createTask("deleted");
    String tombstone = api.delete("/api/v1/tasks/" + gone).data().get("tombstone_id").stringValue();
    return new Fixture(
        api,
        Map.ofEntries(
            Map.entry("notes", note),
            Map.entry("filters", filter),
            Map.entry("lists", list),
            Map.entry("labels", label),
            Map.entry("tombstones", tombstone),
            Map.entry("recover", tombstone),
            Map.entry("tasks", task),
            Map.entry("subtasks", subtask),
            Map.entry("reminders", reminder),
            Map.entry("templates", template),
            Map.entry("notifications", notification(session.userId()))));
  }

  private Fixture unchangedFixture() {
    if (unchanged == null) {
      unchanged = fixture();
    }
    return unchanged;
  }

  private static String notification(UUID user) {
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
    return id.toString();
  }

  @TestFactory
  Stream<DynamicTest> promise_20_invalid_field_values_are_rejected() {
    return tests(
        Operation::takesBody,
        operation -> {
          Fixture fixture = unchangedFixture();
          Api api = fixture.api().invalidOnPurpose();
          for (Field field : operation.fields()) {
            unchanged(
                operation + " " + field,
                () -> {
                  for (Literal literal : Hostile.literals(field)) {
                    Api.Answer answer =
                        api.send(
                            operation.method(),
                            fixture.target(operation),
                            body(operation.bodyAround(field), field, literal));
                    String shown = operation + " " + field + " = " + literal;
                    refused(answer, shown);
                    if (literal.json()) {
                      assertEquals("VALIDATION_ERROR", answer.errorCode(), shown);
                      assertTrue(names(answer, field.path().getFirst()), shown + ": " + answer);
                    }
                  }
                });
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> promise_20_unusual_text_is_rejected_or_stored_unchanged() {
    return tests(
        operation -> operation.fields().stream().anyMatch(Field::isFreeText),
        operation -> {
          Fixture fixture = fixture();
          for (Field field : operation.fields().stream().filter(Field::isFreeText).toList()) {
            for (String text : Hostile.UNUSUAL) {
              // A user may have ten.
              database.run("delete from tasks.calendar_feeds");
              database.run("delete from activity.webhook_endpoints");
              unusual(operation, fixture, field, text);
            }
          }
        });
  }

  private void unusual(Operation operation, Fixture fixture, Field field, String text) {
    Map<String, Object> body = operation.bodyAround(field);
    String target = fixture.target(operation);
    if (operation.has("version")) {
      body.put("version", fixture.api().get(target).data().get("version"));
    }
    String before = digest.current();
    Api.Answer answer =
        fixture
            .api()
            .invalidOnPurpose()
            .send(
                operation.method(), target, body(body, field, Literal.json(Hostile.quoted(text))));
    String shown = operation + " " + field + " = " + text;
    if (answer.status() >= 300) {
      refused(answer, shown);
      assertEquals(before, digest.current(), shown);
      boolean fits = text.codePointCount(0, text.length()) <= field.limit("maxLength", 0);
      assertFalse(fits && FREE_TEXT.contains(field.name()), shown + ": " + answer);
    } else if (operation.path().startsWith("/api/v1/ai/chat")) {
      // The message is not stored; it is sent to the model.
      JsonNode input = service.openAi().requests().getLast().body().get("input");
      assertTrue(contains(input, text), shown + " is not in " + input);
    } else if (answer.status() != 204) {
      boolean quick = operation.path().endsWith("/quick");
      // Of these texts, quick add understands nothing but that a backslash escapes a number.
      assertEquals(
          quick ? text.replace("\\0 ", "0 ") : text,
          answer.data().at("/" + (quick ? "title" : field.name())).asString(""),
          shown);
      Api.Answer again = fixture.api().get(readBackAt(operation, target, answer)).expect(200);
      assertTrue(
          contains(again.json(), quick ? text.replace("\\0 ", "0 ") : text),
          shown + " is not in " + again);
    }
  }

  private static String readBackAt(Operation operation, String target, Api.Answer answer) {
    Set<String> names = OPERATIONS.stream().map(Operation::name).collect(toSet());
    if (names.contains("GET " + operation.path() + "/{id}")) {
      return target + "/" + answer.id();
    }
    return names.contains("GET " + operation.path()) ? target : "/api/v1/users/me/export";
  }

  @TestFactory
  Stream<DynamicTest> promise_20_malformed_bodies_and_unknown_fields_are_rejected() {
    return tests(
        Operation::takesBody,
        operation -> {
          Fixture fixture = unchangedFixture();
          Api api = fixture.api().invalidOnPurpose();
          String target = fixture.target(operation);
          unchanged(
              operation.name(),
              () -> {
                for (byte[] body : Hostile.bodies()) {
                  String shown = operation + " " + new Literal(body, false);
                  refused(api.send(operation.method(), target, body).expect(400), shown);
                }
                for (String name : Hostile.unknownNames()) {
                  Api.Answer answer =
                      api.send(operation.method(), target, "{" + Hostile.quoted(name) + ":\"x\"}");
                  refused(answer, operation + " " + name);
                  assertTrue(answer.bytes().length < 20_000, "the error does not repeat the name");
                }
                Api.Answer unknown = api.send(operation.method(), target, "{\"colour\":1}");
                assertEquals(operation.isClosed(), names(unknown, "colour"), unknown.toString());
                for (String type :
                    List.of(
                        "text/plain",
                        "text/json",
                        "application/xml",
                        "application/jsonx",
                        "application/x-www-form-urlencoded",
                        "multipart/form-data; boundary=x",
                        "application/merge-patch",
                        "application/json-patch+json",
                        "*/*",
                        "json")) {
                  refused(
                      api.with("Content-Type", type).send(operation.method(), target, "{}"), type);
                }
              });
        });
  }

  @TestFactory
  Stream<DynamicTest> promise_20_a_million_members_or_ten_megabytes_are_413() {
    return tests(
        onePerMethod(),
        operation -> {
          Fixture fixture = unchangedFixture();
          unchanged(
              operation.name(),
              () -> {
                String head =
                    operation.method()
                        + " "
                        + fixture.target(operation)
                        + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
                StringBuilder members = new StringBuilder("{\"m\":0");
                for (int i = 0; i < 1_000_000; i++) {
                  members.append(",\"m").append(i).append("\":0");
                }
                assertEquals(413, status(head, members.append('}').toString()));
                assertEquals(413, status(head, "{\"title\":\"" + "x".repeat(10_000_000) + "\"}"));
              });
        });
  }

  @TestFactory
  Stream<DynamicTest> promise_20_invalid_query_parameters_are_rejected() {
    return tests(
        // VoiceTicketTest sends hostile tickets to the WebSocket.
        operation ->
            !operation.query().isEmpty()
                && !operation.toString().equals("GET /api/v1/ws/voice/transcribe"),
        operation -> {
          Fixture fixture = unchangedFixture();
          Api api = fixture.api().invalidOnPurpose();
          unchanged(
              operation.name(),
              () -> {
                for (Field field : operation.query()) {
                  String target = fixture.target(operation) + "?" + field + "=";
                  for (String value : Hostile.parameters(field)) {
                    if (encoded(value).length() > LONGEST_QUERY) {
                      continue;
                    }
                    String shown = operation + " " + field + " = " + value;
                    Api.Answer answer = api.send(operation.method(), target + encoded(value), null);
                    refused(answer, shown);
                    assertTrue(names(answer, field.name()), shown + ": " + answer);
                  }
                  // Without "=" a parameter is empty, not absent.
                  assertEquals(
                      api.send(operation.method(), target, null).status(),
                      api.send(operation.method(), target.replace("=", ""), null).status(),
                      operation + " " + field);
                  // Malformed UTF-8 may be decoded as replacement characters, but must not fail.
                  for (String bytes : List.of("%FF%FE", "%C0%80", "%ED%A0%80", "a%80", "%F0%9F")) {
                    int status = api.send(operation.method(), target + bytes, null).status();
                    assertTrue(status < 500, operation + " " + field + " = " + bytes);
                  }
                }
              });
        });
  }

  @TestFactory
  Stream<DynamicTest> promise_20_unknown_query_parameters_are_rejected_by_name() {
    return tests(
        // A path of a WebSocket answers ordinary requests only with errors of its own.
        operation ->
            operation.isAuthenticated()
                && !operation.takesBody()
                && !operation.path().contains("/ws/"),
        operation -> {
          Fixture fixture = unchangedFixture();
          Api api = fixture.api().invalidOnPurpose();
          unchanged(
              operation.name(),
              () -> {
                for (String query : List.of("unexpected=1", "unexpected", "a=1&a=2&unexpected=")) {
                  String target = fixture.target(operation) + "?" + query;
                  Api.Answer answer = api.send(operation.method(), target, null);
                  refused(answer, operation + " " + query);
                  assertTrue(names(answer, "unexpected"), operation + ": " + answer);
                }
              });
        });
  }

  @Test
  void promise_20_a_change_with_an_unknown_query_parameter_changes_nothing() {
    Fixture fixture = fixture();
    Api api = fixture.api().invalidOnPurpose();
    unchanged(
        "unknown query parameter",
        () -> {
          for (String target :
              List.of("/api/v1/tasks?title=a", "/api/v1/tasks?" + "x".repeat(999))) {
            api.post(target, Map.of("title", "a")).expect(400, "VALIDATION_ERROR");
          }
          Map<String, Boolean> done = Map.of("completed", true);
          api.patch("/api/v1/tasks/" + fixture.ids().get("tasks") + "?version=1", done)
              .expect(400, "VALIDATION_ERROR");
          api.post("/api/v1/ai/chat?stream=true", Map.of("message", "m"))
              .expect(400, "VALIDATION_ERROR");
          api.post("/api/v1/auth/refresh?token=a", Map.of("refresh_token", "a"))
              .expect(400, "VALIDATION_ERROR");
        });
  }

  @TestFactory
  Stream<DynamicTest> promise_20_malformed_ids_in_paths_are_rejected() {
    return tests(
        operation -> operation.path().contains("{"),
        operation -> {
          Fixture fixture = unchangedFixture();
          Api api = fixture.api().invalidOnPurpose();
          unchanged(
              operation.name(),
              () -> {
                for (String id :
                    List.of(
                        "x",
                        "0",
                        "-1",
                        "null",
                        "*",
                        "$(id)",
                        "'or'1'='1'--",
                        "(019ba722-4680-7c3e-9a51-2f6d8b0c4e17)",
                        "019ba722-4680-7c3e-9a51-2f6d8b0c4e1g",
                        "019ba72246807c3e9a512f6d8b0c4e17",
                        "0-0-0-0-0",
                        "9".repeat(5_000))) {
                  String target =
                      operation.path().replaceAll("\\{[a-z_]+}", Matcher.quoteReplacement(id));
                  Api.Answer answer =
                      api.send(operation.method(), target, operation.takesBody() ? "{}" : null);
                  refused(answer, operation + " " + id);
                }
              });
        });
  }

  @TestFactory
  Stream<DynamicTest> promise_20_malformed_idempotency_keys_are_rejected() {
    return tests(
        Operation::needsKey,
        operation -> {
          Fixture fixture = unchangedFixture();
          Api api = fixture.api().invalidOnPurpose();
          unchanged(
              operation.name(),
              () -> {
                for (String key :
                    List.of(
                        "",
                        "x",
                        "\"\"",
                        "\"019ba722-4680-7c3e-9a51-2f6d8b0c4e17",
                        "{019ba722-4680-7c3e-9a51-2f6d8b0c4e17}",
                        "019ba722-4680-7c3e-9a51-2f6d8b0c4e17,"
                            + " 019ba722-4680-7c3e-9a51-2f6d8b0c4e18",
                        "019ba722-4680-7c3e-9a51-2f6d8b0c4e1g",
                        "9".repeat(5_000))) {
                  Api.Answer answer =
                      api.with("Idempotency-Key", key)
                          .send(operation.method(), fixture.target(operation), "{}");
                  refused(answer, operation + " " + key);
                  assertTrue(names(answer, "Idempotency-Key"), answer.toString());
                }
              });
        });
  }

  private interface Attack {
    void on(Operation operation);
  }

  private static Stream<DynamicTest> tests(Predicate<Operation> which, Attack attack) {
    List<Operation> operations = OPERATIONS.stream().filter(which).toList();
    assertFalse(operations.isEmpty());
    return operations.stream()
        .map(operation -> DynamicTest.dynamicTest(operation.name(), () -> attack.on(operation)));
  }

  /** One operation per method, for errors that are detected before routing. */
  private static Predicate<Operation> onePerMethod() {
    Set<String> seen = new HashSet<>();
    return operation -> operation.takesBody() && seen.add(operation.method());
  }

  private void unchanged(String shown, Runnable attack) {
    String before = digest.current();
    attack.run();
    assertEquals(before, digest.current(), shown + " changed data");
  }

  /** A client error without internals; the client has validated the format. */
  private static void refused(Api.Answer answer, String shown) {
    assertTrue(answer.status() >= 400 && answer.status() < 500, shown + ": " + answer);
    assertFalse(Hostile.INTERNALS.matcher(answer.text()).find(), shown + ": " + answer);
  }

  private static boolean names(Api.Answer answer, String field) {
    return answer.json().at("/error/details").values().stream()
        .map(fault -> fault.get("field").stringValue().split("[.\\[]", 2)[0])
        .anyMatch(field::equals);
  }

  private static boolean contains(JsonNode node, String text) {
    return node.isString()
        ? node.stringValue().equals(text)
        : node.values().stream().anyMatch(inner -> contains(inner, text));
  }

  private static String encoded(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  /** The body with the literal as the field's value. */
  private byte[] body(Map<String, Object> around, Field field, Literal literal) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write('{');
    Map<String, Object> others = new LinkedHashMap<>(around);
    others.remove(field.path().getFirst());
    others.forEach(
        (name, value) -> {
          out.writeBytes((Hostile.quoted(name) + ":").getBytes(StandardCharsets.UTF_8));
          out.writeBytes(json.bytes(value));
          out.write(',');
        });
    out.writeBytes(
        (Hostile.quoted(field.path().getFirst()) + ":").getBytes(StandardCharsets.UTF_8));
    if (field.path().size() == 1) {
      out.writeBytes(literal.bytes());
    } else {
      Object inner = around.get(field.path().getFirst());
      Map<String, Object> next = new LinkedHashMap<>();
      if (inner instanceof Map<?, ?> map) {
        map.forEach((name, value) -> next.put(String.valueOf(name), value));
      }
      List<String> rest = field.path().subList(1, field.path().size());
      out.writeBytes(body(next, new Field(rest, field.schema()), literal));
    }
    out.write('}');
    return out.toByteArray();
  }

  /** Sends until the server closes the connection; returns the status. */
  private int status(String head, String body) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port())) {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      socket
          .getOutputStream()
          .write(
              (head + "Content-Length: " + bytes.length + "\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      Thread sending =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      socket.getOutputStream().write(bytes);
                    } catch (IOException e) {
                      // The server has closed the connection.
                    }
                  });
      byte[] start = socket.getInputStream().readNBytes("HTTP/1.1 413".length());
      // A client that is still sending finds the connection closed.
      socket.shutdownOutput();
      sending.join();
      return Integer.parseInt(
          new String(start, StandardCharsets.US_ASCII).substring("HTTP/1.1 ".length()));
    } catch (SocketException e) {
      throw new AssertionError("the connection was closed without a response", e);
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
