package app.perpetua.flow.http.cors;

import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.webserver.http.ServerResponse;
import java.util.Set;

/**
 * Allows pages of configured origins to read responses (Fetch standard, CORS protocol). Other
 * origins get the same response without these headers, and the browser withholds it. Credentials
 * are bearer tokens, not cookies, so {@code Allow-Credentials} is not sent. Thread-safe.
 */
public final class Cors {
  private static final String EXPOSED_HEADERS =
      "X-Request-ID, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, RateLimit,"
          + " RateLimit-Policy, X-Idempotent-Replayed, Retry-After, Deprecation, Sunset, Link,"
          + " Location, ETag, WWW-Authenticate, Allow, Accept-Patch, traceparent, tracestate";

  private static final String ALLOWED_HEADERS =
      "Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID,"
          + " MCP-Protocol-Version, Mcp-Method, Mcp-Name, X-Request-ID, X-Task-Id, traceparent,"
          + " tracestate";

  /** Two hours, the longest that any common browser caches a preflight. */
  private static final String MAX_AGE_SECONDS = "7200";

  private final Set<String> origins;

  public Cors(Set<String> origins) {
    this.origins = origins;
  }

  /** Adds the headers of every response. */
  public void addHeaders(ServerRequestHeaders request, ServerResponse response) {
    addHeaders(request, response.headers());
  }

  /** Adds the headers of every response. */
  public void addHeaders(ServerRequestHeaders request, ServerResponseHeaders response) {
    if (origins.isEmpty()) {
      return;
    }
    response.set(HeaderNames.VARY, "Origin");
    if (isAllowedOrigin(request)) {
      response.set(HeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, request.get(HeaderNames.ORIGIN).get());
      response.set(HeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    }
  }

  /** Whether a browser asks by this {@code OPTIONS} request for permission to send another one. */
  public static boolean isPreflight(ServerRequestHeaders request) {
    return request.contains(HeaderNames.ORIGIN)
        && request.contains(HeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
  }

  /** Adds the headers of a preflight response if the request is a preflight. */
  public void addPreflightHeaders(
      ServerRequestHeaders request, ServerResponse response, String methods) {
    if (isAllowedOrigin(request) && isPreflight(request)) {
      response.header(HeaderNames.ACCESS_CONTROL_ALLOW_METHODS, methods);
      response.header(HeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
      response.header(HeaderNames.ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
    }
  }

  /**
   * Whether the request comes from a page of an origin that is not allowed. Pages of the same host
   * are allowed. A request without an {@code Origin} does not come from a page.
   */
  public boolean isForeign(Headers request) {
    if (!request.contains(HeaderNames.ORIGIN)) {
      return false;
    }
    String origin = request.get(HeaderNames.ORIGIN).get();
    String host = request.first(HeaderNames.HOST).orElse("");
    return !origins.contains(origin)
        && !origin.equalsIgnoreCase("http://" + host)
        && !origin.equalsIgnoreCase("https://" + host);
  }

  private boolean isAllowedOrigin(ServerRequestHeaders request) {
    return request.contains(HeaderNames.ORIGIN)
        && origins.contains(request.get(HeaderNames.ORIGIN).get());
  }
}
