package app.perpetua.flow.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.DevServer;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.sql.Eventually;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The dev server as a separate process, as {@code ./dev} starts it. */
@Tag("system")
class DevServerTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private record Answer(int status, JsonNode body) {
    String text(String... path) {
      JsonNode node = body;
      for (String name : path) {
        node = node.path(name);
      }
      return node.stringValue();
    }
  }

  private final Json json = new Json();
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<Process> processes = new ArrayList<>();
  @TempDir private Path directory;
  private final int port = FreePort.find();
  private final int controlPort = FreePort.find();

  @AfterEach
  void stopAll() throws Exception {
    for (Process process : processes) {
      process.destroy();
      process.waitFor();
    }
    DevDatabase.stopLeftover(directory.resolve(".dev/postgres"));
    http.close();
  }

  private Process start(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                System.getProperty("java.home") + "/bin/java",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                DevServer.class.getName(),
                "--port=" + port,
                "--control-port=" + controlPort));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(outputFile().toFile())
            .start();
    processes.add(process);
    return process;
  }

  private Process startAndAwait(String... arguments) throws IOException {
    Process process = start(arguments);
    Eventually.within(LIMIT, () -> printed("Ready after") || !process.isAlive());
    assertTrue(process.isAlive(), () -> "it ended:\n" + output());
    return process;
  }

  private Path outputFile() {
    return directory.resolve("output");
  }

  private boolean printed(String text) {
    return output().contains(text);
  }

  private String output() {
    try {
      return Files.readString(outputFile());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Answer control(String method, String path, String body) throws Exception {
    return send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + controlPort + path))
            .method(method, BodyPublishers.ofString(body)));
  }

  private Answer tasks(String token) throws Exception {
    return send(toTasks(token).GET());
  }

  private Answer createTask(String token, String title) throws Exception {
    return send(
        toTasks(token)
            .header("Idempotency-Key", UUID.randomUUID().toString())
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"title\": \"" + title + "\"}")));
  }

  /** Subscribes an inbox of the fake push service. */
  private Answer subscribe(String token) throws Exception {
    return post(
        token,
        "/notifications/push-subscription",
        json.text(control("POST", "/push/subscription", "").body()));
  }

  private Answer post(String token, String path, String body) throws Exception {
    return send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1" + path))
            .header("Authorization", "Bearer " + token)
            .header("Idempotency-Key", UUID.randomUUID().toString())
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body)));
  }

  private HttpRequest.Builder toTasks(String token) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/tasks"))
        .header("Authorization", "Bearer " + token);
  }

  private Answer send(HttpRequest.Builder request) throws Exception {
    HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
    return new Answer(answer.statusCode(), json.parse(answer.body()));
  }

  private long pid(String name) throws Exception {
    return control("GET", "/", "").body().path("pids").path(name).longValue();
  }

  /** False for a zombie. */
  private static boolean lives(long pid) {
    return ProcessHandle.of(pid).flatMap(process -> process.info().command()).isPresent();
  }

  @Test
  void a_killed_service_is_restarted_with_its_data_and_clock() throws Exception {
    Process server = startAndAwait();
    String token =
        control("POST", "/session", "{\"email\": \"ada@example.com\"}").text("access_token");
    Answer created = createTask(token, "Water the plants");
    assertEquals(201, created.status());

    long killed = pid("service");
    assertTrue(ProcessHandle.of(killed).orElseThrow().destroyForcibly());
    Eventually.within(LIMIT, () -> printed("is running again"));
    assertTrue(printed("The service, pid " + killed + ", ended by SIGKILL"));
    assertNotEquals(killed, pid("service"));
    Answer list = tasks(token);
    assertEquals(200, list.status());
    assertEquals("Water the plants", list.body().path("data").path(0).path("title").stringValue());

    assertEquals(200, control("POST", "/clock", "{\"advance\": \"P40D\"}").status());
    assertEquals("TOKEN_EXPIRED", tasks(token).text("error", "code"));
    JsonNode ran = control("POST", "/jobs/run-due", "").body().path("ran");
    assertTrue(
        ran.toString().contains("{\"kind\":\"cleanup\",\"outcome\":\"done\"}"), ran::toString);
    String later =
        control("POST", "/session", "{\"email\": \"ada@example.com\"}").text("access_token");
    assertEquals(1, tasks(later).body().path("pagination").path("total").intValue());
    assertEquals(201, createTask(later, "Feed the cat").status());

    List<Long> pids = List.of(pid("service"), pid("database"));
    server.destroy();
    assertTrue(server.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
    for (long pid : pids) {
      assertFalse(lives(pid), () -> "still runs: " + pid);
    }
    assertTrue(printed("Stopped."));

    startAndAwait("--workers=2");
    assertTrue(printed("ahead by PT960H"));
    assertEquals(2, tasks(later).body().path("pagination").path("total").intValue());
    assertNotEquals(0, pid("worker 1"));
    assertNotEquals(0, pid("worker 2"));
  }

  @Test
  void FR_056_a_reminder_arrives_in_the_inbox() throws Exception {
    startAndAwait();
    String token = control("POST", "/session", "").text("access_token");
    assertEquals(201, subscribe(token).status());
    Instant now = Instant.parse(control("GET", "/clock", "").text("now"));
    String task =
        post(
                token,
                "/tasks",
                "{\"title\": \"Water\", \"due_date\": \"" + now.plusSeconds(7_200) + "\"}")
            .text("data", "id");
    String reminder = "{\"type\": \"before\", \"offset_minutes\": 60, \"method\": \"push\"}";
    assertEquals(201, post(token, "/tasks/" + task + "/reminders", reminder).status());
    assertEquals(200, control("POST", "/clock", "{\"advance\": \"PT1H\"}").status());
    control("POST", "/jobs/run-due", "");
    JsonNode messages = control("GET", "/push/inbox", "").body().path("messages");
    assertEquals(1, messages.size(), messages::toString);
    assertEquals("Water", messages.path(0).at("/message/title").stringValue());
  }

  @Test
  void FR_047_Pro_and_credits_are_bought_through_the_payment_page() throws Exception {
    startAndAwait();
    Answer session =
        control(
            "POST",
            "/session",
            "{\"email\": \"ada@example.com\", \"tier\": \"pro\", \"credits\": {\"purchased\": 40}}");
    assertEquals("pro", session.text("user", "tier"), session::toString);
    String token = session.text("access_token");
    String user = session.text("user", "id");
    assertEquals("active", get(token, "/subscription").text("data", "status"));
    assertEquals(40, purchased(token));
    String page = post(token, "/credits/purchase", "{\"amount\": 10}").text("data", "checkout_url");
    HttpResponse<String> shown =
        http.send(HttpRequest.newBuilder(URI.create(page)).build(), BodyHandlers.ofString());
    assertTrue(shown.body().contains("0.50 USD"), shown::body);
    HttpResponse<String> paid =
        http.send(
            HttpRequest.newBuilder(URI.create(page + "/pay")).POST(BodyPublishers.noBody()).build(),
            BodyHandlers.ofString());
    assertEquals(303, paid.statusCode());
    assertEquals(50, purchased(token));

    String event = "{\"user_id\": \"" + user + "\", \"kind\": \"%s\", \"type\": \"%s\"%s}";
    Answer refused =
        control(
            "POST",
            "/checkout/event",
            event.formatted("credits", "payment_captured", ", \"bad_signature\": true"));
    assertEquals(1, refused.body().at("/statuses/400").intValue(), refused::toString);
    assertEquals(50, purchased(token));
    control(
        "POST",
        "/checkout/event",
        event.formatted(
            "credits",
            "payment_approved, payment_captured",
            ", \"credits\": 20, \"repeat\": 10, \"shuffle\": true"));
    // The rejected event left its order of 50 credits open.
    assertEquals(100, purchased(token));
    control("POST", "/checkout/event", event.formatted("subscription", "payment_declined", ""));
    assertEquals("past_due", get(token, "/subscription").text("data", "status"));
    control("POST", "/checkout/event", event.formatted("subscription", "payment_captured", ""));
    assertEquals("active", get(token, "/subscription").text("data", "status"));
    assertEquals(
        200, control("POST", "/checkout/script", "{\"steps\": [{\"decline\": true}]}").status());
    control("POST", "/clock", "{\"advance\": \"P62D\"}");
    control("POST", "/jobs/run-due", "");
    String later =
        control("POST", "/session", "{\"email\": \"ada@example.com\"}").text("access_token");
    assertEquals("past_due", get(later, "/subscription").text("data", "status"));
    control("POST", "/checkout/event", event.formatted("subscription", "dispute_received", ""));
    assertEquals("expired", get(later, "/subscription").text("data", "status"));
  }

  private int purchased(String token) throws Exception {
    return get(token, "/credits/balance").body().at("/data/purchased").intValue();
  }

  private Answer get(String token, String path) throws Exception {
    return send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1" + path))
            .header("Authorization", "Bearer " + token)
            .GET());
  }

  @Test
  void processes_of_a_killed_dev_server_are_stopped() throws Exception {
    Process killed = startAndAwait();
    control("POST", "/session", "{\"email\": \"ada@example.com\"}");
    long service = pid("service");
    long database = pid("database");
    killed.destroyForcibly().waitFor();
    Eventually.within(LIMIT, () -> !lives(service));
    assertTrue(lives(database));

    startAndAwait("--fresh");
    assertFalse(lives(database));
    String token =
        control("POST", "/session", "{\"email\": \"ada@example.com\"}").text("access_token");
    assertEquals(0, tasks(token).body().path("pagination").path("total").intValue());
  }

  @Test
  void startup_errors_are_printed_in_one_line() throws Exception {
    try (ServerSocket taken = new ServerSocket(port)) {
      Process refused = start();
      assertEquals(1, refused.waitFor());
      assertEquals(
          "./dev cannot start: port %d cannot be opened (Address already in use); choose another with --port%n"
              .formatted(taken.getLocalPort()),
          output());
    }
  }
}
