package app.perpetua.flow.observability;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.http.HttpConfig;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.Route;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/**
 * {@code /metrics} on the service's port, for this machine and for clients with the metrics token;
 * not found if metrics have a separate port. Thread-safe.
 */
public final class MetricsRoutes {
  private final Metrics metrics;
  private final HttpConfig config;

  public MetricsRoutes(Metrics metrics, HttpConfig config) {
    this.metrics = metrics;
    this.config = config;
  }

  public List<Route> routes() {
    return List.of(Route.plain("/metrics", this::scrape));
  }

  /**
   * @throws Refusal {@code UNAUTHORIZED}, or {@code NOT_FOUND} if metrics have a separate port
   */
  Reply.Bytes scrape(Request request) {
    if (config.metrics().port() != 0) {
      throw Refusal.of(ErrorCode.NOT_FOUND, "no such endpoint");
    }
    if (!request.local() && !hasToken(request)) {
      throw Refusal.of(ErrorCode.UNAUTHORIZED, "a valid metrics token is required");
    }
    Metrics.Exposition all = metrics.scrape(request.accept());
    return new Reply.Bytes(
        200, all.contentType(), Reply.NO_STORE, all.text().getBytes(StandardCharsets.UTF_8));
  }

  /** Compares in constant time. */
  private boolean hasToken(Request request) {
    Optional<String> token = request.bearerToken();
    Optional<Secret> expected = config.metrics().token();
    return token.isPresent()
        && expected.isPresent()
        && MessageDigest.isEqual(
            token.get().getBytes(StandardCharsets.UTF_8),
            expected.get().value().getBytes(StandardCharsets.UTF_8));
  }
}
