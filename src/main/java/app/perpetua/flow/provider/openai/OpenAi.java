package app.perpetua.flow.provider.openai;

import app.perpetua.flow.assistant.Model;
import app.perpetua.flow.assistant.Prompt;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.provider.ProviderHttp;
import app.perpetua.flow.redis.Redis;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * OpenAI's Responses API, with deadlines, retries and a circuit breaker (docs/decisions/openai.md).
 * Log lines and exceptions contain neither key, prompts nor answers. Thread-safe.
 */
public final class OpenAi implements Model {
  /** From the end of a call to its report, at most. */
  private static final Duration REPORT_DELAY = Duration.ofSeconds(10);

  private final HttpClient http;
  private final URI uri;
  private final Secret key;
  private final String model;
  private final Json json;
  private final Clock clock;
  private final LongSupplier nanoTime;
  private final RandomGenerator random;
  private final Timeouts timeouts;
  private final Duration failureThreshold;
  private final CircuitBreaker breaker;
  private final ProviderMetrics metrics;

  /**
   * @param http never follows redirects, and has a connect time-out
   * @param redis shares the breaker with other processes; empty if there are none
   * @param clock for a {@code Retry-After} that is a date, and the pauses of this process's breaker
   * @param nanoTime elapsed time in nanoseconds, for all other waits
   * @param random for the jitter of retries; thread-safe
   */
  public OpenAi(
      HttpClient http,
      OpenAiConfig config,
      Secret key,
      Json json,
      Optional<Redis> redis,
      Clock clock,
      LongSupplier nanoTime,
      RandomGenerator random,
      MeterRegistry registry) {
    this(http, config, key, json, redis, clock, nanoTime, random, registry, Timeouts.of(config));
  }

  OpenAi(
      HttpClient http,
      OpenAiConfig config,
      Secret key,
      Json json,
      Optional<Redis> redis,
      Clock clock,
      LongSupplier nanoTime,
      RandomGenerator random,
      MeterRegistry registry,
      Timeouts timeouts) {
    this.http = http;
    this.uri = config.responses();
    this.key = key;
    this.model = config.model();
    this.json = json;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.random = random;
    this.timeouts = timeouts;
    Duration mostOfTheRun = config.timeout().multipliedBy(2).dividedBy(3);
    this.failureThreshold =
        timeouts.silence().compareTo(mostOfTheRun) < 0 ? timeouts.silence() : mostOfTheRun;
    CircuitBreaker local = new LocalCircuitBreaker("openai", clock);
    Duration probeLimit = config.timeout().plus(REPORT_DELAY);
    this.breaker =
        redis
            .<CircuitBreaker>map(
                server -> new SharedCircuitBreaker("openai", server, local, probeLimit))
            .orElse(local);
    this.metrics = new ProviderMetrics(registry, breaker);
  }

  @Override
  public Answer stream(Prompt prompt, Duration timeout) {
    HttpRequest request =
        ProviderHttp.post(uri, json.bytes(RequestBody.of(prompt, model)))
            .header("Authorization", "Bearer " + key.value())
            .header("Accept", "text/event-stream")
            .build();
    return new ModelTurn(this, prompt, request, timeout);
  }

  ModelExchange exchange(long deadline) {
    return new ModelExchange(http, json, clock, timeouts, nanoTime, deadline);
  }

  ResponseParser parser(Prompt prompt) {
    return new ResponseParser(json, prompt, model);
  }

  CircuitBreaker breaker() {
    return breaker;
  }

  ProviderMetrics metrics() {
    return metrics;
  }

  Timeouts timeouts() {
    return timeouts;
  }

  /**
   * How long an attempt must have lasted for a missed deadline to count as the provider's failure;
   * the last turns of a run may get too little time for any provider.
   */
  Duration failureThreshold() {
    return failureThreshold;
  }

  long now() {
    return nanoTime.getAsLong();
  }

  /** Half to all of a back-off, so that calls that failed together are not retried together. */
  Duration jitter(Duration backoff) {
    return Duration.ofNanos((long) (backoff.toNanos() * (0.5 + random.nextDouble() / 2)));
  }
}
