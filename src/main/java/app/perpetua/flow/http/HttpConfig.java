package app.perpetua.flow.http;

import app.perpetua.flow.base.ProxyConfig;
import app.perpetua.flow.base.Secret;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * The listener, its limits and the proxies in front of it.
 *
 * @param port 0 lets the system choose
 * @param corsOrigins origins whose pages may read responses, as browsers send them
 * @param docsToken where the documentation page gets a token; empty outside of development
 * @param maxConnectionsPerAddress open at once; trusted proxies are exempt
 * @param shutdownDelay how long requests are served after the shutdown has begun
 */
public record HttpConfig(
    int port,
    Set<String> corsOrigins,
    ProxyConfig proxies,
    Metrics metrics,
    Optional<Docs.TokenUrl> docsToken,
    int maxConnectionsPerAddress,
    RateLimits rateLimits,
    Duration shutdownDelay) {
  /**
   * Who may read {@code /metrics}.
   *
   * @param token allows other machines to read them
   * @param port a separate port for them; 0 for none
   */
  public record Metrics(Optional<Secret> token, int port) {}

  /**
   * Requests in any 60 seconds.
   *
   * @param general per user, or per address without a token
   * @param personalToken per personal access token
   * @param ai per user, of those that call a model
   * @param auth per address, of sign-ins
   */
  public record RateLimits(int general, int personalToken, int ai, int auth) {}
}
