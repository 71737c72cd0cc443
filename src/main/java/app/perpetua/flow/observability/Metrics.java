package app.perpetua.flow.observability;

import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.RequestContext;
import app.perpetua.flow.http.server.Server;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Metrics for Prometheus (FR-066). Label values never come from clients, so their number is
 * bounded. Thread-safe.
 */
public final class Metrics implements Consumer<CompletedRequest>, AutoCloseable {
  /** The media type of {@link #scrape()}. */
  static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  /** Upper bounds of the latency histogram; the latency targets are 50 ms, 500 ms and 5 s. */
  private static final Duration[] BUCKETS =
      IntStream.of(5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private record RequestLabels(String method, String route, int status) {}

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics gc = new JvmGcMetrics();
  private final ConcurrentHashMap<RequestLabels, Timer> requests = new ConcurrentHashMap<>();

  public Metrics() {
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ClassLoaderMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    gc.bindTo(registry);
  }

  /** The registry, for the meters of other packages. */
  public MeterRegistry registry() {
    return registry;
  }

  @Override
  public void accept(CompletedRequest completed) {
    RequestContext context = completed.context();
    RequestLabels labels =
        new RequestLabels(
            completed.method(),
            Objects.requireNonNullElse(context.route(), "none"),
            completed.status());
    requests.computeIfAbsent(labels, this::timer).record(completed.duration());
    if (context.code() != null) {
      registry.counter("http.server.errors", "code", context.code().name()).increment();
    }
  }

  /** Reports a server's connections. */
  public void watch(Server server) {
    Gauge.builder("http.connections", server, s -> s.connections().open())
        .description("Open connections")
        .register(registry);
    Gauge.builder("http.connections.waiting", server, s -> s.connections().waiting())
        .description("Open connections that wait for their client")
        .register(registry);
    Gauge.builder("http.transfer.bytes", server, s -> s.connections().bytesInFlight())
        .description("Memory held by unfinished requests and unread responses")
        .baseUnit("bytes")
        .register(registry);
    FunctionCounter.builder("http.connections.displaced", server, s -> s.connections().displaced())
        .description("Connections closed so that others could be served")
        .register(registry);
  }

  /** Renders all metrics in the Prometheus text format. */
  public String scrape() {
    return registry.scrape();
  }

  @Override
  public void close() {
    gc.close();
    registry.close();
  }

  private Timer timer(RequestLabels labels) {
    return Timer.builder("http.server.requests")
        .description("Time from the end of the request headers to the end of the response")
        .serviceLevelObjectives(BUCKETS)
        .tag("method", labels.method())
        .tag("route", labels.route())
        .tag("status", Integer.toString(labels.status()))
        .register(registry);
  }
}
