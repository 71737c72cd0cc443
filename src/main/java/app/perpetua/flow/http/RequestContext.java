package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.http.connection.ClientConnection;
import app.perpetua.flow.http.connection.RefusedUpgrade;
import app.perpetua.flow.parsing.Accept;
import io.helidon.webserver.http.ServerRequest;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The context of one request: created by the outermost filter, filled while the request is
 * processed, read by the access log and the metrics. Confined to the request's thread.
 */
public final class RequestContext {
  private final String requestId;
  private final String client;
  private final BooleanSupplier local;
  private final long startedNanos = System.nanoTime();
  private @Nullable ClientConnection connection;
  private @Nullable UUID userId;
  private @Nullable String route;
  private @Nullable ErrorCode code;
  private boolean interrupted;
  private boolean disconnected;
  private String path = "";
  private List<String> acceptHeaders = List.of();
  private @Nullable Accept accept;
  private boolean tokenPresented;
  private @Nullable RefusedUpgrade refusedUpgrade;

  /**
   * Creates the context of a request.
   *
   * @param local see {@link #local}; seldom called
   */
  public RequestContext(String requestId, String client, BooleanSupplier local) {
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

  /** Whether the request comes from this machine and was not forwarded by a proxy on it. */
  boolean local() {
    return local.getAsBoolean();
  }

  /** The time since this context was created. */
  public Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - startedNanos);
  }

  public void connection(ClientConnection client) {
    connection = client;
  }

  /** The client's connection; null in tests without one. */
  @Nullable ClientConnection connection() {
    return connection;
  }

  /** Whether the client's connection exceeds the connection limit. */
  public boolean isOverConnectionLimit() {
    return connection != null && connection.isRestricted();
  }

  /** Whether the connection must be closed after the answer. */
  public boolean mustClose() {
    return connection != null && connection.mustClose();
  }

  /** Keeps why the request's upgrade was refused. */
  public void refusedUpgrade(@Nullable RefusedUpgrade refusal) {
    refusedUpgrade = refusal;
  }

  /** Why the request's upgrade was refused; null if it was not. */
  @Nullable RefusedUpgrade refusedUpgrade() {
    return refusedUpgrade;
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

  /**
   * Sets what errors depend on.
   *
   * @param rawPath the path as sent, without the query
   * @param accept every {@code Accept} header, in order
   */
  public void request(String rawPath, List<String> accept) {
    path = rawPath;
    acceptHeaders = accept;
  }

  /** Keeps the path, which has a secret, out of errors. */
  void hidePath() {
    path = "";
  }

  /** The path as sent, without the query; empty if it is unknown or has a secret. */
  String path() {
    return path;
  }

  /** The media types that the client accepts. */
  public Accept accept() {
    if (accept == null) {
      accept = Accept.parse(acceptHeaders);
    }
    return accept;
  }

  /** Records that the request has an access token, valid or not. */
  void tokenPresented() {
    tokenPresented = true;
  }

  boolean hasToken() {
    return tokenPresented;
  }

  public void code(ErrorCode value) {
    code = value;
  }

  /**
   * Records that a streamed answer was not completed.
   *
   * @param byClient whether the client closed the connection or was too slow
   */
  void interrupted(boolean byClient) {
    interrupted = true;
    disconnected = byClient;
  }

  /** Whether a streamed answer was not completed. */
  public boolean isInterrupted() {
    return interrupted;
  }

  /** Whether a streamed answer was not completed because of the client. */
  boolean isDisconnected() {
    return disconnected;
  }

  /** The error code of the answer; null for a success. */
  public @Nullable ErrorCode code() {
    return code;
  }
}
