package app.perpetua.flow.harness;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A proxy between the service and its database that passes every message to an observer, which can
 * delay it or end the connection. Thread-safe.
 */
public final class Tap implements AutoCloseable {
  /** Larger than what the driver or the server sends before waiting for the other side. */
  private static final int CHUNK = 256 * 1024;

  /** The direction of a message. */
  public enum Direction {
    TO_SERVER,
    TO_CLIENT
  }

  /** Observes messages; called by one thread per connection and direction. */
  @FunctionalInterface
  public interface Hook {
    /** Returns true to let the message pass, false to end the connection. It may block. */
    boolean passes(int connection, Direction direction, byte[] message);
  }

  private final ServerSocket listener;
  private final InetSocketAddress target;
  private final Hook hook;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

  public Tap(InetSocketAddress target, Hook hook) throws IOException {
    this.target = target;
    this.hook = hook;
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  /** The port on which it listens. */
  public int port() {
    return listener.getLocalPort();
  }

  private void accept() {
    try {
      for (int number = 1; ; number++) {
        int connection = number;
        Socket client = listener.accept();
        Socket server = new Socket();
        sockets.add(client);
        sockets.add(server);
        try {
          client.setTcpNoDelay(true);
          server.setTcpNoDelay(true);
          server.connect(target);
        } catch (IOException e) {
          client.close();
          continue;
        }
        Thread.ofVirtual().start(() -> relay(connection, Direction.TO_SERVER, client, server));
        Thread.ofVirtual().start(() -> relay(connection, Direction.TO_CLIENT, server, client));
      }
    } catch (IOException e) {
      sockets.forEach(Tap::end);
    }
  }

  private void relay(int connection, Direction direction, Socket from, Socket to) {
    try (from;
        to) {
      byte[] buffer = new byte[CHUNK];
      while (true) {
        int length = from.getInputStream().read(buffer);
        if (length < 0 || !hook.passes(connection, direction, Arrays.copyOf(buffer, length))) {
          return;
        }
        to.getOutputStream().write(buffer, 0, length);
      }
    } catch (IOException e) {
      // One side has closed, so both are closed.
    } finally {
      sockets.remove(from);
      sockets.remove(to);
    }
  }

  private static void end(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    sockets.forEach(Tap::end);
  }
}
