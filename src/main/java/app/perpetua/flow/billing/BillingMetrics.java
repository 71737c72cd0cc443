package app.perpetua.flow.billing;

import app.perpetua.flow.sql.Tx;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * Metrics of payments (FR-066): payments by outcome, webhooks and their delay, subscriptions by
 * status. Thread-safe.
 */
final class BillingMetrics {
  /** Counting reads one row per subscriber. */
  private static final Duration COUNT_INTERVAL = Duration.ofMinutes(5);

  /** Older subscriptions have expired; the limit keeps the count cheap. */
  private static final Duration MAX_AGE = Duration.ofDays(62);

  private final MeterRegistry registry;
  private final Map<String, AtomicLong> subscriptions = new ConcurrentHashMap<>();
  private final AtomicLong countedAt = new AtomicLong(Long.MIN_VALUE);

  BillingMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  void payment(Payments.Kind kind, String outcome) {
    registry.counter("payments", "kind", kind.wireName(), "outcome", outcome).increment();
  }

  void webhook(String outcome) {
    registry.counter("webhook.events", "outcome", outcome).increment();
  }

  /** Records the time from an event, by the provider's clock, to its application. */
  void lag(Duration lag) {
    registry.timer("webhook.lag").record(lag.isNegative() ? Duration.ZERO : lag);
  }

  /**
   * Counts subscriptions by status, at most every five minutes.
   *
   * @param tx the system's
   */
  void measure(Tx tx) {
    long now = System.nanoTime();
    long last = countedAt.get();
    if ((last != Long.MIN_VALUE && now - last < COUNT_INTERVAL.toNanos())
        || !countedAt.compareAndSet(last, now)) {
      return;
    }
    Map<String, Long> counts =
        tx
            .sql("billing.count_subscriptions")
            .bind("since", tx.now().minus(MAX_AGE))
            .list(row -> Map.entry(row.text("status"), row.bigint("count")))
            .stream()
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    for (Subscription.Status status : Subscription.Status.values()) {
      if (status != Subscription.Status.EXPIRED) {
        gauge(status.wireName()).set(counts.getOrDefault(status.wireName(), 0L));
      }
    }
  }

  private AtomicLong gauge(String status) {
    return subscriptions.computeIfAbsent(
        status,
        name -> {
          AtomicLong value = new AtomicLong();
          Gauge.builder("subscriptions", value, AtomicLong::doubleValue)
              .tag("status", name)
              .register(registry);
          return value;
        });
  }
}
