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
 * @param rateLimitGeneral requests per user (or address) in any 60 seconds
 * @param rateLimitAi requests per user that call a model, in any 60 seconds
 * @param rateLimitAuth sign-in requests per address, in any 60 seconds
 * @param shutdownDelay how long requests are served after the shutdown has begun
 */
public record HttpConfig(
    int port,
    Set<String> corsOrigins,
    ProxyConfig proxies,
    Metrics metrics,
    Optional<Docs.TokenUrl> docsToken,
    int maxConnectionsPerAddress,
    int rateLimitGeneral,
    int rateLimitAi,
    int rateLimitAuth,
    Duration shutdownDelay) {
  /**
   * Who may read {@code /metrics}.
   *
   * @param token allows other machines to read them
   * @param port a separate port for them; 0 for none
   */
  public record Metrics(Optional<Secret> token, int port) {}
}
