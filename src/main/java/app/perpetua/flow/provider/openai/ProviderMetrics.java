package app.perpetua.flow.provider.openai;

import app.perpetua.flow.assistant.Model.Usage;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/** Metrics of calls to OpenAI (FR-066). Thread-safe. */
final class ProviderMetrics {
  /** Around the target of 5 s for an answer (SC-005). */
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2_500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30)
  };

  private static final String NAME = "openai";

  private final MeterRegistry registry;

  ProviderMetrics(MeterRegistry registry, CircuitBreaker breaker) {
    this.registry = registry;
    for (CircuitBreaker.State state : CircuitBreaker.State.values()) {
      Gauge.builder("provider.breaker", () -> breaker.state() == state ? 1 : 0)
          .description("1 for the state that the circuit breaker is in")
          .tag("provider", NAME)
          .tag("state", state.wireName())
          .register(registry);
    }
  }

  void ended(String outcome, Duration duration, Usage usage) {
    timer("provider.calls", "Time from the request to the end of the response, retries included")
        .tag("outcome", outcome)
        .register(registry)
        .record(duration);
    registry
        .counter("provider.tokens", "provider", NAME, "of", "input")
        .increment((double) usage.input());
    registry
        .counter("provider.tokens", "provider", NAME, "of", "output")
        .increment((double) usage.output());
  }

  void firstText(Duration duration) {
    timer("provider.first.word", "Time from the request to the first text")
        .register(registry)
        .record(duration);
  }

  void retried(String failure) {
    registry.counter("provider.retries", "provider", NAME, "failure", failure).increment();
  }

  private static Timer.Builder timer(String name, String description) {
    return Timer.builder(name)
        .description(description)
        .serviceLevelObjectives(BUCKETS)
        .tag("provider", NAME);
  }
}
