package app.perpetua.flow.bench.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A proxy in front of PostgreSQL that counts round trips: requests that follow a response.
 * Thread-safe.
 */
public final class RoundTrips implements AutoCloseable {
  private static final class Line {
    private final AtomicLong trips = new AtomicLong();
    private volatile boolean answered = true;
  }

  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final int target;
  private final List<Line> lines = new CopyOnWriteArrayList<>();

  public RoundTrips(int target) throws IOException {
    this.target = target;
    Thread.ofVirtual().start(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** Round trips of the busiest connection: the pool's single one, not the health check's. */
  public long busiest() {
    return lines.stream().mapToLong(line -> line.trips.get()).max().orElse(0);
  }

  private void accept() {
    try {
      while (true) {
        Socket service = listener.accept();
        Socket database = new Socket(InetAddress.getLoopbackAddress(), target);
        service.setTcpNoDelay(true);
        database.setTcpNoDelay(true);
        Line line = new Line();
        lines.add(line);
        Thread.ofVirtual().start(() -> relay(service, database, line, true));
        Thread.ofVirtual().start(() -> relay(database, service, line, false));
      }
    } catch (IOException e) {
      // The listener is closed.
    }
  }

  private static void relay(Socket from, Socket to, Line line, boolean toServer) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[16 * 1024];
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        if (toServer && line.answered) {
          line.trips.incrementAndGet();
        }
        line.answered = !toServer;
        out.write(buffer, 0, length);
      }
    } catch (IOException e) {
      // One side has disconnected; both sockets are closed.
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
