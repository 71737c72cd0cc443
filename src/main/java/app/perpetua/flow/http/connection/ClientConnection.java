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
import io.helidon.webserver.ProxyProtocolData;
import io.helidon.webserver.Router;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection as Helidon sees it, with our own reads and writes underneath: they keep
 * deadlines, bound what one request may send, keep the body of an answer to {@code HEAD} back, and
 * let a client that is still sending read why it was refused. Confined to the connection's thread,
 * except for what says otherwise.
 */
public final class ClientConnection implements ConnectionContext, OpenConnections.Connection {
  private static final System.Logger LOG = System.getLogger(ClientConnection.class.getName());

  /**
   * More than any request of the contract in any form: a body of one-byte chunks takes six bytes
   * each. Helidon itself would collect an endless chunk-size line.
   */
  private static final long MAX_REQUEST_BYTES = 6L * RequestBody.MAX_BYTES + 64 * 1024;

  /** A client that takes its answer slower than this (16 KiB/s) is not worth a thread. */
  private static final long WRITE_NANOS_PER_BYTE = Duration.ofSeconds(1).toNanos() / (16 * 1024);

  /**
   * Closing while bytes arrive makes the system reset the connection, and the client may lose the
   * answer that explains it (RFC 9112, 9.6). So we read on, but so much at most.
   */
  private static final long LINGER_BYTES = 1024 * 1024;

  /**
   * What a request, and a piece of an answer, may take without being counted: the usual ones need
   * nothing of the budget that all connections share.
   */
  private static final int UNCOUNTED_BYTES = 8 * 1024;

  /** What each read takes beside its bytes: an array's header and an entry of Helidon's list. */
  private static final int READ_OVERHEAD = 64;

  private final ConnectionContext helidon;
  private final ListenerContext listener;
  private final @Nullable String address;
  private final TransferBudget.Account account;
  private final HelidonSocket socket;
  private final Timeouts patience;
  private final LongSupplier nanos;
  private final DataReader reader = DataReader.create(this::read);
  private final DataWriter writer = new Writer();
  private final CallDeadline reading = new CallDeadline();
  private final CallDeadline writing = new CallDeadline();
  private final CallDeadline ending = new CallDeadline();

  private long requestDue;
  private long received;
  private long weight;
  private long counted;
  private boolean betweenRequests;
  private boolean head;
  private Answer answer = Answer.WHOLE;
  private boolean closing;
  private boolean restricted;
  private boolean overBudget;
  private volatile boolean upgraded;
  private volatile boolean wasAuthenticated;
  private volatile long waitingSince;
  private volatile boolean cutSoon;

  private enum Answer {
    WHOLE,
    HEADERS_ONLY,
    BODY_DROPPED
  }

  /**
   * @param address whose limit of connections it counts for; null if it counts for none
   * @param nanos the clock of its deadlines
   */
  ClientConnection(
      ConnectionContext helidon,
      @Nullable String address,
      TransferBudget budget,
      Timeouts patience,
      LongSupplier nanos) {
    this.helidon = helidon;
    this.listener = ConnectionListenerContext.of(helidon.listenerContext(), this);
    this.address = address;
    this.account = budget.open(this);
    this.socket = helidon.serverSocket();
    this.patience = patience;
    this.nanos = nanos;
    this.waitingSince = nanos.getAsLong();
    this.requestDue = waitingSince + patience.request().toNanos();
  }

  @Override
  public @Nullable String address() {
    return address;
  }

  /** There are too many connections: it is only there for health probes. */
  void restrict() {
    restricted = true;
  }

  public boolean isRestricted() {
    return restricted;
  }

  /** True if the connection must close behind the answer that comes next. */
  public boolean mustClose() {
    return restricted || overBudget;
  }

  /** The request's token, or what was sent over the WebSocket, says who the client is. */
  public void authenticated() {
    wasAuthenticated = true;
    account.authenticated(true);
  }

  @Override
  public boolean wasAuthenticated() {
    return wasAuthenticated;
  }

  /** Nothing of what a WebSocket's client has sent is kept any more. */
  public void released() {
    transferred();
    waitingSince = nanos.getAsLong();
  }

  /** Gives back what it holds of the budget; last of all. */
  void ended() {
    account.close();
  }

  @Override
  public long waitingSince() {
    return waitingSince;
  }

  /** A WebSocket never does: its handler says how long the client may be silent. */
  @Override
  public boolean isWaiting() {
    return !upgraded && (reading.isWaiting() || writing.isWaiting());
  }

  @Override
  public boolean claim() {
    return reading.cut() || writing.cut();
  }

  /** A request line has been read. */
  void asked(Method method) {
    head = method.equals(Method.HEAD);
  }

  /** The final answer to the request begins. */
  void answering() {
    transferred();
    betweenRequests = true;
    answer = head ? Answer.HEADERS_ONLY : Answer.WHOLE;
    head = false;
  }

  /** The answer's headers are about to be written. */
  void answered(Headers headers) {
    closing = headers.containsToken(HeaderValues.CONNECTION_CLOSE);
  }

