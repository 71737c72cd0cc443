package app.perpetua.flow.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.http.ServerResponse;
import java.util.Set;

/**
 * Lets browsers on configured origins read our answers (Fetch standard, CORS protocol). A foreign
 * origin gets the same answer without these headers: its browser then withholds it, and every other
 * client is none the wiser. Credentials are bearer tokens, never cookies, so {@code
 * Allow-Credentials} is not sent. Thread-safe.
 */
public final class Cors {
  private static final HeaderName EXPOSE = HeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS;

  private static final String EXPOSED =
      "X-Request-ID, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, RateLimit,"
          + " RateLimit-Policy, X-Idempotent-Replayed, Retry-After, Deprecation, Sunset, Link";

  private static final String ALLOWED_HEADERS =
      "Authorization, Content-Type, Accept, Idempotency-Key, X-Request-ID, X-Task-Id";

  /** Two hours, the longest that any common browser remembers a preflight. */
  private static final String MAX_AGE_SECONDS = "7200";

  private final Set<String> origins;

  public Cors(Set<String> origins) {
    this.origins = origins;
  }

  /** Adds what every answer carries. */
  public void mark(ServerRequestHeaders request, ServerResponse response) {
    if (origins.isEmpty()) {
      return;
    }
    response.header(HeaderNames.VARY, "Origin");
    if (fromKnownOrigin(request)) {
      response.header(
          HeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, request.get(HeaderNames.ORIGIN).get());
      response.header(EXPOSE, EXPOSED);
    }
  }

  /** Adds what the answer to an {@code OPTIONS} request carries if it is a preflight. */
  public void preflight(ServerRequestHeaders request, ServerResponse response, String methods) {
    if (fromKnownOrigin(request) && request.contains(HeaderNames.ACCESS_CONTROL_REQUEST_METHOD)) {
      response.header(HeaderNames.ACCESS_CONTROL_ALLOW_METHODS, methods);
      response.header(HeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
      response.header(HeaderNames.ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
    }
  }

  /**
   * True if the request comes from a page that may not talk to us. One without an origin comes from
   * no browser's page; one from our own host is no stranger.
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

  private boolean fromKnownOrigin(ServerRequestHeaders request) {
    return request.contains(HeaderNames.ORIGIN)
        && origins.contains(request.get(HeaderNames.ORIGIN).get());
  }
}
