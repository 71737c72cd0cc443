package app.perpetua.flow.sql;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A proxy between the service and its database that can cut connections, refuse new ones, or stop
 * forwarding. Thread-safe.
 */
public final class TcpProxy implements AutoCloseable {
  private enum Mode {
    RELAY,
    FREEZE,
    REFUSE
  }

  private final ServerSocket listener;
  private final int target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final Set<Socket> forgotten = ConcurrentHashMap.newKeySet();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger accepted = new AtomicInteger();
  private final Phaser changes = new Phaser(1);
  private volatile Mode mode = Mode.RELAY;

  public TcpProxy(int target) throws IOException {
    this.target = target;
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** Number of connections that reached the server. */
  public int accepted() {
    return accepted.get();
  }

  /** Number of connections refused since the cut. */
  public int refused() {
    return refused.get();
  }

  /** Closes all connections and refuses new ones. */
  public void cut() {
    refused.set(0);
    change(Mode.REFUSE);
    sockets.forEach(TcpProxy::close);
  }

  /** Stops forwarding; keeps connections open and buffers their bytes. */
  public void freeze() {
    change(Mode.FREEZE);
  }

  /**
   * Stops forwarding on all connections so far, without closing them, as a router that restarted.
   */
  public void forget() {
    forgotten.addAll(sockets);
  }

  /** Forwards and accepts again. */
  public void heal() {
    change(Mode.RELAY);
  }

  private void change(Mode next) {
    mode = next;
    changes.arrive();
  }

  private void accept() {
    try {
      while (true) {
        connect(listener.accept());
      }
    } catch (IOException e) {
      // The listener is closed.
      sockets.forEach(TcpProxy::close);
    }
  }

  private void connect(Socket client) {
    Socket server = new Socket();
    // Added before the mode is read, so that a concurrent cut closes them or is seen here.
    sockets.add(client);
    sockets.add(server);
    try {
      if (mode == Mode.REFUSE) {
        refused.incrementAndGet();
        discard(client, server);
        return;
      }
      server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
      accepted.incrementAndGet();
      Thread.ofVirtual().start(() -> relay(client, server));
      Thread.ofVirtual().start(() -> relay(server, client));
    } catch (IOException e) {
      // Cut while connecting.
      discard(client, server);
    }
  }

  private void discard(Socket client, Socket server) {
    close(client);
    close(server);
    sockets.remove(client);
    sockets.remove(server);
  }

  private void relay(Socket from, Socket to) {
    try (from;
        to) {
      byte[] buffer = new byte[8192];
      while (true) {
        int phase = changes.getPhase();
        int length = from.getInputStream().read(buffer);
        while (mode == Mode.FREEZE) {
          changes.awaitAdvance(phase);
          phase = changes.getPhase();
        }
        if (length < 0) {
          return;
        }
        if (forgotten.contains(from)) {
          continue;
        }
        to.getOutputStream().write(buffer, 0, length);
      }
    } catch (IOException e) {
      // One side has closed; both sockets are closed.
    } finally {
      sockets.remove(from);
      sockets.remove(to);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() throws IOException {
    change(Mode.REFUSE);
    listener.close();
    sockets.forEach(TcpProxy::close);
  }
}
