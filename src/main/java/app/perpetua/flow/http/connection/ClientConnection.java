package app.perpetua.flow.http.connection;

import app.perpetua.flow.http.connection.ConnectionTimeouts.Timeouts;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import io.helidon.http.Method;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection, passed to Helidon in place of its own. Its reads and writes have deadlines
 * and count towards the {@link TransferBudget}, a request is bounded in size, and a client that is
 * still sending when it is refused can read the response. Confined to the connection's thread,
 * except where a method says otherwise.
 */
public final class ClientConnection implements ConnectionContext, OpenConnections.Connection {
  private static final System.Logger LOG = System.getLogger(ClientConnection.class.getName());

  /**
   * More than any valid request needs: in a body of one-byte chunks, each byte takes six. Helidon
   * alone would buffer a chunk-size line of any length.
   */
  private static final long MAX_REQUEST_BYTES = 6L * RequestBody.MAX_BYTES + 64 * 1024;

  /** Clients that read slower than 16 KiB/s are disconnected. */
  private static final long WRITE_NANOS_PER_BYTE = Duration.ofSeconds(1).toNanos() / (16 * 1024);

  /**
   * Read and discarded before closing. Closing while bytes arrive resets the connection, and the
   * client may lose the response (RFC 9112, 9.6).
   */
  private static final long LINGER_BYTES = 1024 * 1024;

  /** Requests and writes up to this size do not count towards the shared budget. */
  private static final int UNCOUNTED_BYTES = 8 * 1024;

  /** Memory of a read besides its bytes: an array header and an entry of Helidon's list. */
  private static final int READ_OVERHEAD = 64;

  private final ConnectionContext helidon;
  private final ListenerContext listener;
  private final @Nullable String address;
  private final TransferBudget.Account account;
  private final HelidonSocket socket;
  private final Timeouts timeouts;
  private final LongSupplier nanos;
  private final DataReader reader = DataReader.create(this::read);
  private final HeadResponseWriter writer = new HeadResponseWriter(this::write);
  private final CallDeadline reading = new CallDeadline();
  private final CallDeadline writing = new CallDeadline();
  private final CallDeadline ending = new CallDeadline();

  private long requestDue;
  private long received;
  private long weight;
  private long counted;
  private boolean betweenRequests;
  private boolean closeAfterResponse;
  private boolean restricted;
  private boolean overBudget;
  private volatile boolean upgraded;
  private volatile boolean wasAuthenticated;
  private volatile long waitingSince;
  private volatile boolean closingSoon;
  private @Nullable RefusedUpgrade refusedUpgrade;

  /**
   * @param address counts towards this address's connection limit; null for none
   * @param nanos the clock of its deadlines
   */
  ClientConnection(
      ConnectionContext helidon,
      @Nullable String address,
      TransferBudget budget,
      Timeouts timeouts,
      LongSupplier nanos) {
    this.helidon = helidon;
    this.listener = ConnectionListenerContext.of(helidon.listenerContext(), this);
    this.address = address;
    this.account = budget.open(this);
    this.socket = helidon.serverSocket();
    this.timeouts = timeouts;
    this.nanos = nanos;
    this.waitingSince = nanos.getAsLong();
    this.requestDue = waitingSince + timeouts.request().toNanos();
  }

  @Override
  public @Nullable String address() {
    return address;
  }

  /** Limits it to health probes and one response, because there are too many connections. */
  void restrict() {
    restricted = true;
  }

  public boolean isRestricted() {
    return restricted;
  }

  /** Whether the connection must close after the next response. */
  public boolean mustClose() {
    return restricted || overBudget;
  }

  /** Marks the client as authenticated, by a request's token or a WebSocket message. */
  public void authenticated() {
    wasAuthenticated = true;
    account.authenticated(true);
  }

  @Override
  public boolean wasAuthenticated() {
    return wasAuthenticated;
  }

  /** Releases the budget of WebSocket frames that have been handled. */
  public void releaseInput() {
    release();
    waitingSince = nanos.getAsLong();
  }

  /** Releases its share of the budget, at the end of the connection. */
  void releaseBudget() {
    account.close();
  }

  @Override
  public long waitingSince() {
    return waitingSince;
  }

  /** False for a WebSocket, whose handler limits inactivity. */
  @Override
  public boolean isWaiting() {
    return !upgraded && (reading.isWaiting() || writing.isWaiting());
  }

  @Override
  public boolean claim() {
    return reading.cancel() || writing.cancel();
  }

  void requestStarted(Method method) {
    writer.requestStarted(method);
  }

  /** The final response starts; informational ones (1xx) do not count. */
  void responseStarted() {
    release();
    betweenRequests = true;
    writer.responseStarted();
  }

  void responseHeaders(Headers headers) {
    closeAfterResponse = headers.containsToken(HeaderValues.CONNECTION_CLOSE);
  }

  /** Keeps the reason why the upgrade of the current request was refused. */
  public void refuseUpgrade(RefusedUpgrade refusal) {
    refusedUpgrade = refusal;
  }

  /** Returns once why the upgrade of the current request was refused; null if it was not. */
  public @Nullable RefusedUpgrade takeRefusedUpgrade() {
    RefusedUpgrade refusal = refusedUpgrade;
    refusedUpgrade = null;
    return refusal;
  }