  /**
   * It is a WebSocket from now on: what may be sent, and how long the client may be silent, is for
   * its handler to say.
   */
  public void upgraded() {
    upgraded = true;
  }

  /** To be called by any thread: the client has a moment to close. */
  public void cutSoon() {
    cutSoon = true;
    ending.begin(nanos.getAsLong() + patience.linger().toNanos());
  }

  /** To be called by any thread: it ends by itself, so nothing needs to end it. */
  boolean isCutSoon() {
    return cutSoon;
  }

  /** To be called by any thread: closes the socket, whatever it is doing. */
  @Override
  public void cut() {
    try {
      socket.close();
    } catch (UncheckedIOException e) {
      log(LOG, System.Logger.Level.DEBUG, "a client that was cut had closed", e);
    }
  }

  /** Reads on for a moment after an answer that closes the connection. */
  void linger() {
    if (!closing && !upgraded) {
      return;
    }
    waitingSince = nanos.getAsLong();
    reading.begin(waitingSince + patience.linger().toNanos());
    try {
      long left = LINGER_BYTES;
      byte[] bytes = socket.get();
      while (bytes != null && left > 0) {
        left -= bytes.length;
        bytes = socket.get();
      }
    } catch (UncheckedIOException e) {
      // The client has closed, or its time was up: either is what we were waiting for.
    } finally {
      reading.end();
    }
  }

  @Override
  public void cutIfOverdue(long now) {
    if (reading.cut(now) || writing.cut(now) || ending.cut(now)) {
      cut();
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
      reading.begin(waitingSince + patience.idle().toNanos());
    } else {
      reading.begin(requestDue);
    }
    byte[] bytes;
    try {
      bytes = socket.get();
    } catch (UncheckedIOException e) {
      throw new CloseConnectionException("the client has gone or was too slow", e);
    }
    if (!reading.end()) {
      throw new CloseConnectionException("the client was too slow");
    }
    if (bytes == null) {
      throw new CloseConnectionException("the client has closed");
    }
    if (betweenRequests) {
      requestBegins();
    }
    received += bytes.length;
    if (received > MAX_REQUEST_BYTES && !upgraded) {
      throw new CloseConnectionException("the client sends without end");
    }
    count(bytes.length + READ_OVERHEAD);
    return bytes;
  }

  /** Counts what was read, in steps. */
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

  /** What was read is no longer kept. */
  private void transferred() {
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
    requestDue = waitingSince + patience.request().toNanos();
  }

  /** All connections together hold as much as they may, and no other could be closed instead. */
  static final class OverBudgetException extends CloseConnectionException {
    private static final long serialVersionUID = 1L;

    private OverBudgetException() {
      super("requests and answers in flight take all the memory that they may");
    }
  }

  /** Writes within a deadline; of an answer to HEAD only the headers. */
  private final class Writer implements DataWriter {
    private final ReentrantLock turn = new ReentrantLock();

    @Override
    public void write(BufferData... buffers) {
      write(BufferData.create(buffers));
    }

    @Override
    public void writeNow(BufferData... buffers) {
      write(BufferData.create(buffers));
    }

    @Override
    public void writeNow(BufferData buffer) {
      write(buffer);
    }

    @Override
    public void write(BufferData buffer) {
      switch (answer) {
        case WHOLE -> writeTimed(buffer);
        case HEADERS_ONLY -> {
          answer = Answer.BODY_DROPPED;
          writeTimed(headersOf(buffer));
        }
        case BODY_DROPPED -> {}
      }
    }

    private void writeTimed(BufferData buffer) {
      // Frames of a WebSocket come from several threads, each frame whole.
      turn.lock();
      try {
        writeAlone(buffer);
      } finally {
        turn.unlock();
      }
    }

    private void writeAlone(BufferData buffer) {
      int bytes = buffer.available();
      boolean large = bytes > UNCOUNTED_BYTES;
      long began = nanos.getAsLong();
      if (!upgraded) {
        waitingSince = began;
      }
      if (large) {
        account.hold(bytes);
      }
      try {
        writing.begin(began + patience.write().toNanos() + bytes * WRITE_NANOS_PER_BYTE);
        helidon.dataWriter().writeNow(buffer);
        if (!writing.end()) {
          throw new CloseConnectionException("the client took its answer too slowly");
        }
      } finally {
        if (large) {
          account.release(bytes);
        }
      }
    }

    /** Helidon writes all headers in one buffer, with the start of the body behind them. */
    private static BufferData headersOf(BufferData buffer) {
      byte[] bytes = buffer.readBytes();
      int end = 0;
      while (end < bytes.length
          && !(end >= 4
              && bytes[end - 4] == '\r'
              && bytes[end - 3] == '\n'
              && bytes[end - 2] == '\r'
              && bytes[end - 1] == '\n')) {
        end++;
      }
      return BufferData.create(bytes, 0, end);
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
  public Optional<ProxyProtocolData> proxyProtocolData() {
    return helidon.proxyProtocolData();
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
