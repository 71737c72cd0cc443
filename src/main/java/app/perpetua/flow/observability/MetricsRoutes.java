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
 * {@code /metrics} on the service's own port: for this machine, and for whoever has the operator's
 * token. Where metrics have a port of their own, nothing is here. Thread-safe.
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
   * All metrics.
   *
   * @throws Refusal {@code UNAUTHORIZED}, or {@code NOT_FOUND} if they are on another port
   */
  public Reply scrape(Request request) {
    if (config.metricsPort() != 0) {
      throw Refusal.of(ErrorCode.NOT_FOUND, "there is nothing here");
    }
    if (!request.local() && !bringsToken(request)) {
      throw Refusal.of(ErrorCode.UNAUTHORIZED, "metrics need the operator's token");
    }
    return new Reply.Bytes(
        200, Metrics.TYPE, Reply.NO_STORE, metrics.scrape().getBytes(StandardCharsets.UTF_8));
  }

  /** Takes the same time wherever a wrong token differs. */
  private boolean bringsToken(Request request) {
    String sent = request.header("Authorization").orElse("");
    return config.metricsToken().isPresent()
        && sent.regionMatches(true, 0, BEARER, 0, BEARER.length())
        && MessageDigest.isEqual(
            sent.substring(BEARER.length()).getBytes(StandardCharsets.UTF_8),
            config.metricsToken().get().value().getBytes(StandardCharsets.UTF_8));
  }
}
