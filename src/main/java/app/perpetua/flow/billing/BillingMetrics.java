package app.perpetua.flow.billing;

import app.perpetua.flow.sql.Tx;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Metrics of payments (FR-066): payments by outcome, webhooks and their delay, subscriptions by
 * status. Thread-safe.
 */
public final class BillingMetrics {
  /** Counting reads one row per subscriber. */
  private static final Duration COUNT_INTERVAL = Duration.ofMinutes(5);

  /** Older subscriptions have expired; the limit keeps the count cheap. */
  private static final Duration MAX_AGE = Duration.ofDays(62);

  private final MeterRegistry registry;
  private final Map<String, AtomicLong> subscriptions = new ConcurrentHashMap<>();
  private final AtomicLong countedAt = new AtomicLong(Long.MIN_VALUE);

  public BillingMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /**
   * @param outcome one of a few fixed values
   */
  void payment(Payments.Kind kind, String outcome) {
    registry.counter("payments", "kind", kind.wireName(), "outcome", outcome).increment();
  }

  /**
   * @param outcome one of a few fixed values
   */
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
  public void measure(Tx tx) {
    long now = System.nanoTime();
    long last = countedAt.get();
    if ((last != Long.MIN_VALUE && now - last < COUNT_INTERVAL.toNanos())
        || !countedAt.compareAndSet(last, now)) {
      return;
    }
    record Count(String status, long count) {}
    Map<String, Long> counts = new ConcurrentHashMap<>();
    tx.sql("billing.count_subscriptions")
        .bind("since", tx.now().minus(MAX_AGE))
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
        name -> {
          AtomicLong value = new AtomicLong();
          Gauge.builder("subscriptions", value, AtomicLong::doubleValue)
              .tag("status", name)
              .register(registry);
          return value;
        });
  }
}
