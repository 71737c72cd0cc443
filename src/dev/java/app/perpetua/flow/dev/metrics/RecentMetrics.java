package app.perpetua.flow.dev.metrics;

import app.perpetua.flow.dev.metrics.Exposition.Series;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Derives samples from successive measurements and keeps the latest of them. Thread-safe. */
public final class RecentMetrics {
  private static final String REQUESTS = "perpetua_http_server_requests_seconds_";
  private static final String COUNT = REQUESTS + "count";
  private static final String BUCKET = REQUESTS + "bucket";

  /**
   * A process as it was measured.
   *
   * @param pid distinguishes a process from the one that it replaced
   */
  record Measured(long pid, Exposition exposition) {}

  private final int kept;
  private final Deque<Sample> samples = new ArrayDeque<>();
  private final Map<String, Measured> before = new HashMap<>();
  private @Nullable Long measuredNanos;

  /**
   * @param kept number of samples
   */
  RecentMetrics(int kept) {
    this.kept = kept;
  }

  /** The latest samples, oldest first. */
  public synchronized List<Sample> samples() {
    return List.copyOf(samples);
  }

  /**
   * Adds a measurement. The first one of a process that was already running is only the start of
   * its rates; a process that replaced another began with counters of zero.
   *
   * @param measured by the processes' names; without those that did not answer
   * @param nanos time of a monotonic clock
   */
  synchronized void add(Map<String, Measured> measured, Instant at, long nanos) {
    Optional<Duration> passed =
        Optional.ofNullable(measuredNanos).map(earlier -> Duration.ofNanos(nanos - earlier));
    Increase all = new Increase();
    measured.forEach(
        (name, now) -> {
          Measured earlier = before.put(name, now);
          if (earlier != null) {
            boolean isSame = earlier.pid() == now.pid();
            all.add(now.exposition(), isSame ? earlier.exposition() : Exposition.EMPTY);
          }
        });
    measuredNanos = nanos;
    if (passed.isPresent() && !measured.isEmpty()) {
      samples.addLast(sample(measured, at, passed.get().toNanos() / 1e9, all));
      if (samples.size() > kept) {
        samples.removeFirst();
      }
    }
  }

  private static Sample sample(
      Map<String, Measured> measured, Instant at, double seconds, Increase all) {
    Double p95 = all.quantile(0.95);
    return new Sample(
        at,
        all.requests / seconds,
        p95 == null ? null : p95 * 1_000,
        all.errors / seconds,
        all.refused / seconds,
        jobs(measured, "due"),
        jobs(measured, "running"),
        jobs(measured, "dead"),
        sum(measured, "hikaricp_connections_active"),
        sum(measured, "hikaricp_connections_pending"));
  }

  /** Each process reports the one queue, as it measured it a few seconds ago. */
  private static @Nullable Long jobs(Map<String, Measured> measured, String state) {
    Series series = new Series("perpetua_jobs", Map.of("state", state));
    OptionalDouble most =
        measured.values().stream()
            .map(process -> Optional.ofNullable(process.exposition().values().get(series)))
            .flatMap(Optional::stream)
            .mapToDouble(Double::doubleValue)
            .max();
    return most.isPresent() ? (long) most.getAsDouble() : null;
  }

  private static long sum(Map<String, Measured> measured, String name) {
    return (long)
        measured.values().stream().flatMapToDouble(process -> process.exposition().of(name)).sum();
  }

  /** The increase of the counters of all processes. */
  private static final class Increase {
    private final NavigableMap<Double, Double> buckets = new TreeMap<>();
    private double requests;
    private double errors;
    private double refused;

    void add(Exposition now, Exposition before) {
      for (Series series : now.values().keySet()) {
        String route = series.label("route");
        if (route.contains("/health/") || route.equals("/metrics")) {
          continue;
        }
        if (series.name().equals(COUNT)) {
          double increase = now.increase(series, before);
          requests += increase;
          errors += series.label("status").startsWith("5") ? increase : 0;
          refused += series.label("status").startsWith("4") ? increase : 0;
        } else if (series.name().equals(BUCKET)) {
          String bound = series.label("le");
          double seconds =
              bound.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(bound);
          buckets.merge(seconds, now.increase(series, before), Double::sum);
        }
      }
    }

    /**
     * As Prometheus's histogram_quantile: linear within a bucket; beyond the last finite bound,
     * that bound. In seconds; null without requests.
     */
    @Nullable Double quantile(double quantile) {
      double total = buckets.isEmpty() ? 0 : buckets.lastEntry().getValue();
      if (total == 0) {
        return null;
      }
      double rank = quantile * total;
      double lower = 0;
      double below = 0;
      for (Map.Entry<Double, Double> bucket : buckets.entrySet()) {
        double upper = bucket.getKey();
        if (bucket.getValue() >= rank) {
          return Double.isInfinite(upper)
              ? lower
              : lower + (upper - lower) * (rank - below) / (bucket.getValue() - below);
        }
        lower = upper;
        below = bucket.getValue();
      }
      return lower;
    }
  }
}
