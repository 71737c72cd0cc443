package app.perpetua.flow.chaos.wire;

import app.perpetua.flow.chaos.wire.ClientMessages.Meaning;
import app.perpetua.flow.chaos.wire.CommitTrap.Point;
import app.perpetua.flow.chaos.wire.CommitTrap.Verdict;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A proxy between the service and PostgreSQL that parses the messages of both sides. It can act at
 * a commit, delay messages, reset connections and refuse new ones, or stop forwarding silently.
 * Without TLS. Thread-safe.
 */
public final class PgProxy implements AutoCloseable {
  private static final int SSL_REQUEST = 80877103;
  private static final int GSS_REQUEST = 80877104;
  private static final char READY = 'Z';
  private static final byte IDLE = 'I';
  private static final int CHUNK = 64 * 1024;
  private static final Duration WITHHELD_POLL = Duration.ofMillis(1);

  private enum Mode {
    RELAY,
    REFUSE,
    HOLD
  }

  private final ServerSocket listener;
  private final int target;
  private final Set<Link> links = ConcurrentHashMap.newKeySet();
  private final AtomicReference<@Nullable CommitTrap> trap = new AtomicReference<>();
  private final Object changed = new Object();
  private Mode mode = Mode.RELAY;
  private volatile Duration delay = Duration.ZERO;

