package app.perpetua.flow.http.server;

import app.perpetua.flow.base.Cidr;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.ProxyConfig;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.harness.PlainServer;
import app.perpetua.flow.harness.RawClient;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.Errors;
import app.perpetua.flow.http.HttpConfig;
import app.perpetua.flow.http.Lifecycle;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.RequestContext;
import app.perpetua.flow.http.RequestHandler;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.Route.Sunset;
import app.perpetua.flow.http.Route.Verb;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.connection.ConnectionLimits;
import app.perpetua.flow.http.connection.ConnectionTimeouts.Timeouts;
import app.perpetua.flow.http.connection.RequestBody;
import app.perpetua.flow.http.limits.RateLimiter;
import app.perpetua.flow.http.websocket.WebSocketGate;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * A real {@link Server} on a free port, whose routes echo their request: {@code <method> <pattern>
 * <id> <length of the body>}.
 */
public final class TestServer implements AutoCloseable {
  /** More than the system's buffers take. */
  public static final int BLOB_BYTES = 32 * 1024 * 1024;

  public static final String ORIGIN = "https://app.example";

  private static final ConnectionLimits LIMITS = new ConnectionLimits(5_000, 5_000, 128L << 20);

  private static final Authenticator REJECT_ALL =
      new Authenticator() {
        @Override
        public Principal verify(String token) {
          throw Authenticator.unauthorized();
        }

        @Override
        public Optional<Principal> recall(String token) {
          return Optional.empty();
        }
      };

  private static final Sunset END =
      new Sunset(
          Instant.parse("2026-01-01T00:00:00Z"),
          Instant.parse("2026-04-01T12:30:00Z"),
          URI.create("https://docs.example/migrate"));

  /** Long enough for fast clients on a slow machine. */
  public static final Timeouts LONG_TIMEOUTS =
      new Timeouts(
          Duration.ofSeconds(60),
          Duration.ofSeconds(75),
          Duration.ofSeconds(60),
          Duration.ofSeconds(2));

  private final BlockingQueue<CompletedRequest> completed = new LinkedBlockingQueue<>();
  private final Server server;

  /** Requests that reached a handler. */
  public final BlockingQueue<String> handled = new LinkedBlockingQueue<>();

  /** The number of handlers whose thread was interrupted, which must stay 0. */
  public final AtomicInteger interrupted = new AtomicInteger();

  /** Requests to {@code /blocking} wait for it. */
  public final CountDownLatch release = new CountDownLatch(1);

  private final CountDownLatch began = new CountDownLatch(1);

  public TestServer() {
    this(LONG_TIMEOUTS);
  }

  public TestServer(Timeouts timeouts) {
    this(timeouts, List.of());
  }

  /**
   * @param nanos the clock of its connections
   */
  public TestServer(LongSupplier nanos) {
    this(0, LONG_TIMEOUTS, behind(List.of()), LIMITS, nanos);
  }

  public TestServer(int port) {
    this(port, LONG_TIMEOUTS, behind(List.of()), LIMITS, System::nanoTime);
  }

  public TestServer(Timeouts timeouts, List<Cidr> trustedProxies) {
    this(0, timeouts, behind(trustedProxies), LIMITS, System::nanoTime);
  }

  public TestServer(ProxyConfig proxies) {
    this(0, LONG_TIMEOUTS, proxies, LIMITS, System::nanoTime);
  }

  public TestServer(ConnectionLimits limits, List<Cidr> trustedProxies) {
    this(0, LONG_TIMEOUTS, behind(trustedProxies), limits, System::nanoTime);
  }

  private TestServer(
      int port,
      Timeouts timeouts,
      ProxyConfig proxies,
      ConnectionLimits limits,
      LongSupplier nanos) {
    HttpConfig config =
        new HttpConfig(
            port,
            Set.of(ORIGIN),
            proxies,
            new HttpConfig.Metrics(Optional.empty(), 0),
            Optional.empty(),
            1_000,
            new HttpConfig.RateLimits(100, 100, 20, 10),
            Duration.ZERO);
    Ids ids = new Ids();
    Errors errors = new Errors(new Json());
    server =
        new Server(
            config,
            List.of(
                Route.read("/api/v1/tasks/{id}", _ -> tx -> Reply.noContent()),
                Route.write(Verb.PATCH, "/api/v1/tasks/{id}", _ -> tx -> Reply.noContent()),
                Route.read("/api/v1/tasks", _ -> tx -> Reply.noContent()),
                Route.write(Verb.POST, "/api/v1/tasks", _ -> tx -> Reply.noContent()),
                Route.write(Verb.POST, "/api/v1/tasks/recover", _ -> tx -> Reply.noContent()),
                Route.read("/api/v1/old", _ -> tx -> Reply.noContent()).deprecated(END),
                Route.plain("/unread", _ -> Reply.noContent()),
                Route.write(Verb.POST, "/unread", _ -> tx -> Reply.noContent()),
                Route.plain("/broken", _ -> Reply.noContent()),
                Route.plain("/stream", _ -> Reply.noContent()),
                Route.plain("/large", _ -> Reply.noContent()),
                Route.write(Verb.POST, "/blocking", _ -> tx -> Reply.noContent()),
                Route.plain("/blob", _ -> Reply.noContent()),
                Route.plain("/signed-in", _ -> Reply.noContent()),
                Route.probe("/health/live", _ -> Reply.noContent()),
                Route.plain("/cached", _ -> Reply.noContent())),
            handler(),
            errors,
            ids,
            completed::add,
            new WebSocketGate(
                List.of(),
                REJECT_ALL,
                PlainServer.SESSIONS,
                new RateLimiter(Clock.systemUTC(), Optional.empty()),
                config),
            Lifecycle.started(),
            timeouts,
            limits,
            nanos);
    server.start();
  }

