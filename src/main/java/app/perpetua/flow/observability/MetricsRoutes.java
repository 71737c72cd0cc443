package app.perpetua.flow.observability;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.HttpConfig;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.Route;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;

/**
 * {@code /metrics} on the service's port, for this machine and for clients with the metrics token;
 * not found if metrics have a separate port. Thread-safe.
 */
public final class MetricsRoutes {
  private static final String BEARER = "Bearer ";

  private final Metrics metrics;
  private final HttpConfig config;

  public MetricsRoutes(Metrics metrics, HttpConfig config) {
    this.metrics = metrics;
    this.config = config;
  }

  /** The endpoint that Prometheus scrapes. */
  public List<Route> routes() {
    return List.of(Route.plain("/metrics", this::scrape));
  }

  /**
   * Returns all metrics.
   *
   * @throws Refusal {@code UNAUTHORIZED}, or {@code NOT_FOUND} if metrics have a separate port
   */
  public Reply scrape(Request request) {
    if (config.metricsPort() != 0) {
      throw Refusal.of(ErrorCode.NOT_FOUND, "no such endpoint");
    }
    if (!request.local() && !hasToken(request)) {
      throw Refusal.of(ErrorCode.UNAUTHORIZED, "a valid metrics token is required");
    }
    return new Reply.Bytes(
        200, Metrics.TYPE, Reply.NO_STORE, metrics.scrape().getBytes(StandardCharsets.UTF_8));
  }

  /** Compares in constant time. */
  private boolean hasToken(Request request) {
    String authorization = request.header("Authorization").orElse("");
    return config.metricsToken().isPresent()
        && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        && MessageDigest.isEqual(
            authorization.substring(BEARER.length()).getBytes(StandardCharsets.UTF_8),
            config.metricsToken().get().value().getBytes(StandardCharsets.UTF_8));
  }
}
