package app.perpetua.flow.http.connection;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.task.InterruptableTask;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.Status;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionListener;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * HTTP/1.1 with a deadline on every wait for a client: for a request, for its next byte, and for
 * reading the response (promise 21). Helidon has no such deadlines, so each connection's reads and
 * writes go through a {@link ClientConnection}, and a background thread closes the sockets of
 * overdue ones. It interrupts no thread, which could be inside a database call. Thread-safe.
 */
public final class ConnectionTimeouts implements ServerConnectionSelector, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ConnectionTimeouts.class.getName());

  /** Connections are closed at most this much early; late only if the process did not run. */
  private static final Duration SWEEP_INTERVAL = Duration.ofMillis(250);

  /** Longer intervals between two sweeps are pauses of the process, which do not count. */
  private static final Duration LONGEST_INTERVAL = SWEEP_INTERVAL.multipliedBy(2);

  private static final Duration REPORT_INTERVAL = Duration.ofMinutes(1);

  /**
   * Time-outs of a client.
   *
   * @param request from its first byte (on a new connection: from connecting) to its last
   * @param idle between two requests; longer than the keep-alive of common proxies, so that the
   *     proxy closes first and sends no request on a connection that is being closed
   * @param write for reading a response, in addition to the time for its length
   * @param linger for reading a response that closes the connection while it still sends
   */
  public record Timeouts(Duration request, Duration idle, Duration write, Duration linger) {}

  /**
   * The connections now.
   *
   * @param waiting those that wait for their client
   * @param displaced closed so far, so that others could be served
   * @param bytesInFlight of unfinished requests and unread responses in memory
   */
  public record Stats(int open, int waiting, long displaced, long bytesInFlight) {}

  private final Timeouts timeouts;
  private final ClientAddress addresses;
  private final TransferBudget budget;
  private final OpenConnections open;
  private final Http1ConnectionSelector http;
  private final DeadlineClock clock;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile boolean stopping;

  /**
   * @param nanos the clock of its deadlines, {@link System#nanoTime()} except in tests
   */
  public ConnectionTimeouts(
      Timeouts timeouts,
      ConnectionLimits limits,
      ClientAddress addresses,
      Http1Config.Builder http,
      Http1Upgrader upgrader,
      LongSupplier nanos) {
    this.timeouts = timeouts;
    this.clock = new DeadlineClock(nanos, LONGEST_INTERVAL);
    this.addresses = addresses;
    this.budget = new TransferBudget(limits.bytes());
    this.open = new OpenConnections(limits, clock::nanoTime);
    this.http =
        Http1ConnectionSelector.builder()
            .config(
                http.addReceiveListener(new RequestListener())
                    .addSendListener(new ResponseListener())
                    .build())
            .addUpgrader(upgrader)
            .build();
  }

  public void start() {
    Thread.ofPlatform().daemon().name("connection-timeouts").start(this::sweep);
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    InetAddress peer = ClientAddress.peer(context.remotePeer().address());
    String address = addresses.trusts(peer) ? null : ClientAddress.text(peer);
    ClientConnection client =
        new ClientConnection(context, address, budget, timeouts, clock::nanoTime);
    return new TrackedConnection(client, http.connection(client));
  }

  @Override
  public int bytesToIdentifyConnection() {
    return http.bytesToIdentifyConnection();
  }

  @Override
  public Support supports(BufferData data) {
    return http.supports(data);
  }

  @Override
  public Set<String> supportedApplicationProtocols() {
    return http.supportedApplicationProtocols();
  }

  public Stats stats() {
    return new Stats(open.size(), open.waiting(), displaced(), budget.held());
  }

  private long displaced() {
    return open.displaced() + budget.displaced();
  }

  /**
   * Closes idle connections; the others close after the request that they serve. Call before the
   * server is stopped. Helidon would interrupt idle connections instead, and miss one that becomes
   * idle at that moment.
   */
  public void stop() {
    stopping = true;
    open.stop();
  }

  /** Call after the server has stopped. */
  @Override
  public void close() {
    closed.countDown();
  }

  private void sweep() {
    long reported = 0;
    long reportDue = 0;
    try {
      while (!closed.await(SWEEP_INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
        long now = clock.tick() + SWEEP_INTERVAL.toNanos();
        open.abortOverdue(now);
        long displaced = displaced();
        if (displaced > reported && now >= reportDue) {
          LOG.log(
              System.Logger.Level.WARNING,
              "connections closed because of too many connections or bytes in flight: {0}",
              Long.toString(displaced - reported));
          reported = displaced;
          reportDue = now + REPORT_INTERVAL.toNanos();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Counts Helidon's connection and enforces its deadlines while it runs. */
  private final class TrackedConnection implements ServerConnection, InterruptableTask<Void> {
    private final ClientConnection client;
    private final ServerConnection http;

    TrackedConnection(ClientConnection client, ServerConnection http) {
      this.client = client;
      this.http = http;
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
      if (!open.add(client)) {
        client.restrict();
      }
      if (stopping) {
        client.stop();
      }
      try {
        http.handle(limit);
      } finally {
        client.linger();
        client.releaseBudget();
        open.remove(client);
      }
    }

    @Override
    public Duration idleTime() {
      return http.idleTime();
    }

    /** Does nothing to a connection that {@link #stop} closes, unless forced. */
    @Override
    public void close(boolean interrupt) {
      if (interrupt || client.isUpgraded()) {
        http.close(interrupt);
      }
    }

    @Override
    public boolean canInterrupt() {
      return client.isUpgraded() && !client.isClosingSoon();
    }
  }

  private static final class RequestListener implements Http1ConnectionListener {
    @Override
    public void prologue(ConnectionContext context, HttpPrologue prologue) {
      if (context instanceof ClientConnection client) {
        client.requestStarted(prologue.method());
      }
    }
  }

  private static final class ResponseListener implements Http1ConnectionListener {
    @Override
    public void status(ConnectionContext context, Status status) {
      if (context instanceof ClientConnection client) {
        client.responseStarted(status);
      }
    }

    @Override
    public void headers(ConnectionContext context, Headers headers) {
      if (context instanceof ClientConnection client) {
        client.responseHeaders(headers);
      }
    }
  }
}
