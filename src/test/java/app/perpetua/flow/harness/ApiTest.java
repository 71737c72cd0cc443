package app.perpetua.flow.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests the client against a scripted server. */
class ApiTest {
  private static final String ID = "019ba722-4680-7c3e-9a51-2f6d8b0c4e17";
  private static final String SUBTASK =
      """
      {"data": {"id": "%1$s", "task_id": "%1$s", "title": "buy milk", "completed": false,
       "completed_at": null, "order_index": 0, "source": "user", "version": 1,
       "created_at": "2026-01-10T09:00:00.000Z", "updated_at": "2026-01-10T09:00:00.000Z"}}
      """
          .formatted(ID);
  private static final String NOT_FOUND =
      """
      {"error": {"code": "NOT_FOUND", "message": "there is none", "request_id": "r1"}}
      """;

  private record Seen(String method, String target, Headers headers, String body) {}

  private final LinkedBlockingQueue<Seen> seen = new LinkedBlockingQueue<>();
  private final HttpServer server;
  private final Api api;
  private volatile int status = 200;
  private volatile String body = SUBTASK;
  private volatile boolean limited = true;

  ApiTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    api = new Api(URI.create("http://localhost:" + server.getAddress().getPort())).as("t0ken");
  }

  @BeforeEach
  void start() {
    server.createContext(
        "/",
        exchange -> {
          String sent =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          seen.add(
              new Seen(
                  exchange.getRequestMethod(),
                  exchange.getRequestURI().toString(),
                  exchange.getRequestHeaders(),
                  sent));
          Headers headers = exchange.getResponseHeaders();
          headers.set("X-Request-ID", "r1");
          if (limited) {
            headers.set("X-RateLimit-Limit", "100");
            headers.set("X-RateLimit-Remaining", "99");
            headers.set("X-RateLimit-Reset", "1768896960");
          }
          if (status == 405) {
            headers.set("Allow", "GET");
          }
          headers.set("Content-Type", "application/json");
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          boolean empty = bytes.length == 0 || exchange.getRequestMethod().equals("HEAD");
          exchange.sendResponseHeaders(status, empty ? -1 : bytes.length);
          if (!empty) {
            exchange.getResponseBody().write(bytes);
          }
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    api.close();
    server.stop(0);
  }

  @Test
  void a_request_carries_token_json_and_a_fresh_key() throws InterruptedException {
    Api.Answer answer = api.patch("/api/v1/subtasks/" + ID, Map.of("title", "buy milk"));
    api.patch("/api/v1/subtasks/" + ID, "{\"title\": \"buy milk\"}");
    assertEquals("buy milk", answer.expect(200).data().get("title").stringValue());
    assertEquals("r1", answer.header("x-request-id").orElseThrow());
    Seen first = seen.take();
    assertEquals("PATCH", first.method());
    assertEquals("{\"title\":\"buy milk\"}", first.body());
    assertEquals("Bearer t0ken", first.headers().getFirst("Authorization"));
    assertEquals("application/json", first.headers().getFirst("Content-Type"));
    UUID key = UUID.fromString(first.headers().getFirst("Idempotency-Key"));
    assertFalse(key.toString().equals(seen.take().headers().getFirst("Idempotency-Key")));
  }

  @Test
  void an_idempotency_key_can_be_set_or_omitted() throws InterruptedException {
    UUID key = UUID.randomUUID();
    api.withKey(key).patch("/api/v1/subtasks/" + ID, Map.of());
    assertEquals(key.toString(), seen.take().headers().getFirst("Idempotency-Key"));
    api.withoutKey().invalidOnPurpose().patch("/api/v1/subtasks/" + ID, Map.of());
    assertFalse(seen.take().headers().containsKey("Idempotency-Key"));
  }

  @Test
  void sign_in_sends_no_idempotency_key() throws InterruptedException {
    status = 204;
    body = "";
    api.post("/api/v1/auth/logout", Map.of("refresh_token", ID + ".q3Jm0yVZt1s8C0rR7m5vYw"));
    assertFalse(seen.take().headers().containsKey("Idempotency-Key"));
  }

  @Test
  void a_request_that_violates_the_contract_is_not_sent() throws InterruptedException {
    String path = "/api/v1/subtasks/" + ID;
    for (String bad : List.of("{\"title\": 7}", "{\"titel\": \"x\"}", "{\"title\": null}")) {
      assertThrows(AssertionError.class, () -> api.patch(path, bad), bad);
    }
    assertThrows(AssertionError.class, () -> api.withoutKey().patch(path, Map.of()));
    assertThrows(AssertionError.class, () -> api.get("/api/v1/tasks?limit=101"));
    assertThrows(AssertionError.class, () -> api.get("/api/v1/tasks?sort=name"));
    assertTrue(seen.isEmpty());
    api.invalidOnPurpose().patch(path, "{\"title\": null}");
    assertEquals("{\"title\": null}", seen.take().body());
  }

  @Test
  void every_answer_is_validated_against_the_contract() {
    for (String bad :
        List.of(
            SUBTASK.replace("\"order_index\": 0,", ""),
            SUBTASK.replace("\"order_index\": 0,", "\"order_index\": 0, \"color\": \"red\","),
            SUBTASK.replace("\"order_index\": 0,", "\"order_index\": 0.5,"),
            SUBTASK.replace("09:00:00.000Z", "09:00:00Z"),
            SUBTASK.replace(ID, "17"),
            SUBTASK.replace("\"user\"", "\"robot\""),
            SUBTASK.replace("false", "null"),
            SUBTASK.replace("\"data\"", "\"unlocked_achievements\": [], \"data\""),
            "<html>",
            "")) {
      body = bad;
      // Even where the request violates it.
      assertThrows(AssertionError.class, () -> answered(api.invalidOnPurpose()), bad);
    }
    body = SUBTASK;
    limited = false;
    assertThrows(AssertionError.class, () -> answered(api), "headers are missing");
    limited = true;
    status = 418;
    assertThrows(AssertionError.class, () -> answered(api), "no such status");
    status = 200;
    assertEquals(200, answered(api).status());
  }

  @Test
  void an_unknown_path_is_404_and_an_unknown_method_405() {
    body = NOT_FOUND;
    status = 404;
    api.invalidOnPurpose().get("/api/v1/nowhere").expect(404, "NOT_FOUND");
    assertThrows(
        AssertionError.class, () -> api.invalidOnPurpose().delete("/api/v1/users/me/export"));
    body = NOT_FOUND.replace("NOT_FOUND", "METHOD_NOT_ALLOWED");
    status = 405;
    api.invalidOnPurpose().delete("/api/v1/users/me/export").expect(405, "METHOD_NOT_ALLOWED");
    assertThrows(AssertionError.class, () -> api.invalidOnPurpose().get("/api/v1/nowhere"));
    body = "{}";
    assertThrows(
        AssertionError.class, () -> api.invalidOnPurpose().delete("/api/v1/users/me/export"));
  }

  @Test
  void head_answers_like_get_without_a_body() {
    limited = false;
    assertEquals("", api.send("HEAD", "/health/live", null).text());
    status = 418;
    assertThrows(AssertionError.class, () -> api.send("HEAD", "/health/live", null));
  }

  @Test
  void a_failed_expectation_shows_the_answer() {
    AssertionError error = assertThrows(AssertionError.class, () -> answered(api).expect(201));
    assertTrue(Objects.requireNonNull(error.getMessage()).contains("buy milk"));
  }

  @Test
  void a_message_can_be_validated_against_a_schema_by_name() {
    Contract contract = Contract.current();
    assertEquals(List.of(), contract.faultsOf("ApiError", NOT_FOUND));
    assertEquals(1, contract.faultsOf("ApiError", "{\"error\": 1}").size());
    assertThrows(IllegalArgumentException.class, () -> contract.faultsOf("Nothing", "{}"));
  }

  private Api.Answer answered(Api client) {
    return client.patch("/api/v1/subtasks/" + ID, Map.of("title", "buy milk"));
  }
}
