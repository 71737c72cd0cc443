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

/**
 * HTTP/1.1 with a deadline on every wait for a client, whatever it does slowly: saying nothing,
 * trickling its request line, headers or body, or not reading its answer (promise 21). Helidon has
 * no such deadlines, so each connection's reads and writes go through a {@link ClientConnection},
 * and a sweeper closes the sockets of those that are overdue. Closing cuts nothing but that wait:
 * no thread is ever interrupted, so none can be hit inside a database call. Thread-safe.
 */
public final class ConnectionTimeouts implements ServerConnectionSelector, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ConnectionTimeouts.class.getName());

  /** Cuts come this much early at most, so that none comes late. */
  private static final Duration SWEEP = Duration.ofMillis(250);

  /**
   * How long a client may take.
   *
   * @param request from its first byte (of a new connection: from connecting) to its last
   * @param idle between two requests; longer than the keep-alive of common proxies, so that it is
   *     they who close, not we just as they send
   * @param write for taking an answer, besides what its length deserves
   * @param linger for reading an answer that closes the connection while it still sends
   */
  public record Timeouts(Duration request, Duration idle, Duration write, Duration linger) {}

  /** The least time between two lines that say that connections are being closed. */
  private static final Duration REPORT = Duration.ofMinutes(1);

  private final Timeouts patience;
  private final ClientAddress addresses;
  private final TransferBudget budget;
  private final OpenConnections open;
  private final Http1ConnectionSelector http;
  private final long startNanos = System.nanoTime();
  private final CountDownLatch closed = new CountDownLatch(1);

  public ConnectionTimeouts(
      Timeouts patience,
      ConnectionLimits limits,
      ClientAddress addresses,
      Http1Config.Builder http,
      Http1Upgrader upgrader) {
    this.patience = patience;
    this.addresses = addresses;
    this.budget = new TransferBudget(limits.bytes());
    this.open = new OpenConnections(limits, this::nanos);
    this.http =
        Http1ConnectionSelector.builder()
            .config(http.addReceiveListener(new Receiving()).addSendListener(new Sending()).build())
            .addUpgrader(upgrader)
            .build();
  }

  /** Begins to sweep. */
  public void start() {
    Thread.ofPlatform().daemon().name("slow-clients").start(this::sweep);
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    InetAddress peer = ClientAddress.peer(context.remotePeer().address());
    String address = addresses.trusts(peer) ? null : ClientAddress.text(peer);
    ClientConnection client = new ClientConnection(context, address, budget, patience, this::nanos);
    return new Timed(client, http.connection(client));
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

  /** How many connections are open. */
  public int count() {
    return open.size();
  }

  /** How many of them wait for their client. */
  public int waiting() {
    return open.waiting();
  }

  /** How many connections were closed so that others could be served. */
  public long displaced() {
    return open.displaced() + budget.displaced();
  }

  /** Bytes of unfinished requests and unread answers. */
  public long bytesInFlight() {
    return budget.held();
  }

  /** Ends the sweeping; to be called once the server has stopped. */
  @Override
  public void close() {
    closed.countDown();
  }

  private long nanos() {
    return System.nanoTime() - startNanos;
  }

  private void sweep() {
    long reported = 0;
    long reportDue = 0;
    try {
      while (!closed.await(SWEEP.toMillis(), TimeUnit.MILLISECONDS)) {
        long now = nanos() + SWEEP.toNanos();
        open.cutOverdue(now);
        long displaced = displaced();
        if (displaced > reported && now >= reportDue) {
          LOG.log(
              System.Logger.Level.WARNING,
              "connections closed because of too many connections or bytes in flight: {0}",
              Long.toString(displaced - reported));
          reported = displaced;
          reportDue = now + REPORT.toNanos();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Helidon's connection, known to the sweeper while it runs. */
  private final class Timed implements ServerConnection, InterruptableTask<Void> {
    private final ClientConnection client;
    private final ServerConnection http;

    Timed(ClientConnection client, ServerConnection http) {
      this.client = client;
      this.http = http;
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
      if (!open.add(client)) {
        client.restrict();
      }
      try {
        http.handle(limit);
      } finally {
        client.linger();
        client.ended();
        open.remove(client);
      }
    }

    @Override
    public Duration idleTime() {
      return http.idleTime();
    }

    @Override
    public void close(boolean interrupt) {
      http.close(interrupt);
    }

    @Override
    public boolean canInterrupt() {
      return http instanceof InterruptableTask<?> task
          && task.canInterrupt()
          && !client.isCutSoon();
    }
  }

  private static final class Receiving implements Http1ConnectionListener {
    @Override
    public void prologue(ConnectionContext context, HttpPrologue prologue) {
      if (context instanceof ClientConnection client) {
        client.asked(prologue.method());
      }
    }
  }

  private static final class Sending implements Http1ConnectionListener {
    @Override
    public void status(ConnectionContext context, Status status) {
      if (context instanceof ClientConnection client) {
        client.answering();
      }
    }

    @Override
    public void headers(ConnectionContext context, Headers headers) {
      if (context instanceof ClientConnection client) {
        client.answered(headers);
      }
    }
  }
}
