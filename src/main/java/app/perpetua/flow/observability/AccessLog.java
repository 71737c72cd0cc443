package app.perpetua.flow.observability;

import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.RequestContext;
import java.math.BigDecimal;
import java.util.function.Consumer;

/**
 * One line for each answered request (FR-065). It names the route, never the path or the query,
 * which are the client's words. Thread-safe.
 */
public final class AccessLog implements Consumer<CompletedRequest> {
  private static final System.Logger LOG = System.getLogger(AccessLog.class.getName());

  /** The action of a request that no route matched. */
  private static final String NO_ROUTE = "(no route)";

  public AccessLog() {}

  @Override
  public void accept(CompletedRequest finished) {
    System.Logger.Level level = level(finished);
    if (!LOG.isLoggable(level)) {
      return;
    }
    RequestContext exchange = finished.exchange();
    String action =
        finished.method() + " " + (exchange.route() == null ? NO_ROUTE : exchange.route());
    LOG.log(
        level,
        "request",
        LogFields.of("request_id", exchange.requestId())
            .with("user_id", exchange.userId())
            .with("action", action)
            .with("outcome", outcome(finished.status()))
            .with("status", finished.status())
            .with("code", exchange.code())
            .with("duration_ms", BigDecimal.valueOf(finished.took().toNanos() / 1_000, 3))
            .with("client", exchange.client()));
  }

  /** Probes and scrapes come every few seconds and are told only when they fail. */
  private static System.Logger.Level level(CompletedRequest finished) {
    if (finished.status() >= 500) {
      return System.Logger.Level.WARNING;
    }
    String route = finished.exchange().route();
    boolean routine =
        finished.status() < 400
            && route != null
            && (route.contains("/health/") || route.equals("/metrics"));
    return routine ? System.Logger.Level.DEBUG : System.Logger.Level.INFO;
  }

  private static String outcome(int status) {
    if (status >= 500) {
      return "failed";
    }
    return status >= 400 ? "refused" : "ok";
  }
}
