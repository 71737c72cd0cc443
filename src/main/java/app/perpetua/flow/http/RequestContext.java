package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.http.connection.ClientConnection;
import io.helidon.webserver.http.ServerRequest;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The context of one request: created by the outermost filter, filled while the request is
 * processed, read by the access log and the metrics. Confined to the request's thread.
 */
public final class RequestContext {
  private final String requestId;
  private final String client;
  private final boolean local;
  private final long startedNanos = System.nanoTime();
  private @Nullable ClientConnection connection;
  private @Nullable UUID userId;
  private @Nullable String route;
  private @Nullable ErrorCode code;

  public RequestContext(String requestId, String client, boolean local) {
    this.requestId = requestId;
    this.client = client;
    this.local = local;
  }

  /**
   * The context of a request that has passed the outermost filter.
   *
   * @throws java.util.NoSuchElementException if it has not
   */
  public static RequestContext of(ServerRequest request) {
    return request.context().get(RequestContext.class).orElseThrow();
  }

  /** {@code X-Request-ID} of the request and its answer. */
  public String requestId() {
    return requestId;
  }

  /** The client's address, as forwarded by trusted proxies; for IPv6 the /64. */
  public String client() {
    return client;
  }

  /** Whether the peer, possibly a proxy, is on this machine. */
  boolean local() {
    return local;
  }

  /** The time since this context was created. */
  public Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - startedNanos);
  }

  public void connection(ClientConnection client) {
    connection = client;
  }

  /** Whether the client's connection exceeds the connection limit. */
  public boolean isOverConnectionLimit() {
    return connection != null && connection.isRestricted();
  }

  /** Whether the connection must be closed after the answer. */
  public boolean mustClose() {
    return connection != null && connection.mustClose();
  }

  public void userId(UUID id) {
    userId = id;
    if (connection != null) {
      connection.authenticated();
    }
  }

  public @Nullable UUID userId() {
    return userId;
  }

  public void route(String pattern) {
    route = pattern;
  }

  /** The path template that matched; null if none did. */
  public @Nullable String route() {
    return route;
  }

  public void code(ErrorCode value) {
    code = value;
  }

  /** The error code of the answer; null for a success. */
  public @Nullable ErrorCode code() {
    return code;
  }
}
