package app.perpetua.flow.image;

import app.perpetua.flow.base.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a user does in a session, over HTTP, including mistakes. The first unexpected status fails
 * it. For one thread.
 */
final class Visit implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT).build();
  private final Json json = new Json();
  private final URI service;
  private @Nullable String accessToken;
  private int requests;

  Visit(URI service) {
    this.service = service;
  }

  /** Number of answered requests. */
  int requests() {
    return requests;
  }

  /**
   * Signs in.
   *
   * @return the access token
   */
  String signIn(String idToken) throws IOException, InterruptedException {
    String body = call("POST", "/api/v1/auth/google/callback", Map.of("id_token", idToken), 200);
    JsonNode session = json.parse(body);
    String refreshed =
        call(
            "POST",
            "/api/v1/auth/refresh",
            Map.of("refresh_token", session.get("refresh_token").stringValue()),
            200);
    accessToken = json.parse(refreshed).get("access_token").stringValue();
    return accessToken;
  }

  /** What operators, browsers and strangers request without a user. */
  void withoutUser() throws IOException, InterruptedException {
    for (String path :
        new String[] {
          "/health/live",
          "/health/ready",
          "/metrics",
          "/api/v1/openapi.json",
          "/api/v1/docs",
          "/api/v1/.well-known/jwks.json"
        }) {
      call("GET", path, null, 200);
    }
    call("GET", "/api/v1/tasks", null, 401);
    call("GET", "/nowhere", null, 404);
    call("POST", "/api/v1/auth/google/callback", Map.of("id_token", "a.b.c"), 400);
  }

  /** What a signed-in user does. */
  void asUser() throws IOException, InterruptedException {
    call("PATCH", "/api/v1/users/me", Map.of("timezone", "Europe/Berlin"), 200);
    call("GET", "/api/v1/users/me", null, 200);
    String task = tasks();
    assistant(task);
    notesAndRecovery();
    recurrence();
    for (String path :
        new String[] {
          "/credits/balance",
          "/credits/history",
          "/achievements/me",
          "/activity",
          "/notifications",
          "/notifications/push-key",
          "/subscription",
          "/users/me/export"
        }) {
      call("GET", "/api/v1" + path, null, 200);
    }
  }

  private String tasks() throws IOException, InterruptedException {
    Map<String, Object> trip =
        Map.of(
            "title", "Plan the trip",
            "description", "Three days in the mountains",
            "priority", "high",
            "estimated_duration", 30);
    String id = made("/api/v1/tasks", trip);
    String task = "/api/v1/tasks/" + id;
    call("POST", "/api/v1/tasks", Map.of("title", ""), 400);
    call("GET", "/api/v1/tasks?limit=25", null, 200);
    call("GET", "/api/v1/tasks?q=trip", null, 200);
    call("GET", task, null, 200);
    call("PATCH", task, Map.of("version", 1, "title", "Plan the long trip"), 200);
    call("PATCH", task, Map.of("version", 1, "title", "Too late"), 409);
    call(
        "POST",
        task + "/reminders",
        Map.of("type", "absolute", "scheduled_at", "2099-01-01T08:00:00Z"),
        201);
    call("POST", "/api/v1/focus/start", Map.of("task_id", id), 200);
    call("POST", "/api/v1/focus/end", Map.of("task_id", id), 200);
    String first = made(task + "/subtasks", Map.of("title", "Book the train"));
    String second = made(task + "/subtasks", Map.of("title", "Pack"));
    call("PATCH", "/api/v1/subtasks/" + first, Map.of("completed", true), 200);
    call("PATCH", "/api/v1/subtasks/" + second, Map.of("completed", true), 200);
    return made("/api/v1/tasks", Map.of("title", "Water the plants"));
  }

  private void assistant(String task) throws IOException, InterruptedException {
    call("POST", "/api/v1/ai/chat/stream", Map.of("message", "What is next?"), 200);
    call("POST", "/api/v1/ai/generate-subtasks", Map.of("task_id", task), 200);
    String note = made("/api/v1/notes", Map.of("content", "Buy soil"));
    call("POST", "/api/v1/notes/" + note + "/convert", null, 200);
  }

  private void notesAndRecovery() throws IOException, InterruptedException {
    String note = made("/api/v1/notes", Map.of("content", "Paint for the hall"));
    call("GET", "/api/v1/notes?q=paint", null, 200);
    call("PATCH", "/api/v1/notes/" + note, Map.of("content", "Blue paint"), 200);
    String deleted = call("DELETE", "/api/v1/notes/" + note, null, 200);
    String tombstone = json.parse(deleted).at("/data/tombstone_id").stringValue();
    call("POST", "/api/v1/recovery/tombstones/" + tombstone + "/recover", null, 200);
  }

  /** Completing the task enqueues a job, which creates the next one. */
  private void recurrence() throws IOException, InterruptedException {
    String made =
        call("POST", "/api/v1/templates", Map.of("title", "Walk", "rrule", "FREQ=DAILY"), 201);
    String task = json.parse(made).at("/task/id").stringValue();
    call("PATCH", "/api/v1/tasks/" + task, Map.of("completed", true), 200);
  }

  private String made(String path, Map<String, ?> body) throws IOException, InterruptedException {
    return json.parse(call("POST", path, body, 201)).at("/data/id").stringValue();
  }

  private String call(String method, String path, @Nullable Map<String, ?> body, int expected)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(service.resolve(path))
            .timeout(TIMEOUT)
            .method(
                method,
                body == null
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofByteArray(json.bytes(body)));
    if (body != null) {
      request.header("Content-Type", "application/json");
    }
    if (!method.equals("GET")) {
      request.header("Idempotency-Key", UUID.randomUUID().toString());
    }
    if (accessToken != null) {
      request.header("Authorization", "Bearer " + accessToken);
    }
    HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
    requests++;
    if (response.statusCode() != expected) {
      throw new IOException(
          method
              + " "
              + path
              + " was answered with "
              + response.statusCode()
              + ", not "
              + expected
              + ": "
              + response.body());
    }
    return response.body();
  }

  @Override
  public void close() {
    http.close();
  }
}