  /**
   * Listens on a free loopback port.
   *
   * @param target loopback port of the server
   */
  public PgProxy(int target) throws IOException {
    this.target = target;
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  /** The port on which it listens. */
  public int port() {
    return listener.getLocalPort();
  }

  /** Sets the next trap, or none. */
  public void set(@Nullable CommitTrap next) {
    trap.set(next);
  }

  /** Delays all that is sent at once, in each direction, by this time. */
  public void slow(Duration each) {
    delay = each;
  }

  /** Resets all connections and refuses new ones. */
  public void refuse() {
    change(Mode.REFUSE);
    links.forEach(Link::reset);
  }

  /** Resets all connections; new ones are accepted. */
  public void reset() {
    links.forEach(Link::reset);
  }

  /** Stops forwarding without closing anything; new connections are accepted and get no answer. */
  public void hold() {
    change(Mode.HOLD);
  }

  /** Forwards again, also what was held. */
  public void heal() {
    delay = Duration.ZERO;
    trap.set(null);
    change(Mode.RELAY);
  }

  private void change(Mode next) {
    synchronized (changed) {
      mode = next;
      changed.notifyAll();
    }
  }

  private Mode mode() {
    synchronized (changed) {
      return mode;
    }
  }

  private void awaitRelay() throws IOException {
    synchronized (changed) {
      try {
        while (mode == Mode.HOLD) {
          changed.wait();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
    }
  }

  private void accept() {
    while (true) {
      try {
        Socket client = listener.accept();
        Thread.ofVirtual().start(() -> connect(client));
      } catch (IOException e) {
        // The listener is closed.
        return;
      }
    }
  }

  private void connect(Socket client) {
    Link link = new Link(client);
    links.add(link);
    try {
      if (mode() == Mode.REFUSE) {
        link.reset();
        return;
      }
      awaitRelay();
      link.server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
      client.setTcpNoDelay(true);
      link.server.setTcpNoDelay(true);
      Thread.ofVirtual().start(link::toServer);
      link.toClient();
    } catch (IOException e) {
      // The server is down.
      link.reset();
    }
  }

  /** The point's trap, if this commit springs it. */
  private @Nullable CommitTrap sprung(Point point) {
    CommitTrap armed = trap.get();
    return armed != null && armed.isSprung(point) ? armed : null;
  }

  private boolean awaits(Point point) {
    CommitTrap armed = trap.get();
    return armed != null && armed.point() == point;
  }

  @Override
  public void close() throws IOException {
    listener.close();
    change(Mode.REFUSE);
    links.forEach(Link::reset);
  }

  /** A connection of the client with its own to the server. */
  private final class Link {
    private final Socket client;
    private final Socket server = new Socket();

    /** For each batch without an answer, whether it commits. */
    private final Queue<Boolean> unanswered = new ConcurrentLinkedQueue<>();

    /** Single bytes that the server will answer outside of any message. */
    private final Queue<Boolean> bareAnswers = new ConcurrentLinkedQueue<>();

    private volatile boolean inTransaction;
    private volatile boolean discards;

    /** The server's answers wait until a trap has decided. */
    private volatile boolean withheld;

    private volatile boolean isReset;

    Link(Socket client) {
      this.client = client;
    }

    private void toServer() {
      try {
        DataInputStream in = input(client);
        Outgoing out = new Outgoing(server);
        startUp(in, out);
        ClientMessages messages = new ClientMessages();
        boolean commits = false;
        while (true) {
          char type = (char) in.readUnsignedByte();
          byte[] body = in.readNBytes(in.readInt() - Integer.BYTES);
          Meaning meaning = messages.next(type, body, unanswered.isEmpty() ? inTransaction : null);
          if (meaning == Meaning.COMMIT || meaning == Meaning.END_AND_COMMIT) {
            commits = true;
            act(Point.BEFORE, out);
          }
          if (meaning == Meaning.END || meaning == Meaning.END_AND_COMMIT) {
            CommitTrap withheldBy = commits ? sprung(Point.AT) : null;
            withheld = withheldBy != null;
            unanswered.add(commits);
            out.message(type, body);
            if (withheldBy != null) {
              out.flush();
              apply(withheldBy.action().get());
              withheld = false;
            }
            commits = false;
          } else {
            out.message(type, body);
          }
          if (in.available() == 0) {
            out.flush();
          }
        }
      } catch (IOException e) {
        reset();
      }
    }

    private void startUp(DataInputStream in, Outgoing out) throws IOException {
      while (true) {
        int length = in.readInt();
        byte[] body = in.readNBytes(length - Integer.BYTES);
        int code = ByteBuffer.wrap(body).getInt();
        boolean isQuestion = code == SSL_REQUEST || code == GSS_REQUEST;
        if (isQuestion) {
          bareAnswers.add(true);
        } else {
          // The server reports that it is ready after the login.
          unanswered.add(false);
        }
        out.bytes.writeInt(length);
        out.bytes.write(body);
        out.flush();
        if (!isQuestion) {
          return;
        }
      }
    }

    private void toClient() {
      try {
        DataInputStream in = input(server);
        Outgoing out = new Outgoing(client);
        while (true) {
          char type = (char) in.readUnsignedByte();
          if (bareAnswers.poll() != null) {
            out.bytes.writeByte(type);
            out.flush();
            continue;
          }
          byte[] body = in.readNBytes(in.readInt() - Integer.BYTES);
          boolean commits = Boolean.TRUE.equals(unanswered.peek());
          if (type == READY) {
            unanswered.poll();
            inTransaction = body[0] != IDLE;
            if (commits) {
              act(Point.AFTER, null);
            }
          }
          out.message(type, body);
          boolean isHeldBack = type != READY && commits && awaits(Point.AFTER);
          if (in.available() == 0 && !isHeldBack) {
            out.flush();
          }
        }
      } catch (IOException e) {
        reset();
      }
    }

    /** Springs the trap of a point; what precedes the commit is sent first. */
    private void act(Point point, @Nullable Outgoing before) throws IOException {
      CommitTrap sprung = sprung(point);
      if (sprung == null) {
        return;
      }
      if (before != null) {
        before.flush();
      }
      apply(sprung.action().get());
    }

    private void apply(Verdict verdict) throws IOException {
      if (verdict == Verdict.CUT) {
        throw new IOException("cut");
      }
      discards |= verdict == Verdict.DISCARD;
    }

    /** Ends both connections with RST, as a router or a killed host does. */
    private void reset() {
      links.remove(this);
      isReset = true;
      for (Socket socket : new Socket[] {client, server}) {
        try {
          socket.setSoLinger(true, 0);
        } catch (IOException e) {
          // Not connected.
        }
        try {
          socket.close();
        } catch (IOException e) {
          throw new AssertionError(e);
        }
      }
    }

    /** Collects what was received at once and sends it together. */
    private final class Outgoing {
      private final ByteArrayOutputStream collected = new ByteArrayOutputStream();
      private final DataOutputStream bytes = new DataOutputStream(collected);
      private final Socket to;

      Outgoing(Socket to) {
        this.to = to;
      }

      void message(char type, byte[] body) throws IOException {
        bytes.writeByte(type);
        bytes.writeInt(body.length + Integer.BYTES);
        bytes.write(body);
        if (collected.size() > CHUNK && !awaits(Point.AFTER)) {
          flush();
        }
      }

      void flush() throws IOException {
        if (collected.size() == 0) {
          return;
        }
        LockSupport.parkNanos(delay.toNanos());
        awaitRelay();
        while (withheld && to.equals(client) && !isReset) {
          LockSupport.parkNanos(WITHHELD_POLL.toNanos());
        }
        // An answer that was withheld until the reset must not arrive before the socket is closed.
        if (!discards && !isReset) {
          to.getOutputStream().write(collected.toByteArray());
        }
        collected.reset();
      }
    }
  }

  private static DataInputStream input(Socket socket) throws IOException {
    return new DataInputStream(new BufferedInputStream(socket.getInputStream(), CHUNK));
  }
}
