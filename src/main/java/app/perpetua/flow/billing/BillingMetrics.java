package app.perpetua.flow.billing;

import app.perpetua.flow.sql.Tx;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What Prometheus reads about payments (FR-066): how they end, what webhooks come and how late, and
 * how many subscriptions there are in each state. Thread-safe.
 */
public final class BillingMetrics {
  /** Counting reads a row per subscriber. */
  private static final Duration COUNT_EVERY = Duration.ofMinutes(5);

  /** One that is neither paid nor given up by then has been forgotten. */
  private static final Duration RUNNING = Duration.ofDays(62);

  private final MeterRegistry registry;
  private final Map<String, AtomicLong> subscriptions = new ConcurrentHashMap<>();
  private final AtomicLong countedAt = new AtomicLong(Long.MIN_VALUE);

  public BillingMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /**
   * Counts what became of a payment.
   *
   * @param outcome one of a few fixed words
   */
  void payment(Payments.Kind kind, String outcome) {
    registry.counter("payments", "kind", kind.wireName(), "outcome", outcome).increment();
  }

  /**
   * Counts a webhook.
   *
   * @param outcome one of a few fixed words
   */
  void webhook(String outcome) {
    registry.counter("webhook.events", "outcome", outcome).increment();
  }

  /** Notes how long after it happened an event was applied, by the provider's clock and ours. */
  void lag(Duration lag) {
    registry.timer("webhook.lag").record(lag.isNegative() ? Duration.ZERO : lag);
  }

  /**
   * Counts subscriptions by state, every now and then.
   *
   * @param tx the system's
   */
  public void measure(Tx tx) {
    long now = System.nanoTime();
    long last = countedAt.get();
    if ((last != Long.MIN_VALUE && now - last < COUNT_EVERY.toNanos())
        || !countedAt.compareAndSet(last, now)) {
      return;
    }
    record Count(String status, long count) {}
    Map<String, Long> counts = new ConcurrentHashMap<>();
    tx.sql("billing.count_subscriptions")
        .bind("since", tx.now().minus(RUNNING))
        .list(row -> new Count(row.text("status"), row.bigint("count")))
        .forEach(count -> counts.put(count.status(), count.count()));
    for (Subscription.Status status : Subscription.Status.values()) {
      if (status != Subscription.Status.EXPIRED) {
        gauge(status.wireName()).set(counts.getOrDefault(status.wireName(), 0L));
      }
    }
  }

  private AtomicLong gauge(String status) {
    return subscriptions.computeIfAbsent(
        status,
        word -> {
          AtomicLong value = new AtomicLong();
          Gauge.builder("subscriptions", value, AtomicLong::doubleValue)
              .tag("status", word)
              .register(registry);
          return value;
        });
  }
}
