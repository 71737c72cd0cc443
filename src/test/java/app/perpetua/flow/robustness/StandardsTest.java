package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.RawClient;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Headers and media types that the standards of HTTP require. */
class StandardsTest {
  private static final String ME = "/api/v1/users/me";
  private static final String TASKS = "/api/v1/tasks";
  private static final String CHAT = "/api/v1/ai/chat";
  private static final String VOICE = "/api/v1/ws/voice/transcribe";
  private static final String PROBLEM = "application/problem+json";
  private static final String ORIGIN = "https://app.example";
  private static final String BARE_CHALLENGE = "Bearer realm=\"perpetua-flow\"";
  private static final String INVALID_TOKEN = BARE_CHALLENGE + ", error=\"invalid_token\"";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("CORS_ORIGINS", "HTTPS://App.Example:443/");

  private final TestService.Session session = service.newUser();
  private final Api api = session.api();

  @Test
  void every_401_has_a_challenge_that_names_an_error_only_for_a_token() {
    Api anyone = service.api().invalidOnPurpose();
    challenged(BARE_CHALLENGE, anyone.get(ME));
    challenged(BARE_CHALLENGE, anyone.with("Authorization", "Basic eDp5").get(ME));
    challenged(BARE_CHALLENGE, anyone.with("Authorization", "Bearer ").get(ME));
    challenged(INVALID_TOKEN, anyone.as("x").get(ME));
    challenged(INVALID_TOKEN, anyone.as("x").post(TASKS, Map.of("title", "a")));
    challenged(BARE_CHALLENGE, anyone.post("/api/v1/auth/refresh", Map.of("refresh_token", "x.y")));
    String idToken = service.google().idToken("someone").sign() + "AAAA";
    challenged(
        BARE_CHALLENGE, anyone.post("/api/v1/auth/google/callback", Map.of("id_token", idToken)));
    Api proxied = anyone.with("X-Forwarded-For", "203.0.113.9");
    challenged(BARE_CHALLENGE, proxied.get("/metrics"));
    challenged(INVALID_TOKEN, proxied.as("x").get("/metrics"));
    service.clock().advance(Duration.ofMinutes(16));
    try {
      challenged(
          INVALID_TOKEN + ", error_description=\"the access token has expired\"", api.get(ME));
    } finally {
      service.clock().advance(Duration.ofMinutes(-16));
    }
    TestService.Session deleted = service.newUser();
    database.run("delete from auth.users where id = ?", deleted.userId());
    challenged(INVALID_TOKEN, deleted.api().get(ME));
    assertEquals("", header(api.get(ME).expect(200), "WWW-Authenticate"));
  }

  private static void challenged(String challenge, Api.Answer answer) {
    assertEquals(challenge, header(answer.expect(401), "WWW-Authenticate"), answer.toString());
  }

