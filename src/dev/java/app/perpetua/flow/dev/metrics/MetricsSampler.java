package app.perpetua.flow.dev.metrics;

import app.perpetua.flow.dev.metrics.RecentMetrics.Measured;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Measures the service's processes at a fixed interval, in a thread of its own, until it is closed.
 * A process that does not answer is left out. Thread-safe.
 */
public final class MetricsSampler implements AutoCloseable {
  /** Time between two samples. */
  public static final Duration INTERVAL = Duration.ofSeconds(5);

  private static final Duration KEPT = Duration.ofMinutes(10);

  /** Shorter than the interval, so that a hanging process does not delay the others for long. */
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  /**
   * A process.
   *
   * @param port where it exports its metrics
   */
  public record Target(String name, long pid, int port) {}

  private final Supplier<List<Target>> targets;
  private final Duration interval;
  private final Clock clock;
  private final LongSupplier nanos;
  private final RecentMetrics recent = new RecentMetrics(Math.toIntExact(KEPT.dividedBy(INTERVAL)));
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT).build();
  private final Thread thread;

  /**
   * Starts it.
   *
   * @param targets the processes at any time
   * @param interval time between two measurements
   * @param clock real time
   * @param nanos a monotonic clock, in nanoseconds
   */
  public MetricsSampler(
      Supplier<List<Target>> targets, Duration interval, Clock clock, LongSupplier nanos) {
    this.targets = targets;
    this.interval = interval;
    this.clock = clock;
    this.nanos = nanos;
    this.thread = Thread.ofVirtual().name("metrics sampler").start(this::run);
  }

  /** What it has measured. */
  public RecentMetrics recent() {
    return recent;
  }

  private void run() {
    try {
      while (true) {
        measure();
        Thread.sleep(interval);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void measure() throws InterruptedException {
    Map<String, Measured> measured = new LinkedHashMap<>();
    for (Target target : targets.get()) {
      Optional<Exposition> exposition = scrape(target.port());
      if (exposition.isPresent()) {
        measured.put(target.name(), new Measured(target.pid(), exposition.get()));
      }
    }
    recent.add(measured, clock.instant(), nanos.getAsLong());
  }

  private Optional<Exposition> scrape(int port) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
            .timeout(TIMEOUT)
            .build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      return response.statusCode() == 200
          ? Optional.of(Exposition.parse(response.body()))
          : Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Does not wait for a measurement in progress, which may wait for the caller's locks. */
  @Override
  public void close() {
    thread.interrupt();
    http.shutdownNow();
  }
}