  /** Marks it as a WebSocket, whose handler limits message sizes and inactivity. */
  public void upgraded() {
    upgraded = true;
  }

  /**
   * Aborts it after {@code linger}, unless the client closes first. May be called by any thread.
   */
  public void closeSoon() {
    closingSoon = true;
    ending.begin(nanos.getAsLong() + timeouts.linger().toNanos());
  }

  /** Whether {@link #closeSoon} was called. May be called by any thread. */
  boolean isClosingSoon() {
    return closingSoon;
  }

  /** Closes the socket at once. May be called by any thread. */
  @Override
  public void abort() {
    try {
      socket.close();
    } catch (UncheckedIOException e) {
      log(LOG, System.Logger.Level.DEBUG, "cannot close an aborted connection", e);
    }
  }

  /** Discards input for a limited time after a response that closes the connection. */
  void linger() {
    if (!closeAfterResponse && !upgraded) {
      return;
    }
    waitingSince = nanos.getAsLong();
    reading.begin(waitingSince + timeouts.linger().toNanos());
    try {
      long left = LINGER_BYTES;
      byte[] bytes = socket.get();
      while (bytes != null && left > 0) {
        left -= bytes.length;
        bytes = socket.get();
      }
    } catch (UncheckedIOException e) {
      // The client has closed, or the time has expired.
    } finally {
      reading.end();
    }
  }

  @Override
  public void abortIfOverdue(long now) {
    if (reading.cancelIfDue(now) || writing.cancelIfDue(now) || ending.cancelIfDue(now)) {
      abort();
    }
  }

  private byte[] read() {
    if (betweenRequests && reader.available() > 0) {
      requestBegins();
    }
    if (upgraded) {
      reading.begin(CallDeadline.NEVER);
    } else if (betweenRequests) {
      waitingSince = nanos.getAsLong();
      reading.begin(waitingSince + timeouts.idle().toNanos());
    } else {
      reading.begin(requestDue);
    }
    byte[] bytes;
    try {
      bytes = socket.get();
    } catch (UncheckedIOException e) {
      throw new CloseConnectionException("the client disconnected or was too slow", e);
    }
    if (!reading.end()) {
      throw new CloseConnectionException("the client was too slow");
    }
    if (bytes == null) {
      throw new CloseConnectionException("the client closed the connection");
    }
    if (betweenRequests) {
      requestBegins();
    }
    received += bytes.length;
    if (received > MAX_REQUEST_BYTES && !upgraded) {
      throw new CloseConnectionException("the request is too long");
    }
    count(bytes.length + READ_OVERHEAD);
    return bytes;
  }

  /** Counts received bytes towards the budget, in steps. */
  private void count(int bytes) {
    weight += bytes;
    if (weight <= UNCOUNTED_BYTES + counted) {
      return;
    }
    long step = Math.ceilDiv(weight - UNCOUNTED_BYTES - counted, UNCOUNTED_BYTES);
    if (!account.reserve(step * UNCOUNTED_BYTES)) {
      overBudget = true;
      throw new OverBudgetException();
    }
    counted += step * UNCOUNTED_BYTES;
  }

  /** Releases the budget of received bytes. */
  private void release() {
    weight = 0;
    if (counted > 0) {
      account.release(counted);
      counted = 0;
    }
  }

  private void requestBegins() {
    betweenRequests = false;
    received = 0;
    account.authenticated(false);
    waitingSince = nanos.getAsLong();
    requestDue = waitingSince + timeouts.request().toNanos();
  }

  /** The budget is used up, and no other connection could be closed. */
  static final class OverBudgetException extends CloseConnectionException {
    private static final long serialVersionUID = 1L;

    private OverBudgetException() {
      super("the transfer budget is used up");
    }
  }

  /** Writes within a deadline; one at a time, because several threads write WebSocket frames. */
  private synchronized void write(BufferData buffer) {
    int bytes = buffer.available();
    boolean large = bytes > UNCOUNTED_BYTES;
    long start = nanos.getAsLong();
    if (!upgraded) {
      waitingSince = start;
    }
    if (large) {
      account.hold(bytes);
    }
    try {
      writing.begin(start + timeouts.write().toNanos() + bytes * WRITE_NANOS_PER_BYTE);
      helidon.dataWriter().writeNow(buffer);
      if (!writing.end()) {
        throw new CloseConnectionException("the client read the response too slowly");
      }
    } finally {
      if (large) {
        account.release(bytes);
      }
    }
  }

  @Override
  public DataReader dataReader() {
    return reader;
  }

  @Override
  public DataWriter dataWriter() {
    return writer;
  }

  @Override
  public ListenerContext listenerContext() {
    return listener;
  }

  @Override
  public ExecutorService executor() {
    return helidon.executor();
  }

  @Override
  public Router router() {
    return helidon.router();
  }

  @Override
  public HelidonSocket serverSocket() {
    return socket;
  }

  @Override
  public PeerInfo remotePeer() {
    return helidon.remotePeer();
  }

  @Override
  public PeerInfo localPeer() {
    return helidon.localPeer();
  }

  @Override
  public boolean isSecure() {
    return helidon.isSecure();
  }

  @Override
  public String socketId() {
    return helidon.socketId();
  }

  @Override
  public String childSocketId() {
    return helidon.childSocketId();
  }
}
