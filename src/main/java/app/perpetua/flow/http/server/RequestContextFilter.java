package app.perpetua.flow.http.server;

import app.perpetua.flow.base.TraceContext;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.HttpDate;
import app.perpetua.flow.http.Lifecycle;
import app.perpetua.flow.http.RequestContext;
import app.perpetua.flow.http.RequestId;
import app.perpetua.flow.http.connection.ClientAddress;
import app.perpetua.flow.http.connection.ClientConnection;
import app.perpetua.flow.http.connection.RequestBody;
import app.perpetua.flow.http.cors.Cors;
import io.helidon.http.DateTime;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The outermost filter: registers the {@link RequestContext} in the request's context, adds the
 * headers of every response, notifies the observer of completed requests, and closes connections
 * that cannot serve another. Thread-safe.
 */
final class RequestContextFilter implements Filter {
  /** On every response, unless a handler replaces them: no content sniffing, no caching. */
  static final List<Header> SECURITY_HEADERS =
      List.of(
          HeaderValues.createCached("X-Content-Type-Options", "nosniff"),
          HeaderValues.createCached(HeaderNames.CACHE_CONTROL, "no-store"));

  /** Two years; only behind a proxy that terminates TLS (RFC 6797, 7.2). */
  private static final Header STRICT_TRANSPORT_SECURITY =
      HeaderValues.createCached(
          HeaderNames.STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");

  static final HeaderName TRACEPARENT = HeaderNames.create(TraceContext.HEADER);

  private static final HeaderName FORWARDED_PROTO = HeaderNames.create("X-Forwarded-Proto");

  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  private record DateHeader(long second, Header header) {}

  private final RequestId ids;
  private final ClientAddress addresses;
  private final Cors cors;
  private final Lifecycle lifecycle;
  private final Consumer<CompletedRequest> observer;
  private volatile DateHeader date =
      new DateHeader(Long.MIN_VALUE, HeaderValues.create(HeaderNames.DATE, ""));

  RequestContextFilter(
      RequestId ids,
      ClientAddress addresses,
      Cors cors,
      Lifecycle lifecycle,
      Consumer<CompletedRequest> observer) {
    this.ids = ids;
    this.addresses = addresses;
    this.cors = cors;
    this.lifecycle = lifecycle;
    this.observer = observer;
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    TraceContext.continued(request.headers().all(TRACEPARENT, List::of))
        .run(() -> filterInTrace(chain, request, response));
  }

  private void filterInTrace(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    InetAddress peer = ClientAddress.peer(request.remotePeer().address());
    String path = request.prologue().uriPath().rawPath();
    RequestContext context =
        new RequestContext(
            ids.of(request.headers()),
            addresses.of(peer, request.headers(), path),
            () -> addresses.isLocal(peer, request.headers()));
    context.request(path, request.headers().all(HeaderNames.ACCEPT, List::of));
    request
        .context()
        .get(ClientConnection.class)
        .ifPresent(
            client -> {
              context.connection(client);
              context.refusedUpgrade(client.takeRefusedUpgrade());
            });
    request.context().register(context);
    response.header(RequestId.HEADER, context.requestId());
    response.header(date());
    SECURITY_HEADERS.forEach(response::header);
    if (isBehindTls(request, peer)) {
      response.header(STRICT_TRANSPORT_SECURITY);
    }
    cors.addHeaders(request.headers(), response);
    response.beforeSend(
        () -> {
          // While the service stops, a proxy that keeps the connection would lose a request on it.
          if (context.mustClose()
              || lifecycle.isStopping()
              || RequestBody.blocksConnection(request)) {
            response.header(HeaderValues.CONNECTION_CLOSE);
          }
        });
    try {
      chain.proceed();
    } finally {
      observer.accept(
          new CompletedRequest(
              context,
              method(request.prologue().method().text()),
              response.status().code(),
              context.elapsed()));
    }
    if (ClientConnection.closes(response.headers())) {
      // Helidon alone would parse the rest of this request's body as the next request.
      throw new CloseConnectionException("the response has Connection: close");
    }
  }

  /** Formatted once a second. */
  private Header date() {
    Instant now = DateTime.timestamp().toInstant();
    DateHeader latest = date;
    if (latest.second != now.getEpochSecond()) {
      latest =
          new DateHeader(
              now.getEpochSecond(), HeaderValues.createCached(HeaderNames.DATE, HttpDate.of(now)));
      date = latest;
    }
    return latest.header;
  }

  /** A method as a metric label; uncommon ones are {@code OTHER}. */
  static String method(String name) {
    return METHODS.contains(name) ? name : "OTHER";
  }

  private boolean isBehindTls(RoutingRequest request, InetAddress peer) {
    return request.headers().contains(FORWARDED_PROTO)
        && request.headers().get(FORWARDED_PROTO).get().equalsIgnoreCase("https")
        && addresses.trusts(peer);
  }
}
