package app.perpetua.flow.dev.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import tools.jackson.databind.JsonNode;

/** Calls a control port. Thread-safe. */
record ControlClient(ControlPort control, HttpClient http, Json json) {
  /**
   * The answer's body.
   *
   * @param body JSON, or empty
   * @throws AssertionError if the answer has another status
   */
  JsonNode call(String method, String path, String body, int status)
      throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + control.address().getPort() + path);
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(uri).method(method, BodyPublishers.ofString(body)).build(),
            BodyHandlers.ofString());
    assertEquals(status, answer.statusCode(), answer.body());
    return json.parse(answer.body());
  }
}
