package app.perpetua.flow.http.server;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.Errors;
import app.perpetua.flow.http.HttpConfig;
import app.perpetua.flow.http.Lifecycle;
import app.perpetua.flow.http.RequestContext;
import app.perpetua.flow.http.RequestHandler;
import app.perpetua.flow.http.RequestId;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.connection.ClientAddress;
import app.perpetua.flow.http.connection.ConnectionLimits;
import app.perpetua.flow.http.connection.ConnectionTimeouts;
import app.perpetua.flow.http.connection.ConnectionTimeouts.Timeouts;
import app.perpetua.flow.http.cors.Cors;
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
import java.util.function.LongSupplier;

/**
 * The HTTP listener with its limits on connections, headers and bodies, its filter and its routes.
 * Starts once and stops once. Thread-safe.
 */
public final class Server implements AutoCloseable {
  /** Connections beyond the limit, on which only health probes are served. */
  private static final int RESERVED_CONNECTIONS = 128;

  /**
   * Connections that the kernel queues until they are accepted; Linux's maximum. Beyond it, new
   * clients' packets are dropped, and they retry after seconds.
   */
  private static final int BACKLOG = 4_096;

  /**
   * Helidon's limits on a request line and on headers, above those that {@link ConnectionTimeouts}
   * applies before, which leave room for percent-encoding.
   */
  private static final int MAX_HEAD_BYTES = 64 * 1024;

  private static final Duration SHUTDOWN_TIMEOUT = Duration.ofSeconds(20);

  private static final Timeouts TIMEOUTS =
      new Timeouts(
          Duration.ofSeconds(15),
          Duration.ofSeconds(75),
          Duration.ofSeconds(15),
          Duration.ofSeconds(2));

  private final ConnectionTimeouts connections;
  private final WebServer server;

  /**
   * Does not listen until {@link #start}.
   *
   * @param observer notified of every completed request; must not block or throw
   * @param lifecycle until it has started, only health probes are served
   * @param webSockets WebSocket endpoints; each also has a route, for requests without an upgrade
   */
  public Server(
      HttpConfig config,
      List<Route> routes,
      RequestHandler handler,
      Errors errors,
      Ids ids,
      Consumer<CompletedRequest> observer,
      WebSocketGate webSockets,
      Lifecycle lifecycle) {
    this(
        config,
        routes,
        handler,
        errors,
        ids,
        observer,
        webSockets,
        lifecycle,
        TIMEOUTS,
        ConnectionLimits.ofThisProcess(config.maxConnectionsPerAddress()),
        System::nanoTime);
  }

  Server(
      HttpConfig config,
      List<Route> routes,
      RequestHandler handler,
      Errors errors,
      Ids ids,
      Consumer<CompletedRequest> observer,
      WebSocketGate webSockets,
      Lifecycle lifecycle,
      Timeouts timeouts,
      ConnectionLimits limits,
      LongSupplier nanos) {
    RequestId requestIds = new RequestId(ids);
    ClientAddress addresses = new ClientAddress(config.proxies());
    Cors cors = new Cors(config.corsOrigins());
    this.connections =
        new ConnectionTimeouts(
            timeouts,
            limits,
            addresses,
            Http1Config.builder()
                .maxPrologueLength(MAX_HEAD_BYTES)
                .maxHeadersSize(MAX_HEAD_BYTES)
                // They are valid already, and Helidon would answer Content-Encoding with 400.
                .validateRequestHeaders(false),
            new WebSocketUpgrader(webSockets, lifecycle, requestIds, addresses, cors, observer),
            nanos);
    HttpRouting.Builder routing =
        HttpRouting.builder()
            .addFilter(new RequestContextFilter(requestIds, addresses, cors, lifecycle, observer));
    RequestHandler guarded = guarded(handler, errors, lifecycle);
    Resource.all(routes, guarded, cors).forEach(routing::route);
    routing.any(new UnknownPath(guarded, cors));
    this.server =
        WebServer.builder()
            .port(config.port())
            .shutdownHook(false)
            .shutdownGracePeriod(SHUTDOWN_TIMEOUT)
            .backlog(BACKLOG)
            .maxTcpConnections(limits.connections() + RESERVED_CONNECTIONS)
            .connectionOptions(options -> options.tcpNoDelay(true))
            .featuresDiscoverServices(false)
            .protocolsDiscoverServices(false)
            .addConnectionSelector(connections)
            .directHandlers(new ProtocolErrorHandler(errors, requestIds, cors, observer).forAll())
            .errorHandling(handling -> handling.includeEntity(true))
            .routing(routing)
            .build();
  }

  /**
   * Starts listening.
   *
   * @throws IllegalStateException if the port is not available
   */
  public void start() {
    server.start();
    if (!server.isRunning()) {
      throw new IllegalStateException(
          "cannot listen on port "
              + server.prototype().port()
              + ": another process uses it, or this user may not open it");
    }
    connections.start();
  }

  public int port() {
    return server.port();
  }

  public ConnectionTimeouts.Stats connections() {
    return connections.stats();
  }

  /** Stops listening and waits up to 20 s for requests in flight. */
  @Override
  public void close() {
    connections.stop();
    server.stop();
    connections.close();
  }

  /**
   * Refuses requests over the connection limit and before the service has started, except health
   * probes, and answers failures of the handler.
   */
  private static RequestHandler guarded(
      RequestHandler handler, Errors errors, Lifecycle lifecycle) {
    return new RequestHandler() {
      @Override
      public void handle(Route route, ServerRequest request, ServerResponse response) {
        guard(
            errors,
            lifecycle,
            request,
            response,
            route.bucket() == Route.Bucket.PROBE,
            () -> handler.handle(route, request, response));
      }

      @Override
      public void refuse(Refusal refusal, ServerRequest request, ServerResponse response) {
        guard(
            errors,
            lifecycle,
            request,
            response,
            false,
            () -> handler.refuse(refusal, request, response));
      }

      @Override
      public void redirect(String location, ServerRequest request, ServerResponse response) {
        guard(
            errors,
            lifecycle,
            request,
            response,
            false,
            () -> handler.redirect(location, request, response));
      }
    };
  }

  private static void requireConnection(RequestContext context) {
    if (context.isOverConnectionLimit()) {
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "too many connections are open")
          .retryAfter(Duration.ofSeconds(1));
    }
  }

  private static void guard(
      Errors errors,
      Lifecycle lifecycle,
      ServerRequest request,
      ServerResponse response,
      boolean isProbe,
      Runnable answer) {
    RequestContext context = RequestContext.of(request);
    try {
      if (!isProbe) {
        lifecycle.requireStarted();
        requireConnection(context);
      }
      answer.run();
    } catch (CloseConnectionException e) {
      throw e;
    } catch (RuntimeException e) {
      Refusal refusal = errors.refusal(e, context.requestId());
      if (response instanceof RoutingResponse started && !started.resetStream()) {
        throw new CloseConnectionException("the handler failed after the response had started", e);
      }
      errors.send(context, response, refusal);
    }
  }
}
