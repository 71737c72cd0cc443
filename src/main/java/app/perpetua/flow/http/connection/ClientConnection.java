package app.perpetua.flow.http.connection;

import app.perpetua.flow.http.connection.ConnectionTimeouts.Timeouts;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection, passed to Helidon in place of its own. Its reads and writes have deadlines
 * and count towards the {@link TransferBudget}, a request is bounded in size, and a client that is
 * still sending when it is refused can read the response. Confined to the connection's thread,
 * except where a method says otherwise.
 */
public final class ClientConnection extends DelegatingConnection
    implements OpenConnections.Connection {
  private static final System.Logger LOG = System.getLogger(ClientConnection.class.getName());

  /** More than any valid request needs: in a body of one-byte chunks, each byte takes six. */
  private static final long MAX_REQUEST_BYTES = 6L * RequestBody.MAX_BYTES + 128 * 1024;

  /** Clients that send an upload slower than 32 KiB/s are disconnected. */
  private static final long UPLOAD_NANOS_PER_BYTE = Duration.ofSeconds(1).toNanos() / (32 * 1024);

  /** Clients that read slower than 16 KiB/s are disconnected. */
  private static final long WRITE_NANOS_PER_BYTE = Duration.ofSeconds(1).toNanos() / (16 * 1024);

  /**
   * Read and discarded before closing. Closing while bytes arrive resets the connection, and the
   * client may lose the response (RFC 9112, 9.6).
   */
  private static final long LINGER_BYTES = 1024 * 1024;

  /** The same while the client sends the rest of a refused request. */
  private static final long LINGER_REQUEST_BYTES = 64 * 1024 * 1024;

  /** Writes up to this size do not count towards the shared budget. */
  private static final int UNCOUNTED_BYTES = 8 * 1024;

  private final ListenerContext listener;
  private final @Nullable String address;
  private final TransferBudget.Account account;
  private final InputBudget inputBudget;
  private final HelidonSocket socket;
  private final DataWriter output;
  private final Timeouts timeouts;
  private final LongSupplier nanos;
  private final RequestInput input = new RequestInput(this::receive, this::requestBegins);
  private final DataReader reader = DataReader.create(input::next);
  private final ContentFilter writer = new ContentFilter(this::write);
  private final CallDeadline idling = new CallDeadline();
  private final CallDeadline reading = new CallDeadline();
  private final CallDeadline writing = new CallDeadline();
  private final CallDeadline ending = new CallDeadline();

  private long requestDue;
  private long received;
  private long maxReceived = MAX_REQUEST_BYTES;
  private boolean uploading;
  private boolean betweenRequests;
  private boolean closeAfterResponse;
  private boolean restricted;
  private boolean overBudget;
  private volatile boolean upgraded;
  private volatile boolean wasAuthenticated;
  private volatile long waitingSince;
  private volatile boolean closingSoon;
  private volatile boolean stopping;
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
    super(helidon);
    this.listener = ConnectionListenerContext.of(helidon.listenerContext(), this);
    this.address = address;
    this.account = budget.open(this);
    this.inputBudget = new InputBudget(account);
    this.socket = helidon.serverSocket();
    this.output = helidon.dataWriter();
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
    inputBudget.release();
    waitingSince = nanos.getAsLong();
  }

  /**
   * Lets the rest of the current request have up to this many bytes of a body, which the caller
   * does not keep in memory. The client has the time of a request, and in addition that of sending
   * at 32 KiB/s what it has sent.
   */
  public void acceptUpload(long maxBytes) {
    uploading = true;
    // Chunks of one byte are not needed for an upload: their frames may take as much as the data.
    maxReceived = received + 2 * maxBytes + MAX_REQUEST_BYTES;
    input.acceptUpload(maxBytes);
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
    return !upgraded && (idling.isWaiting() || reading.isWaiting() || writing.isWaiting());
  }

  @Override
  public boolean claim() {
    return idling.cancel() || reading.cancel() || writing.cancel();
  }

  void requestStarted(Method method) {
    writer.requestStarted(method);
  }

  /** The final response starts; informational ones (1xx) do not count. */
  void responseStarted(Status status) {
    inputBudget.release();
    betweenRequests = true;
    writer.responseStarted(status);
  }

  void responseHeaders(Headers headers) {
    writer.responseHeaders(headers);
    closeAfterResponse = closes(headers);
  }

  /** Whether a response has {@code Connection: close}. */
  public static boolean closes(Headers response) {
    // Comparing it with Helidon's usual header is cheaper than splitting its value into tokens.
    return response.contains(HeaderNames.CONNECTION)
        && !response.get(HeaderNames.CONNECTION).equals(HeaderValues.CONNECTION_KEEP_ALIVE)
        && response.containsToken(HeaderValues.CONNECTION_CLOSE);
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

  /**
   * Marks it as a WebSocket, whose handler limits message sizes and inactivity.
   *
   * @throws CloseConnectionException if the server is stopping
   */
  public void upgraded() {
    upgraded = true;
    input.upgraded();
    requireRunning();
  }

  boolean isUpgraded() {
    return upgraded;
  }

  /** May be called by any thread. */
  @Override
  public void stop() {
    stopping = true;
    if (idling.cancel()) {
      abort();
    }
  }

  private void requireRunning() {
    if (stopping) {
      throw new CloseConnectionException("the server is stopping");
    }
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

  /**
   * Discards input after a response that closes the connection, until the client closes or sends
   * nothing for a while. A client that is still sending its request has the rest of that request's
   * time, unless the server is stopping, so it gains nothing.
   */
  void linger() {
    if (!closeAfterResponse && !upgraded) {
      return;
    }
    boolean sending = input.isIncomplete() && !upgraded && !restricted;
    waitingSince = nanos.getAsLong();
    long due = waitingSince + timeouts.linger().toNanos();
    long lastDue = sending ? Math.max(due, requestDue) : due;
    long left = sending ? LINGER_REQUEST_BYTES : LINGER_BYTES;
    try {
      while (left > 0 && !(stopping && nanos.getAsLong() > due)) {
        reading.begin(Math.min(lastDue, nanos.getAsLong() + timeouts.linger().toNanos()));
        byte[] bytes = socket.get();
        if (bytes == null || !reading.end()) {
          return;
        }
        left -= bytes.length;
      }
    } catch (UncheckedIOException e) {
      // The client has closed, or the time has expired.
    } finally {
      reading.end();
    }
  }

  @Override
  public void abortIfOverdue(long now) {
    if (idling.cancelIfDue(now)
        || reading.cancelIfDue(now)
        || writing.cancelIfDue(now)
        || ending.cancelIfDue(now)) {
      abort();
    }
  }

  /** Waits for the next bytes of the client. */
  private byte[] receive() {
    boolean idle = input.isIdle();
    CallDeadline call = idle ? idling : reading;
    call.begin(due(idle));
    if (idle) {
      // After the wait has begun, so that stop() either is seen here or ends it.
      requireRunning();
    }
    byte[] bytes;
    try {
      bytes = socket.get();
    } catch (UncheckedIOException e) {
      throw new CloseConnectionException("the client disconnected or was too slow", e);
    }
    if (!call.end()) {
      throw new CloseConnectionException("the client was too slow, or the server is stopping");
    }
    if (bytes == null) {
      throw new CloseConnectionException("the client closed the connection");
    }
    if (idle) {
      requestBegins();
    }
    received += bytes.length;
    if (uploading) {
      requestDue += bytes.length * UPLOAD_NANOS_PER_BYTE;
    }
    if (received > maxReceived && !upgraded) {
      throw new CloseConnectionException("the request is too long");
    }
    if (!inputBudget.add(bytes.length)) {
      overBudget = true;
      throw new OverBudgetException();
    }
    return bytes;
  }

  private long due(boolean idle) {
    if (upgraded) {
      return CallDeadline.NEVER;
    }
    if (!idle || !betweenRequests) {
      return requestDue;
    }
    waitingSince = nanos.getAsLong();
    return waitingSince + timeouts.idle().toNanos();
  }

  /** The first byte of a request has arrived, possibly together with the one before. */
  private void requestBegins() {
    if (!betweenRequests) {
      return;
    }
    betweenRequests = false;
    received = 0;
    maxReceived = MAX_REQUEST_BYTES;
    uploading = false;
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
      output.writeNow(buffer);
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
  public HelidonSocket serverSocket() {
    return socket;
  }
}