  private static ProxyConfig behind(List<Cidr> trusted) {
    return new ProxyConfig(trusted, ProxyConfig.FORWARDED_FOR);
  }

  /** Milliseconds for a request and between two; half a second for a response. */
  public static Timeouts timeouts(int request, int idle) {
    return new Timeouts(
        Duration.ofMillis(request),
        Duration.ofMillis(idle),
        Duration.ofMillis(500),
        Duration.ofSeconds(2));
  }

  public int port() {
    return server.port();
  }

  public RawClient client() throws IOException {
    return new RawClient(server.port());
  }

  /** The next completed request that the observer received. */
  public CompletedRequest completed() throws InterruptedException {
    CompletedRequest next = completed.poll(30, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("no request was reported as completed");
    }
    return next;
  }

  /** Returns once the answer to this request has been written completely. */
  public void awaitCompleted(String requestId) throws InterruptedException {
    while (!completed().context().requestId().equals(requestId)) {
      // An earlier request.
    }
  }

  /** Returns once a request to {@code /blocking} is being handled. */
  public void awaitBlockingRequest() throws InterruptedException {
    if (!began.await(30, TimeUnit.SECONDS)) {
      throw new AssertionError("no request came");
    }
  }

  public int connections() {
    return server.connections().open();
  }

  public int waiting() {
    return server.connections().waiting();
  }

  public long displaced() {
    return server.connections().displaced();
  }

  public long bytesInFlight() {
    return server.connections().bytesInFlight();
  }

  public boolean noneCompleted() {
    return completed.isEmpty();
  }

  @Override
  public void close() {
    server.close();
  }

  private RequestHandler handler() {
    return new RequestHandler() {
      @Override
      public void handle(Route route, ServerRequest request, ServerResponse response) {
        answer(route, request, response);
      }

      @Override
      public void refuse(Refusal refusal, ServerRequest request, ServerResponse response) {
        new Errors(new Json()).send(RequestContext.of(request), response, refusal);
      }

      @Override
      public void redirect(String location, ServerRequest request, ServerResponse response) {
        response.status(302).header("Location", location).send();
      }
    };
  }

  private void answer(Route route, ServerRequest request, ServerResponse response) {
    switch (route.path()) {
      case "/unread" -> response.status(401).send("unread".getBytes(StandardCharsets.UTF_8));
      case "/broken" -> {
        response.header(HeaderValues.create("Cache-Control", "public, max-age=60"));
        throw new IllegalStateException("secret cause");
      }
      case "/stream" -> stream(response, 3, 10);
      case "/large" -> stream(response, 100_000, 1_000);
      case "/blob" -> response.send(new byte[BLOB_BYTES]);
      case "/signed-in" -> {
        RequestContext.of(request).userId(UUID.randomUUID());
        response.send();
      }
      case "/blocking" -> {
        byte[] body = RequestBody.read(request);
        began.countDown();
        await();
        response.send(body);
      }
      case "/cached" -> {
        response.header(HeaderValues.create("Cache-Control", "public, max-age=60"));
        response.send("cached".getBytes(StandardCharsets.UTF_8));
      }
      default -> echo(route, request, response);
    }
  }

  private void echo(Route route, ServerRequest request, ServerResponse response) {
    try {
      RequestBody.requireNoEncoding(request, response);
      byte[] body = RequestBody.read(request);
      String text =
          "%s %s %s %d"
              .formatted(
                  route.method(),
                  route.path(),
                  request.path().pathParameters().first("id").orElse("-"),
                  body.length);
      handled.add(text);
      if (Thread.currentThread().isInterrupted()) {
        interrupted.incrementAndGet();
      }
      response.send(text.getBytes(StandardCharsets.UTF_8));
    } catch (Refusal e) {
      new Errors(new Json()).send(RequestContext.of(request), response, e);
    }
  }

  private void await() {
    try {
      if (!release.await(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("never released");
      }
    } catch (InterruptedException e) {
      interrupted.incrementAndGet();
      throw new IllegalStateException(e);
    }
  }

  private static void stream(ServerResponse response, int chunks, int size) {
    byte[] chunk = "x".repeat(size).getBytes(StandardCharsets.UTF_8);
    try (OutputStream out = response.outputStream()) {
      for (int i = 0; i < chunks; i++) {
        out.write(chunk);
        out.flush();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
