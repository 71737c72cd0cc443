package app.perpetua.flow.provider.openai;

import app.perpetua.flow.assistant.Model;
import app.perpetua.flow.assistant.Prompt;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Clock;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * A model behind OpenAI's Responses API, asked under deadlines, again where that can help, and not
 * at all while it fails every time; docs/decisions/openai.md. Nothing it logs or throws contains
 * the key, a prompt or an answer. Thread-safe.
 */
public final class OpenAi implements Model {
  private final HttpClient http;
  private final URI uri;
  private final Secret key;
  private final String model;
  private final Json json;
  private final Clock clock;
  private final LongSupplier nanoTime;
  private final RandomGenerator random;
  private final Patience patience;
  private final Breaker breaker;
  private final ProviderMetrics metrics;

  /**
   * @param http never follows redirects, and has a connect time-out
   * @param key of our account
   * @param clock reads a {@code Retry-After} that is a date, and times the breaker's pauses
   * @param nanoTime times everything else: {@code System::nanoTime}
   * @param random spreads retries; thread-safe
   */
  public OpenAi(
      HttpClient http,
      OpenAiConfig config,
      Secret key,
      Json json,
      Clock clock,
      LongSupplier nanoTime,
      RandomGenerator random,
      MeterRegistry registry) {
    this(http, config, key, json, clock, nanoTime, random, registry, Patience.USUAL);
  }

  OpenAi(
      HttpClient http,
      OpenAiConfig config,
      Secret key,
      Json json,
      Clock clock,
      LongSupplier nanoTime,
      RandomGenerator random,
      MeterRegistry registry,
      Patience patience) {
    this.http = http;
    this.uri = config.responses();
    this.key = key;
    this.model = config.model();
    this.json = json;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.random = random;
    this.patience = patience;
    this.breaker = new Breaker("openai", clock);
    this.metrics = new ProviderMetrics(registry, breaker);
  }

  @Override
  public Answer ask(Prompt prompt, Duration within) {
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .header("Authorization", "Bearer " + key.value())
            .header("Content-Type", "application/json")
            .header("Accept", "text/event-stream")
            .POST(HttpRequest.BodyPublishers.ofByteArray(json.bytes(RequestBody.of(prompt, model))))
            .build();
    return new Call(this, prompt, request, within);
  }

  Exchange exchange(long deadline) {
    return new Exchange(patience, nanoTime, deadline);
  }

  void begin(Exchange exchange, HttpRequest request) throws Broken, InterruptedException {
    exchange.begin(http, request, json, clock);
  }

  Reading reading(Prompt prompt) {
    return new Reading(json, prompt, model);
  }

  Breaker breaker() {
    return breaker;
  }

  ProviderMetrics metrics() {
    return metrics;
  }

  Patience patience() {
    return patience;
  }

  long now() {
    return nanoTime.getAsLong();
  }

  /** Half to all of it, so that what failed together does not come back together. */
  Duration spread(Duration rest) {
    return Duration.ofNanos((long) (rest.toNanos() * (0.5 + random.nextDouble() / 2)));
  }
}
