package app.perpetua.flow.observability;

import app.perpetua.flow.parsing.Accept;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import java.time.Duration;
import java.util.List;

/**
 * {@code /metrics} on a separate port without authentication, for networks where only Prometheus
 * can reach it. Stops once. Thread-safe.
 */
public final class MetricsServer implements AutoCloseable {
  private static final int MAX_CONNECTIONS = 20;

  private static final Duration SHUTDOWN_TIMEOUT = Duration.ofSeconds(1);

  private final WebServer server;

  /**
   * @param port 0 lets the system choose
   * @throws IllegalStateException if the port is not available
   */
  public MetricsServer(Metrics metrics, int port) {
    server =
        WebServer.builder()
            .port(port)
            .shutdownHook(false)
            .shutdownGracePeriod(SHUTDOWN_TIMEOUT)
            .maxTcpConnections(MAX_CONNECTIONS)
            .featuresDiscoverServices(false)
            .routing(
                routing ->
                    routing.get(
                        "/metrics",
                        (request, response) -> {
                          Metrics.Exposition all =
                              metrics.scrape(
                                  Accept.parse(
                                      request.headers().all(HeaderNames.ACCEPT, List::of)));
                          response
                              .header(HeaderNames.CONTENT_TYPE, all.contentType())
                              .send(all.text());
                        }))
            .build()
            .start();
    if (!server.isRunning()) {
      throw new IllegalStateException(
          "cannot listen on METRICS_PORT "
              + port
              + ": another process uses it, or this user may not open it");
    }
  }

  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.stop();
  }
}
