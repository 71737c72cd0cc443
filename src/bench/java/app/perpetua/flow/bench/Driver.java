package app.perpetua.flow.bench;

import app.perpetua.flow.bench.load.Latencies;
import app.perpetua.flow.bench.load.Operation;
import app.perpetua.flow.bench.load.Requests;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Sends requests over persistent connections, from one thread, because it shares the cores with the
 * service that it measures. Confined to one thread.
 */
final class Driver {
  /** Time without any response after which the benchmark fails. */
  private static final Duration SILENCE = Duration.ofSeconds(20);

  /** The largest response is a page of 25 tasks, about 15 KB. */
  private static final int BUFFER = 64 * 1024;

  /** Service Unavailable: the service is overloaded. */
  private static final int BUSY = 503;

  private static final int HEADERS_END = "\r\n\r\n".length();

  private final class Connection {
    private final int number;
    private final SocketChannel channel;
    private final ByteBuffer out = ByteBuffer.allocateDirect(8 * 1024);
    private final ByteBuffer in = ByteBuffer.allocate(BUFFER);
    private boolean busy;
    private int row;
    private long begun;

    /** Time of the next request, if requests have a fixed rate. */
    private long due;

    Connection(int number, SocketChannel channel) {
      this.number = number;
      this.channel = channel;
    }

    void send(Operation operation, long from) throws IOException {
      out.clear();
      row = requests.write(operation, number, out);
      out.flip();
      while (out.hasRemaining()) {
        channel.write(out);
      }
      begun = from;
      busy = true;
      in.clear();
    }

    /** Reads the available bytes; true if they complete the response. */
    boolean receive(Operation operation, Latencies latencies) throws IOException {
      if (channel.read(in) < 0) {
        throw new IOException("the service closed a connection");
      }
      int headers = headersLength();
      if (headers < 0) {
        return false;
      }
      int length = contentLength(headers);
      if (in.position() < headers + length) {
        return false;
      }
      int status = Integer.parseInt(text(9, 12));
      busy = false;
      if (status == BUSY) {
        latencies.refuse();
        return true;
      }
      if (status != operation.status()) {
        throw new IOException(
            operation.title() + " was answered with " + status + ": " + text(0, in.position()));
      }
      requests.done(operation, row);
      latencies.record(System.nanoTime() - begun);
      return true;
    }

    private int headersLength() {
      byte[] bytes = in.array();
      for (int i = HEADERS_END; i <= in.position(); i++) {
        if (bytes[i - 1] == '\n'
            && bytes[i - 2] == '\r'
            && bytes[i - 3] == '\n'
            && bytes[i - 4] == '\r') {
          return i;
        }
      }
      return -1;
    }

    private int contentLength(int headers) throws IOException {
      String text = text(0, headers).toLowerCase(Locale.ROOT);
      int at = text.indexOf("\r\ncontent-length:");
      if (at < 0) {
        throw new IOException("a response without Content-Length: " + text);
      }
      return Integer.parseInt(text.substring(at + 17, text.indexOf('\r', at + 17)).strip());
    }

    private String text(int from, int to) {
      return new String(in.array(), from, to - from, StandardCharsets.ISO_8859_1);
    }
  }

  private final int port;
  private final int connections;
  private final Requests requests;

  Driver(int port, int connections, Requests requests) {
    this.port = port;
    this.connections = connections;
    this.requests = requests;
  }

  /** Each connection sends its next request as soon as it has received a response. */
  Latencies atFullSpeed(Operation operation, Duration duration) throws IOException {
    return run(operation, duration, 0, Long.MAX_VALUE);
  }

  /** Sends a number of requests, one after the other on each connection. */
  Latencies times(Operation operation, long count) throws IOException {
    return run(operation, Duration.ofMinutes(1), 0, count);
  }

  /**
   * Sends requests at a fixed rate, whether or not responses arrive. Latencies count from the time
   * at which a request was due, so that a stall of the service counts (coordinated omission). The
   * driver's timer adds up to a millisecond.
   *
   * @param rate requests per second
   */
  Latencies atPace(Operation operation, Duration duration, double rate) throws IOException {
    return run(operation, duration, (long) (connections * 1e9 / rate), Long.MAX_VALUE);
  }

  private Latencies run(Operation operation, Duration duration, long interval, long count)
      throws IOException {
    Latencies latencies = new Latencies();
    try (Selector selector = Selector.open()) {
      List<Connection> all = new ArrayList<>();
      try {
        for (int i = 0; i < connections; i++) {
          all.add(open(selector, i));
        }
        long start = System.nanoTime();
        for (Connection connection : all) {
          connection.due = start + interval * connection.number / connections;
        }
        exchange(selector, all, operation, start + duration.toNanos(), interval, count, latencies);
      } finally {
        for (Connection connection : all) {
          connection.channel.close();
        }
      }
    }
    return latencies;
  }

  private Connection open(Selector selector, int number) throws IOException {
    SocketChannel channel =
        SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.configureBlocking(false);
    Connection connection = new Connection(number, channel);
    channel.register(selector, SelectionKey.OP_READ, connection);
    return connection;
  }

  private static void exchange(
      Selector selector,
      List<Connection> all,
      Operation operation,
      long end,
      long interval,
      long count,
      Latencies latencies)
      throws IOException {
    int waiting = 0;
    long sent = 0;
    while (true) {
      long now = System.nanoTime();
      boolean over = now - end >= 0 || sent >= count;
      long next = Long.MAX_VALUE;
      if (!over) {
        for (Connection connection : all) {
          if (!connection.busy) {
            long wait = connection.due - now;
            if (wait <= 0 && sent < count) {
              connection.send(operation, interval == 0 ? System.nanoTime() : connection.due);
              connection.due += interval;
              waiting++;
              sent++;
            } else {
              next = Math.min(next, wait);
            }
          }
        }
      } else if (waiting == 0) {
        return;
      }
      long waitMillis = next == Long.MAX_VALUE ? SILENCE.toMillis() : Math.max(1, next / 1_000_000);
      int[] answered = {0};
      int ready =
          selector.select(
              key -> {
                try {
                  Connection connection = (Connection) key.attachment();
                  if (connection.receive(operation, latencies)) {
                    answered[0]++;
                  }
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              },
              waitMillis);
      waiting -= answered[0];
      if (ready == 0 && waiting > 0 && waitMillis >= SILENCE.toMillis()) {
        throw new IOException("the service does not respond");
      }
    }
  }
}
