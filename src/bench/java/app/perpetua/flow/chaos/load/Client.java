package app.perpetua.flow.chaos.load;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.time.GrantedTime;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The HTTP client of all people. Measures waits in granted time. Thread-safe. */
public final class Client implements AutoCloseable {
  /** Beyond every limit, so that a hanging request is found and does not hang the command. */
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  private final GrantedTime time = new GrantedTime();
  private final Json json = new Json();
  private final URI origin;

  /** A client of the service at that origin. */
  public Client(URI origin) {
    this.origin = origin;
  }

  /** Sends a person's request once. */
  Attempt send(Entry entry, String token) {
    return send(
        entry,
        Map.of("Authorization", "Bearer " + token, "Idempotency-Key", entry.key().toString()));
  }

  /** Sends a webhook once. */
  Attempt deliver(Entry entry, String signature) {
    return send(entry, Map.of("Cko-Signature", signature));
  }

  private Attempt send(Entry entry, Map<String, String> headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(origin.resolve(entry.path()))
            .timeout(TIMEOUT)
            .method(
                entry.method(),
                entry.body().isEmpty()
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofString(entry.body()));
    if (!entry.body().isEmpty()) {
      request.header("Content-Type", "application/json");
    }
    headers.forEach(request::header);
    long began = System.nanoTime();
    long granted = time.nanoTime();
    try {
      HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
      return new Attempt(
          answer.statusCode(),
          answer.statusCode() / 100 == 2 ? "" : code(answer.body()),
          answer.headers().firstValue("Retry-After").isPresent(),
          answer.headers().firstValue("X-Idempotent-Replayed").isPresent(),
          answer.body(),
          began,
          System.nanoTime(),
          time.since(granted));
    } catch (IOException e) {
      return cut(e.toString(), began, granted);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return cut("interrupted", began, granted);
    }
  }

  private Attempt cut(String reason, long began, long granted) {
    return new Attempt(0, "", false, false, reason, began, System.nanoTime(), time.since(granted));
  }

  /** The granted time; {@link GrantedTime}. */
  GrantedTime time() {
    return time;
  }

  /** Parses an answer. */
  JsonNode parse(String body) {
    return json.parse(body);
  }

  /** JSON of a value. */
  String text(Object value) {
    return json.text(value);
  }

  private String code(String body) {
    try {
      return json.parse(body).path("error").path("code").asString("");
    } catch (JacksonException e) {
      return "";
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
    time.close();
  }
}
