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
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What Prometheus reads (FR-066). Labels take values of ours only, never a client's, so that their
 * number is bounded. Thread-safe.
 */
public final class Metrics implements Consumer<CompletedRequest>, AutoCloseable {
  /** The media type of {@link #scrape()}. */
  static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  /** Upper bounds of the latency histogram; the promises stand at 50 ms, 500 ms and 5 s. */
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2_500),
    Duration.ofSeconds(5)
  };

  private record Kind(String method, String route, int status) {}

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics collections = new JvmGcMetrics();
  private final ConcurrentHashMap<Kind, Timer> requests = new ConcurrentHashMap<>();

  public Metrics() {
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ClassLoaderMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    collections.bindTo(registry);
  }

  /** Where other parts of the service report their own. */
  public MeterRegistry registry() {
    return registry;
  }

  /** Records an answered request. */
  @Override
  public void accept(CompletedRequest finished) {
    RequestContext exchange = finished.exchange();
    Kind kind = new Kind(finished.method(), label(exchange.route()), finished.status());
    requests.computeIfAbsent(kind, this::timer).record(finished.took());
    if (exchange.code() != null) {
      registry.counter("http.server.errors", "code", exchange.code().name()).increment();
    }
  }

  /** Reports a server's connections. */
  public void watch(Server server) {
    Gauge.builder("http.connections", server, Server::connections)
        .description("Open connections")
        .register(registry);
    Gauge.builder("http.connections.waiting", server, Server::waitingConnections)
        .description("Open connections that wait for their client")
        .register(registry);
    Gauge.builder("http.transfer.bytes", server, Server::bytesInFlight)
        .description("Memory of unfinished requests and unread answers")
        .baseUnit("bytes")
        .register(registry);
    FunctionCounter.builder("http.connections.displaced", server, Server::displacedConnections)
        .description("Connections closed so that others could be served")
        .register(registry);
  }

  /** All metrics in Prometheus' text format. */
  public String scrape() {
    return registry.scrape();
  }

  @Override
  public void close() {
    collections.close();
    registry.close();
  }

  private Timer timer(Kind kind) {
    return Timer.builder("http.server.requests")
        .description("Time from a request's headers to the end of its answer")
        .serviceLevelObjectives(BUCKETS)
        .tag("method", kind.method())
        .tag("route", kind.route())
        .tag("status", Integer.toString(kind.status()))
        .register(registry);
  }

  private static String label(@Nullable String route) {
    return route == null ? "none" : route;
  }
}