  @Test
  void a_refused_WebSocket_has_a_challenge() throws IOException {
    for (String[] request :
        new String[][] {
          {VOICE + "?token=x", "X-Nothing: x", INVALID_TOKEN},
          {VOICE, "Authorization: Bearer x", INVALID_TOKEN},
          {VOICE, "Authorization: Basic eDp5", BARE_CHALLENGE}
        }) {
      try (RawClient client = new RawClient(service.port())) {
        RawClient.Answer answer =
            client.request(
                "GET",
                request[0],
                request[1],
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
        assertEquals(401, answer.status(), answer.toString());
        assertEquals(request[2], answer.header("WWW-Authenticate"));
        assertFalse(answer.header("X-RateLimit-Remaining").isEmpty(), answer.toString());
      }
    }
  }

  @Test
  void a_created_resource_is_located_also_by_a_replay() {
    String task = TASKS + "/" + api.createTask("a");
    String later =
        service
            .clock()
            .instant()
            .plus(Duration.ofDays(1))
            .truncatedTo(ChronoUnit.SECONDS)
            .toString();
    Map<String, String> reminder = Map.of("type", "absolute", "scheduled_at", later);
    located(TASKS, Map.of("title", "b"), TASKS + "/", true);
    located(task + "/subtasks", Map.of("title", "c"), "/api/v1/subtasks/", false);
    located(task + "/reminders", reminder, "/api/v1/reminders/", true);
    located(
        "/api/v1/reminders",
        Map.of(
            "task_id",
            task.substring(task.lastIndexOf('/') + 1),
            "type",
            "absolute",
            "scheduled_at",
            later),
        "/api/v1/reminders/",
        true);
    located("/api/v1/notes", Map.of("content", "d"), "/api/v1/notes/", true);
    located(
        "/api/v1/templates",
        Map.of("title", "e", "rrule", "FREQ=DAILY"),
        "/api/v1/templates/",
        true);
    FakePushService.Subscription browser = service.push().subscribe();
    Api.Answer subscribed =
        api.post("/api/v1/notifications/push-subscription", browser.json()).expect(201);
    api.delete(header(subscribed, "Location")).expect(204);
    assertEquals(
        0,
        database.number(
            "select count(*) from activity.push_subscriptions where user_id = ?",
            session.userId()));
  }

  private void located(String target, Object body, String prefix, boolean readable) {
    Api keyed = api.withKey(UUID.randomUUID());
    Api.Answer created = keyed.post(target, body).expect(201);
    String location = header(created, "Location");
    assertEquals(prefix + created.id(), location);
    assertEquals(location, header(keyed.post(target, body).expect(201), "Location"));
    if (readable) {
      assertEquals(created.id(), api.get(location).expect(200).id());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json;charset=utf-8",
        "application/json; charset=UTF-8",
        "application/json; charset=\"utf8\"",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-16",
        "application/json; charset=nonsense",
        "application/json; charset=",
        "application/json;",
        "APPLICATION/JSON ; Charset=us-ascii; profile=x"
      })
  void a_JSON_body_is_UTF_8_whatever_the_charset_parameter(String type) {
    Api.Answer created =
        api.invalidOnPurpose().with("Content-Type", type).post(TASKS, Map.of("title", "Büro"));
    assertEquals("Büro", created.expect(201).data().get("title").stringValue());
  }

  @Test
  void a_PATCH_is_also_a_merge_patch() {
    String task = TASKS + "/" + api.createTask("a");
    Api merge = api.with("Content-Type", "application/merge-patch+json");
    Api.Answer renamed =
        merge.patch(task, Map.of("version", 1, "title", "b", "estimated_duration", 5)).expect(200);
    assertEquals("b", renamed.data().get("title").stringValue());
    Api.Answer cleared = merge.patch(task, "{\"version\":2,\"estimated_duration\":null}");
    assertTrue(cleared.expect(200).data().get("estimated_duration").isNull());
    assertEquals("b", cleared.data().get("title").stringValue());
    Api invalid = api.invalidOnPurpose();
    Api.Answer unsupported =
        invalid.with("Content-Type", "application/json-patch+json").patch(task, "[]").expect(415);
    for (Api.Answer answer :
        List.of(renamed, cleared, unsupported, invalid.send("OPTIONS", task, null).expect(204))) {
      assertEquals(
          "application/json, application/merge-patch+json", header(answer, "Accept-Patch"));
    }
    Api mergeInvalid = merge.invalidOnPurpose();
    Api.Answer post = mergeInvalid.post(TASKS, Map.of("title", "a")).expect(415);
    assertEquals("", header(post, "Accept-Patch"));
    mergeInvalid.put(task, Map.of("version", 3, "title", "c")).expect(415);
  }

  @Test
  void an_error_is_a_problem_if_the_client_prefers_that() {
    Api wanting = api.invalidOnPurpose().with("Accept", PROBLEM);
    JsonNode invalid =
        problem(400, "Bad Request", TASKS, wanting.post(TASKS, Map.of("title", "", "colour", 1)));
    assertEquals("VALIDATION_ERROR", invalid.get("code").stringValue());
    assertEquals(2, invalid.get("details").size());
    String foreign = TASKS + "/" + service.newUser().api().createTask("theirs");
    JsonNode forbidden = problem(403, "Forbidden", foreign, wanting.get(foreign));
    assertFalse(forbidden.get("resource_id").stringValue().isEmpty());
    problem(401, "Unauthorized", ME, wanting.as("x").get(ME));
    problem(404, "Not Found", "/nowhere/%22", wanting.get("/nowhere/%22"));
    problem(405, "Method Not Allowed", ME, wanting.post(ME, Map.of()));
    problem(
        415, "Unsupported Media Type", TASKS, wanting.with("Content-Type", "x/y").post(TASKS, "x"));
    problem(413, "Content Too Large", TASKS, wanting.post(TASKS, "x".repeat(300_000)));
    api.with("Accept", PROBLEM).get(ME).expect(200);
  }

  private static JsonNode problem(int status, String title, String instance, Api.Answer answer) {
    assertEquals(PROBLEM, header(answer.expect(status), "Content-Type"), answer.toString());
    JsonNode problem = answer.json();
    assertEquals("about:blank", problem.get("type").stringValue());
    assertEquals(title, problem.get("title").stringValue());
    assertEquals(status, problem.get("status").intValue());
    assertFalse(problem.get("detail").stringValue().isEmpty());
    assertEquals(instance, problem.get("instance").stringValue());
    assertEquals(header(answer, "X-Request-ID"), problem.get("request_id").stringValue());
    return problem;
  }

  @Test
  void malformed_HTTP_is_a_problem_if_the_client_prefers_that() throws IOException {
    for (String request :
        List.of(
            "GET "
                + ME
                + " HTTP/1.1\r\nHost: a\r\nAccept: "
                + PROBLEM
                + "\r\nContent-Length: x\r\n\r\n",
            "POST "
                + TASKS
                + " HTTP/1.1\r\nHost: a\r\nAccept: "
                + PROBLEM
                + "\r\nContent-Length: 99999999\r\n\r\n")) {
      try (RawClient client = new RawClient(service.port())) {
        RawClient.Answer answer = client.send(request).answer();
        assertEquals(PROBLEM, answer.header("Content-Type"), answer.toString());
        JsonNode problem = new Json().parse(answer.body());
        assertEquals(answer.status(), problem.get("status").intValue());
        assertEquals(answer.header("X-Request-ID"), problem.get("request_id").stringValue());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*/*",
        "application/*",
        "application/json",
        "application/json, application/problem+json;q=0.9",
        "application/problem+json;q=0",
        "application/json;q=0",
        "*/*, application/json;q=0",
        "text/html"
      })
  void an_error_is_the_contracts_error_object_otherwise(String accept) {
    Api.Answer answer =
        service.api().invalidOnPurpose().with("Accept", accept).get("/nowhere").expect(404);
    assertEquals("application/json", header(answer, "Content-Type"));
    assertEquals("NOT_FOUND", answer.errorCode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text/event-stream | text/event-stream",
        "text/event-stream;q=0 | application/json",
        "text/event-stream;q=0, */* | application/json",
        "application/json;q=0.1, text/event-stream;q=0.2 | text/event-stream",
        "application/json;q=0.2, text/event-stream;q=0.1 | application/json",
        "text/event-stream, application/json | text/event-stream",
        "*/* | application/json",
        "image/png | application/json",
        "text/event-stream;q=high, application/json | application/json"
      })
  void a_chat_is_answered_in_the_preferred_type(String accept, String expected) {
    service.openAi().script(OpenAiStep.say("Begin with the tent."));
    Api.Answer answer =
        api.invalidOnPurpose().with("Accept", accept).post(CHAT, Map.of("message", "Where?"));
    service.openAi().script();
    assertEquals(expected, header(answer.expect(200), "Content-Type"));
  }

  @Test
  void several_Accept_headers_are_one_list() throws IOException {
    service.openAi().script(OpenAiStep.say("Begin with the tent."));
    String body = "{\"message\":\"Where?\"}";
    try (RawClient client = new RawClient(service.port())) {
      RawClient.Answer answer =
          client
              .send(
                  RawClient.head(
                          "POST",
                          CHAT,
                          "Authorization: Bearer " + session.accessToken(),
                          "Idempotency-Key: " + UUID.randomUUID(),
                          "Content-Type: application/json",
                          "Accept: text/event-stream;q=0.5",
                          "Accept: application/json",
                          "Content-Length: " + body.length())
                      + body)
              .answer();
      assertEquals(200, answer.status(), answer.body());
      assertEquals("application/json", answer.header("Content-Type"));
    }
    service.openAi().script();
  }

  @Test
  void the_limit_of_concurrent_requests_is_advertised_to_users() {
    assertEquals(
        "\"general\";q=1000000;w=60, \"concurrent\";q=20;qu=\"concurrent-requests\"",
        header(api.get(ME).expect(200), "RateLimit-Policy"));
    Api anyone = service.api().invalidOnPurpose();
    assertEquals("\"general\";q=1000000;w=60", header(anyone.get("/nowhere"), "RateLimit-Policy"));
  }

  @Test
  void Retry_After_is_never_earlier_than_the_reset_in_RateLimit() {
    UUID key = UUID.randomUUID();
    database.run(
        """
        insert into ops.idempotency_keys
          (user_id, key, method, path, fingerprint, state, created_at)
        values (?, ?, 'POST', '/api/v1/tasks', sha256(convert_to(?, 'UTF8')), 'open', ?)
        """,
        session.userId(),
        key,
        "POST /api/v1/tasks\n{\"title\":\"a\"}",
        service.clock().instant());
    Api.Answer inProgress =
        api.withKey(key).post(TASKS, "{\"title\":\"a\"}").expect(409, "IDEMPOTENCY_IN_PROGRESS");
    assertEquals("1", header(inProgress, "Retry-After"));
    assertEquals("\"general\";r=999999", header(inProgress, "RateLimit"));
  }

  @Test
  void browsers_may_send_and_read_the_headers_of_the_contract() {
    Api page = api.with("Origin", ORIGIN);
    Set<String> exposed = names(page.get(ME).expect(200), "Access-Control-Expose-Headers");
    for (String name :
        List.of(
            "location",
            "etag",
            "www-authenticate",
            "ratelimit",
            "ratelimit-policy",
            "deprecation",
            "sunset",
            "link",
            "accept-patch",
            "retry-after",
            "x-request-id")) {
      assertTrue(exposed.contains(name), name);
    }
    Api.Answer preflight =
        page.with("Access-Control-Request-Method", "PATCH")
            .with("Access-Control-Request-Headers", "traceparent,tracestate")
            .send("OPTIONS", ME, null)
            .expect(204);
    Set<String> allowed = names(preflight, "Access-Control-Allow-Headers");
    assertTrue(
        allowed.containsAll(
            List.of("traceparent", "tracestate", "authorization", "if-match", "if-none-match")));
  }

  private static Set<String> names(Api.Answer answer, String list) {
    return Arrays.stream(header(answer, list).toLowerCase(Locale.ROOT).split(",", -1))
        .map(String::strip)
        .collect(Collectors.toSet());
  }

  private static String header(Api.Answer answer, String name) {
    return answer.header(name).orElse("");
  }
}
