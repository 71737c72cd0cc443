package app.perpetua.flow.http;

import app.perpetua.flow.base.Code;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the edge knows of one request while it passes through: made by the outermost filter, filled
 * on the way, read by the access log and the metrics. Confined to the request's thread.
 */
public final class Exchange {
  private final String requestId;
  private final String client;
  private final boolean local;
  private final long startedNanos;
  private @Nullable ClientConnection connection;
  private @Nullable UUID userId;
  private @Nullable String route;
  private @Nullable Code code;

  Exchange(String requestId, String client, boolean local, long startedNanos) {
    this.requestId = requestId;
    this.client = client;
    this.local = local;
    this.startedNanos = startedNanos;
  }

  /** What {@code X-Request-ID} says, on the way in and out. */
  String requestId() {
    return requestId;
  }

  /** The client's address as far as proxies can be trusted; IPv6 stands for its /64. */
  String client() {
    return client;
  }

  /** True if the other end of the connection is on this machine, be it a proxy. */
  boolean local() {
    return local;
  }

  long startedNanos() {
    return startedNanos;
  }

  /** The connection that it came by. */
  void connection(ClientConnection client) {
    connection = client;
  }

  /** True if there are too many connections for this one to be served. */
  boolean isOverConnectionLimit() {
    return connection != null && connection.isRestricted();
  }

  /** True if the connection must close behind the answer. */
  boolean mustClose() {
    return connection != null && connection.mustClose();
  }

  void userId(UUID id) {
    userId = id;
    if (connection != null) {
      connection.authenticated();
    }
  }

  @Nullable UUID userId() {
    return userId;
  }

  void route(String pattern) {
    route = pattern;
  }

  /** The path pattern that matched; null if none did. */
  @Nullable String route() {
    return route;
  }

  void code(Code refused) {
    code = refused;
  }

  /** The error code answered; null for a success. */
  @Nullable Code code() {
    return code;
  }
}
