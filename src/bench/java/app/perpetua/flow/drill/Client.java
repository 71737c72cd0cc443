package app.perpetua.flow.drill;

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
import tools.jackson.databind.JsonNode;

/** A client of one service, which counts its requests. Not thread-safe. */
final class Client implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final URI service;
  private final Json json = new Json();
  private int requests;

  /**
   * @param port of the service on this machine
   */
  Client(int port) {
    this.service = URI.create("http://127.0.0.1:" + port);
  }

  /** An endpoint of the service. */
  URI uri(String path) {
    return service.resolve(path);
  }

  int requests() {
    return requests;
  }

  /** GET; the answer as it was sent. */
  String read(String token, String path) throws IOException, InterruptedException {
    return send(request(token, path).GET(), "GET " + path);
  }

  /** A write with a new idempotency key; returns the answer's {@code data}. */
  JsonNode write(String token, String method, String path, Map<String, ?> body)
      throws IOException, InterruptedException {
    return write(token, method, path, body, UUID.randomUUID()).path("data");
  }

  /** A write; returns the whole answer. */
  JsonNode write(String token, String method, String path, Map<String, ?> body, UUID key)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        request(token, path)
            .header("Idempotency-Key", key.toString())
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofByteArray(json.bytes(body)));
    String answer = send(request, method + " " + path);
    return json.parse(answer.isEmpty() ? "{}" : answer);
  }

  private HttpRequest.Builder request(String token, String path) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).timeout(TIMEOUT);
    return token.isEmpty() ? request : request.header("Authorization", "Bearer " + token);
  }

  private String send(HttpRequest.Builder request, String what)
      throws IOException, InterruptedException {
    requests++;
    HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
    if (answer.statusCode() / 100 != 2) {
      throw new IOException(
          what + " was answered with " + answer.statusCode() + ": " + answer.body());
    }
    return answer.body();
  }

  @Override
  public void close() {
    http.close();
  }
}
