package app.perpetua.flow.observability;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import java.time.Duration;

/**
 * {@code /metrics} on a port of its own, open to whoever can reach it: for networks where only
 * Prometheus can. Starts once and stops once. Thread-safe.
 */
public final class MetricsServer implements AutoCloseable {
  /** A scraper or two; nobody else has business here. */
  private static final int MAX_CONNECTIONS = 20;

  private static final Duration GRACE = Duration.ofSeconds(1);

  private final WebServer server;

  /**
   * Listens.
   *
   * @param port 0 lets the system choose
   * @throws IllegalStateException if the port cannot be had
   */
  public MetricsServer(Metrics metrics, int port) {
    server =
        WebServer.builder()
            .port(port)
            .shutdownHook(false)
            .shutdownGracePeriod(GRACE)
            .maxTcpConnections(MAX_CONNECTIONS)
            .featuresDiscoverServices(false)
            .routing(
                routing ->
                    routing.get(
                        "/metrics",
                        (_, response) ->
                            response
                                .header(HeaderNames.CONTENT_TYPE, Metrics.TYPE)
                                .send(metrics.scrape())))
            .build()
            .start();
    if (!server.isRunning()) {
      throw new IllegalStateException("cannot listen on METRICS_PORT " + port);
    }
  }

  /** The port it listens on. */
  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.stop();
  }
}
