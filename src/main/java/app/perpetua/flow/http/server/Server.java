package app.perpetua.flow.http.server;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.Cors;
import app.perpetua.flow.http.Errors;
import app.perpetua.flow.http.HttpConfig;
import app.perpetua.flow.http.RequestId;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.connection.ClientAddress;
import app.perpetua.flow.http.connection.ConnectionLimits;
import app.perpetua.flow.http.connection.ConnectionTimeouts;
import app.perpetua.flow.http.connection.ConnectionTimeouts.Timeouts;
import app.perpetua.flow.http.connection.RequestBody;
import app.perpetua.flow.http.websocket.WebSocketGate;
import app.perpetua.flow.http.websocket.WebSocketUpgrader;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * The HTTP listener: every limit on connections, headers and bodies, the filters around every
 * request, and the routes. Starts once and stops once. Thread-safe.
 */
public final class Server implements AutoCloseable {
  /** Answers a request to a route, completely, whatever happens. */
  @FunctionalInterface
  public interface RequestHandler {
    /** Sends the answer before it returns. Lets {@link CloseConnectionException} pass. */
    void handle(Route route, ServerRequest request, ServerResponse response);
  }

  /**
   * Connections beyond the limit that are accepted so that health probes get in; all others are
   * refused there.
   */
  private static final int RESERVED_CONNECTIONS = 128;

  /**
   * Connections that the system keeps ready while all of those are taken, or we are busy. Beyond it
   * the system drops packets of new clients, which then wait for seconds; Linux allows this many.
   */
  private static final int BACKLOG = 4_096;

  /** A search of some hundred characters, percent-encoded, and the path. */
  private static final int MAX_REQUEST_LINE_BYTES = 8 * 1024;

  private static final int MAX_HEADER_BYTES = 16 * 1024;

  /**
   * Above the contract's limit, so that a body somewhat too large is refused in the contract's
   * order (who are you first); beyond this nobody is asked. It also bounds a single chunk, which
   * Helidon holds in memory.
   */
  private static final int MAX_PAYLOAD_BYTES = 2 * RequestBody.MAX_BYTES;

  /** How long requests in flight may take to finish at shutdown. */
  private static final Duration GRACE = Duration.ofSeconds(20);

  private static final Timeouts TIMEOUT =
      new Timeouts(
          Duration.ofSeconds(15),
          Duration.ofSeconds(75),
          Duration.ofSeconds(15),
          Duration.ofSeconds(2));

  private final ConnectionTimeouts slowClients;
  private final WebServer server;

  /**
   * Builds a server that does not listen yet.
   *
   * @param handler what answers requests to the routes
   * @param observer told of every request once it is over; must not block or throw
   */
  public Server(
      HttpConfig config,
      List<Route> routes,
      RequestHandler handler,
      Errors errors,
      Ids ids,
      Consumer<CompletedRequest> observer) {
    this(config, routes, handler, errors, ids, observer, WebSocketGate.none());
  }

  /**
   * As above.
   *
   * @param sockets the WebSockets among the paths; each has a route as well, for those who are not
   *     upgraded
   */
  public Server(
      HttpConfig config,
      List<Route> routes,
      RequestHandler handler,
      Errors errors,
      Ids ids,
      Consumer<CompletedRequest> observer,
      WebSocketGate sockets) {
    this(
        config,
        routes,
        handler,
        errors,
        ids,
        observer,
        sockets,
        TIMEOUT,
        ConnectionLimits.ofHeap(
            Runtime.getRuntime().maxMemory(), config.maxConnectionsPerAddress()));
  }

  public Server(
      HttpConfig config,
      List<Route> routes,
      RequestHandler handler,
      Errors errors,
      Ids ids,
      Consumer<CompletedRequest> observer,
      WebSocketGate sockets,
      Timeouts patience,
      ConnectionLimits limits) {
    RequestId requestIds = new RequestId(ids);
    ClientAddress addresses = new ClientAddress(config.trustedProxies());
    Cors cors = new Cors(config.corsOrigins());
    ErrorWriter refuser = new ErrorWriter(errors);
    this.slowClients =
        new ConnectionTimeouts(
            patience,
            limits,
            addresses,
            Http1Config.builder()
                .maxPrologueLength(MAX_REQUEST_LINE_BYTES)
                .maxHeadersSize(MAX_HEADER_BYTES),
            new WebSocketUpgrader(sockets, requestIds, addresses, cors, observer));
    this.server =
        WebServer.builder()
            .port(config.port())
            .shutdownHook(false)
            .shutdownGracePeriod(GRACE)
            .backlog(BACKLOG)
            .maxTcpConnections(limits.connections() + RESERVED_CONNECTIONS)
            .maxPayloadSize(MAX_PAYLOAD_BYTES)
            .connectionOptions(options -> options.tcpNoDelay(true))
            .featuresDiscoverServices(false)
            .protocolsDiscoverServices(false)
            .addConnectionSelector(slowClients)
            .directHandlers(new ProtocolErrorHandler(errors, requestIds, observer).forAll())
            .errorHandling(handling -> handling.includeEntity(true))
            .routing(
                routing(
                    routes,
                    guarded(handler, errors, refuser),
                    refuser,
                    cors,
                    new RequestContextFilter(requestIds, addresses, cors, observer)))
            .build();
  }

  /**
   * Begins to listen.
   *
   * @throws IllegalStateException if the port cannot be had
   */
  public void start() {
    server.start();
    if (!server.isRunning()) {
      throw new IllegalStateException("cannot listen on port " + server.prototype().port());
    }
    slowClients.start();
  }

  /** The port it listens on. */
  public int port() {
    return server.port();
  }

  /** How many connections are open. */
  public int connections() {
    return slowClients.count();
  }

  /** How many of them wait for their client, so that they may be closed. */
  public int waitingConnections() {
    return slowClients.waiting();
  }

  /** How many connections were closed so that others could be served. */
  public long displacedConnections() {
    return slowClients.displaced();
  }

  /** Bytes of unfinished requests and unread answers that are held in memory. */
  public long bytesInFlight() {
    return slowClients.bytesInFlight();
  }

  /** Takes no more requests and waits for those in flight, 20 s at most. */
  @Override
  public void close() {
    server.stop();
    slowClients.close();
  }

  private static HttpRouting.Builder routing(
      List<Route> routes,
      RequestHandler handler,
      ErrorWriter refuser,
      Cors cors,
      RequestContextFilter edge) {
    HttpRouting.Builder routing = HttpRouting.builder().addFilter(edge);
    Resource.all(routes, handler, refuser, cors).forEach(routing::route);
    routing.any(
        (request, response) ->
            refuser.refuse(
                request, response, Refusal.of(ErrorCode.NOT_FOUND, "there is nothing here")));
    return routing;
  }

  /** The last net: a handler that throws after all is answered with 500 in the contract's form. */
  private static RequestHandler guarded(
      RequestHandler handler, Errors errors, ErrorWriter refuser) {
    return (route, request, response) -> {
      try {
        if (route.bucket() != Route.Bucket.PROBE
            && refuser.exchange(request).isOverConnectionLimit()) {
          throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "too many connections are open")
              .retryAfter(Duration.ofSeconds(1));
        }
        handler.handle(route, request, response);
      } catch (CloseConnectionException e) {
        throw e;
      } catch (RuntimeException e) {
        Refusal refusal = errors.refusal(e, refuser.exchange(request).requestId());
        if (response instanceof RoutingResponse begun && !begun.resetStream()) {
          throw new CloseConnectionException("failed after the answer had begun", e);
        }
        refuser.refuse(request, response, refusal);
      }
    };
  }
}
