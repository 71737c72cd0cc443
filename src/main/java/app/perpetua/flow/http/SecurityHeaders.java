package app.perpetua.flow.http;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import java.util.List;

/** Security headers. A handler may replace them. */
public final class SecurityHeaders {
  /** On every response: no content sniffing, no caching. */
  public static final List<Header> ALWAYS =
      List.of(
          HeaderValues.createCached("X-Content-Type-Options", "nosniff"),
          HeaderValues.createCached(HeaderNames.CACHE_CONTROL, "no-store"));

  /** Only behind a proxy that terminates TLS (RFC 6797, 7.2): two years. */
  public static final Header BEHIND_TLS =
      HeaderValues.createCached(
          HeaderNames.STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");

  private SecurityHeaders() {}
}
