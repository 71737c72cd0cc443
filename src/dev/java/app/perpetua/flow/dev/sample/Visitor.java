package app.perpetua.flow.dev.sample;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.dev.sample.SampleMonth.Result;
import app.perpetua.flow.dev.sample.SampleMonth.Step;
import app.perpetua.flow.fake.FakeCheckout;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Carries out the steps of one person and remembers the values that later steps name. Not
 * thread-safe.
 */
final class Visitor implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Pattern NAME = Pattern.compile("\\{(open:)?([a-z_]+)}");
  private static final Pattern TIME = Pattern.compile("@([+-][0-9]{1,2}) ([0-9]{2}:[0-9]{2})");

  private final URI api;
  private final FakeCheckout checkout;
  private final SampleDatabase database;
  private final Json json;
  private final Map<String, String> values = new HashMap<>();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT).build();
  private int requests;

  /**
   * @param name the person's name, which steps may use
   */
  Visitor(URI service, FakeCheckout checkout, SampleDatabase database, Json json, String name) {
    this.api = service.resolve("/api/v1");
    this.checkout = checkout;
    this.database = database;
    this.json = json;
    values.put("name", name);
  }

  /** Number of requests with the person's access token. */
  int requests() {
    return requests;
  }

  /**
   * Carries out a step.
   *
   * @param day from which the times in the step count
   * @throws IOException if the service does not answer, or not with success
   */
  void take(Step step, UUID user, Secret token, LocalDate day)
      throws IOException, InterruptedException {
    switch (step) {
      case Step.Payment(String page, boolean accepted) -> {
        if (accepted) {
          checkout.pay(value(page));
        } else {
          checkout.decline(value(page));
        }
      }
      case Step.Request request -> {
        JsonNode answer =
            send(
                request.method(),
                named(request.path(), user),
                timed(named(request.body(), user), day),
                token);
        if (request.result().isPresent()) {
          remember(request.result().get(), request, answer);
        }
      }
    }
  }

  private void remember(Result result, Step.Request request, JsonNode answer) throws IOException {
    JsonNode value = answer.at(result.pointer());
    if (!value.isString()) {
      throw new IOException(
          request.method() + " " + request.path() + ": the answer has no " + result.pointer());
    }
    values.put(result.name(), value.stringValue());
  }

  private String named(String text, UUID user) {
    return NAME.matcher(text)
        .replaceAll(
            name -> {
              String value = value(name.group(2));
              return Matcher.quoteReplacement(
                  name.group(1) == null
                      ? value
                      : database.openTask(user, UUID.fromString(value)).toString());
            });
  }

  private String value(String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalStateException("no earlier step has the name " + name);
    }
    return value;
  }

  private static String timed(String text, LocalDate day) {
    return TIME.matcher(text).replaceAll(time -> Json.instant(instant(time, day)));
  }

  private static Instant instant(MatchResult time, LocalDate day) {
    return day.plusDays(Integer.parseInt(time.group(1)))
        .atTime(LocalTime.parse(time.group(2)))
        .toInstant(ZoneOffset.UTC);
  }

  private JsonNode send(String method, String path, String body, Secret token)
      throws IOException, InterruptedException {
    requests++;
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(api + path))
            .timeout(TIMEOUT)
            .header("Authorization", "Bearer " + token.value())
            .header("Idempotency-Key", UUID.randomUUID().toString())
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (!body.isEmpty()) {
      request.header("Content-Type", "application/json");
    }
    HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
    if (response.statusCode() / 100 != 2) {
      throw new IOException(
          method
              + " "
              + path
              + " was answered with "
              + response.statusCode()
              + ": "
              + response.body());
    }
    try {
      return json.parse(response.body().isEmpty() ? "null" : response.body());
    } catch (JacksonException e) {
      throw new IOException(method + " " + path + ": the answer is not JSON", e);
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
