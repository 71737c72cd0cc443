package app.perpetua.flow.observability;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.RequestContext;
import app.perpetua.flow.http.server.Server;
import app.perpetua.flow.parsing.Accept;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusNamingConvention;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Metrics for Prometheus (FR-066). The service's own have the prefix {@code perpetua_} and, for one
 * more release, also their earlier names without it; those of libraries (JVM, connection pool) keep
 * the names that dashboards know. Label values never come from clients, so their number is bounded.
 * Thread-safe.
 */
public final class Metrics implements Consumer<CompletedRequest>, AutoCloseable {
  /** The Prometheus text format. */
  static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  /** OpenMetrics 1.0. */
  static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

  private static final String PREFIX = "perpetua_";

  /** The last line of OpenMetrics. */
  private static final String END = "# EOF\n";

  /** Meters of libraries, by the start of their names. */
  private static final List<String> LIBRARIES =
      List.of("jvm.", "process.", "system.", "hikaricp.", "jdbc.");

  /** Upper bounds of the latency histogram; the latency targets are 50 ms, 500 ms and 5 s. */
  private static final Duration[] BUCKETS =
      IntStream.of(5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  /** All metrics, rendered. */
  public record Exposition(String contentType, String text) {}

  private record RequestLabels(String method, String route, int status) {}

  private final PrometheusMeterRegistry prefixed =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /** The meters of libraries, and all others under their earlier names. */
  private final PrometheusMeterRegistry unprefixed =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  private final CompositeMeterRegistry registry = new CompositeMeterRegistry();
  private final JvmGcMetrics gc = new JvmGcMetrics();
  private final ConcurrentHashMap<RequestLabels, Timer> requests = new ConcurrentHashMap<>();

  public Metrics() {
    prefixed
        .config()
        .namingConvention(
            new PrometheusNamingConvention() {
              @Override
              public String name(String name, Meter.Type type, @Nullable String baseUnit) {
                return PREFIX + super.name(name, type, baseUnit);
              }
            })
        .meterFilter(MeterFilter.deny(id -> LIBRARIES.stream().anyMatch(id.getName()::startsWith)));
    registry.add(prefixed).add(unprefixed);
    new JvmMemoryMetrics().bindTo(unprefixed);
    new JvmThreadMetrics().bindTo(unprefixed);
    new ClassLoaderMetrics().bindTo(unprefixed);
    new ProcessorMetrics().bindTo(unprefixed);
    new UptimeMetrics().bindTo(unprefixed);
    new FileDescriptorMetrics().bindTo(unprefixed);
    gc.bindTo(unprefixed);
    // Before their first event, so that increase() shows that one.
    for (ErrorCode code : ErrorCode.values()) {
      errors(code);
    }
    interrupted(CompletedRequest.Outcome.FAILED);
    interrupted(CompletedRequest.Outcome.DISCONNECTED);
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
      errors(context.code()).increment();
    }
    if (context.isInterrupted()) {
      interrupted(completed.outcome()).increment();
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

  /** Renders all metrics in the format that the client prefers, by default Prometheus's. */
  public Exposition scrape(Accept accept) {
    return accept.prefers("application/openmetrics-text", "text/plain")
        ? new Exposition(
            OPEN_METRICS,
            unprefixed.scrape(OPEN_METRICS).replace(END, "") + prefixed.scrape(OPEN_METRICS))
        : new Exposition(TEXT, unprefixed.scrape(TEXT) + prefixed.scrape(TEXT));
  }

  @Override
  public void close() {
    gc.close();
    registry.close();
    prefixed.close();
    unprefixed.close();
  }

  private Counter errors(ErrorCode code) {
    return registry.counter("http.server.errors", "code", code.name());
  }

  private Counter interrupted(CompletedRequest.Outcome outcome) {
    return registry.counter("http.server.streams.interrupted", "outcome", outcome.wireName());
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
