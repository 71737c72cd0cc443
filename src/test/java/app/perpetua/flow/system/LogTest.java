package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Promise 27: the log of a process that received marked texts through every input. */
@Tag("system")
class LogTest {
  private static final String TASKS = "/api/v1/tasks";

  /**
   * Marks the start and end of text that must not be logged; between them are characters that could
   * break a line.
   */
  private static final String MARK = "Xq7zMARKq7";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  private final Json json = new Json();

  @ParameterizedTest
  @ValueSource(strings = {"INFO", "DEBUG"})
  void promise_27_no_private_text_is_logged_and_one_event_is_one_line(String level)
      throws Exception {
    Map<String, String> environment = stage.environment();
    String refreshSecret = MARK + "-secret";
    environment.put("REFRESH_TOKEN_SECRET", refreshSecret);
    environment.put("ACCOUNT_HASH_KEY", MARK + "-hash-key");
    environment.put("LOG_LEVEL", level);
    environment.put("LOG_LINES_PER_SECOND", "0");
    Jar jar = stage.start(environment).awaitReady();
    List<String> secrets = new ArrayList<>(List.of(MARK, refreshSecret));
    secrets.add(
        environment.getOrDefault("JWT_PRIVATE_KEY", "").lines().skip(1).findFirst().orElseThrow());
    secrets.add("postgres:postgres@");
    TestService.Session user = stage.newUser(stage.api(jar));
    secrets.addAll(List.of(user.accessToken(), user.refreshToken()));
    int requests = 1;
    requests += everyday(user, secrets, stage.api(jar));
    requests += refused(user, stage.api(jar));
    requests += failing(user);
    requests += raw(jar);
    jar.terminate();
    jar.awaitExit(Duration.ofSeconds(30));
    assertEquals(List.of(), jar.err());
    int logged = 0;
    for (String line : jar.out()) {
      for (String secret : secrets) {
        assertFalse(line.contains(secret), () -> "is logged: " + line);
      }
      JsonNode event = json.parse(line);
      assertTrue(event.isObject(), line);
      assertTrue(line.codePoints().allMatch(c -> c >= 0x20 && c < 0x7f), line);
      logged +=
          event.get("message").stringValue().equals("request")
                  && !event.get("action").stringValue().contains("/health/")
              ? 1
              : 0;
    }
    assertEquals(requests, logged, "a line for each request");
    assertTrue(
        jar.out().stream().anyMatch(line -> line.contains("23514")), "the failure is explained");
  }

  /** Successful requests. */
  private static int everyday(TestService.Session user, List<String> secrets, Api visitor) {
    String text = MARK + " a\r\nb\u2028c\u0085d\u001b[2J " + MARK;
    Api api = user.api().with("User-Agent", "agent").withKey(UUID.randomUUID());
    String task = api.post(TASKS, Map.of("title", text, "description", text)).expect(201).id();
    String subtask = user.api().createSubtask(task, text);
    user.api().patch("/api/v1/subtasks/" + subtask, Map.of("title", text + "2")).expect(200);
    user.api().get(TASKS + "?q=" + MARK + "%0A%E2%80%A8x").expect(200);
    user.api().patch("/api/v1/users/me", Map.of("name", MARK + " name")).expect(200);
    user.api().get("/api/v1/users/me/export").expect(200);
    user.api().delete(TASKS + "/" + task).expect(200);
    String feed =
        user.api()
            .post("/api/v1/calendar-feeds", Map.of("name", text))
            .expect(201)
            .data()
            .get("url")
            .stringValue();
    visitor.get(feed).expect(200);
    visitor.get(feed.replace(".ics", "~.ics")).expect(404);
    visitor.invalidOnPurpose().get(feed + "/x").expect(404);
    visitor.invalidOnPurpose().post(feed).expect(405);
    String idToken =
        stage
            .google()
            .idToken(UUID.randomUUID().toString())
            .with("email", MARK.toLowerCase(Locale.ROOT) + "@example.com")
            .with("name", MARK)
            .sign();
    JsonNode other =
        visitor
            .post("/api/v1/auth/google/callback", Map.of("id_token", idToken))
            .expect(200)
            .json();
    String rotated =
        visitor
            .post(
                "/api/v1/auth/refresh",
                Map.of("refresh_token", other.get("refresh_token").stringValue()))
            .expect(200)
            .json()
            .get("refresh_token")
            .stringValue();
    visitor.post("/api/v1/auth/logout", Map.of("refresh_token", rotated)).expect(204);
    secrets.addAll(
        List.of(
            feed.substring("/ical/".length(), feed.indexOf('.')),
            idToken,
            MARK.toLowerCase(Locale.ROOT),
            rotated,
            other.get("refresh_token").stringValue(),
            other.get("access_token").stringValue()));
    return 15;
  }

  /** Requests that are rejected at every stage. */
  private static int refused(TestService.Session user, Api visitor) {
    Api api = user.api().invalidOnPurpose();
    Api invalid = visitor.invalidOnPurpose();
    invalid.as(MARK).get("/api/v1/users/me").expect(401);
    invalid.post("/api/v1/auth/google/callback", Map.of("id_token", MARK)).expect(400);
    invalid.post("/api/v1/auth/google/callback", Map.of("id_token", "a." + MARK + ".c"));
    invalid.post("/api/v1/auth/refresh", Map.of("refresh_token", MARK)).expect(401);
    invalid.get("/" + MARK + "/%0D%0A").expect(404);
    api.with("Idempotency-Key", MARK).post(TASKS, Map.of("title", "x")).expect(400);
    api.post(TASKS, "{\"title\":\"" + MARK + "\nbroken").expect(400);
    api.post(TASKS, Map.of("title", MARK.repeat(30))).expect(400);
    api.post(TASKS, Map.of("title", "x", MARK, 1)).expect(400);
    api.with("Content-Type", "text/" + MARK).post(TASKS, MARK).expect(415);
    api.get(TASKS + "?sort=" + MARK).expect(400);
    api.get(TASKS + "/" + MARK).expect(400);
    return 12;
  }

  /** An internal error, for a row whose text PostgreSQL's message would repeat. */
  private static int failing(TestService.Session user) {
    database.run(
        "alter table tasks.task_instances add constraint refuses check (title not like '%q7boom')");
    try {
      user.api().post(TASKS, Map.of("title", MARK + "q7boom")).expect(500, "INTERNAL_ERROR");
    } finally {
      database.run("alter table tasks.task_instances drop constraint refuses");
    }
    return 1;
  }

  /** Malformed HTTP. */
  private static int raw(Jar jar) throws IOException {
    for (String request :
        List.of(
            "GET /nowhere HTTP/1.1\r\nHost: a\r\nUser-Agent: \u2028\u0085 x\r\n"
                + "Authorization: Basic "
                + MARK
                + "\r\nConnection: close\r\n\r\n",
            "GET /" + MARK + "\0 HTTP/1.1\r\nHost: a\r\n\r\n",
            MARK + " / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n" + MARK + "\r\n\r\n")) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), jar.port())) {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
        assertTrue(socket.getInputStream().readAllBytes().length > 0);
      }
    }
    return 4;
  }
}
