package app.perpetua.flow.billing;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Tx;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Metrics of payments (FR-066): payments by outcome, webhooks and their delay, subscriptions by
 * status. Thread-safe.
 */
final class BillingMetrics {
  /** Counting reads one row per subscriber. */
  private static final Duration COUNT_INTERVAL = Duration.ofMinutes(5);

  /** Older subscriptions have expired; the limit keeps the count cheap. */
  private static final Duration MAX_AGE = Duration.ofDays(62);

  /** Outcomes of webhooks that are not applied. */
  private static final List<String> UNAPPLIED =
      List.of("postponed", "refused", "repeated", "unreadable");

  /** Outcomes of payments that leave the order as it is. */
  private static final List<String> UNEXPECTED = List.of("duplicate", "mismatched", "unknown");

  private final MeterRegistry registry;
  private final Timer lag;
  private final Map<String, AtomicLong> subscriptions = new ConcurrentHashMap<>();
  private final AtomicLong countedAt = new AtomicLong(Long.MIN_VALUE);

  /** Registers everything before its first event, so that {@code increase()} shows that one. */
  BillingMetrics(MeterRegistry registry) {
    this.registry = registry;
    this.lag = registry.timer("webhook.lag");
    for (String outcome : outcomes(PaymentApplication.Result.class, UNAPPLIED)) {
      webhooks(outcome);
    }
    for (Payments.Kind kind : Payments.Kind.values()) {
      for (String outcome : outcomes(Order.Status.class, UNEXPECTED)) {
        payments(kind, outcome);
      }
    }
  }

  private static <E extends Enum<E> & WireName> List<String> outcomes(
      Class<E> type, List<String> further) {
    return Stream.concat(Arrays.stream(WireName.all(type)), further.stream()).toList();
  }

  void payment(Payments.Kind kind, String outcome) {
    payments(kind, outcome).increment();
  }

  private Counter payments(Payments.Kind kind, String outcome) {
    return registry.counter("payments", "kind", kind.wireName(), "outcome", outcome);
  }

  void webhook(String outcome) {
    webhooks(outcome).increment();
  }

  private Counter webhooks(String outcome) {
    return registry.counter("webhook.events", "outcome", outcome);
  }

  /** Records the time from an event, by the provider's clock, to its application. */
  void lag(Duration lag) {
    this.lag.record(lag.isNegative() ? Duration.ZERO : lag);
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
