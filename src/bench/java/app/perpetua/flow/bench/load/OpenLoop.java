package app.perpetua.flow.bench.load;

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
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.SplittableRandom;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests of all kinds at random times of a given mean rate, whether or not earlier ones
 * have been answered, as independent users do. Latencies count from the time at which a request
 * should have been sent, so that a stall of the service counts (coordinated omission). One thread,
 * because it shares the cores with the service that it measures. Confined to one thread.
 */
public final class OpenLoop implements AutoCloseable {
  /** Fewer than the service's limit per address. When all are in use, requests wait here. */
  public static final int CONNECTIONS = 900;

  /** Time without any response after which the benchmark fails. */
  private static final Duration SILENCE = Duration.ofSeconds(20);

  /** The largest response is a page of 25 tasks, about 15 KB. */
  private static final int BUFFER = 32 * 1024;

  private static final int UNAVAILABLE = 503;
  private static final int SERVER_ERROR = 500;
  private static final long LONGEST_MICROS = 60_000_000;

  /**
   * The responses to the requests of one phase; latencies in microseconds.
   *
   * @param served latencies of successful requests
   * @param refused latencies of requests answered with 503 and {@code Retry-After}
   * @param failed number of other responses with a status of 500 or more
   * @param unexpected number of responses with another status than the operation's
   * @param seconds from the first request to the last response
   */
  public record Result(
      Histogram served, Histogram refused, long failed, long unexpected, double seconds) {
    public double goodput() {
      return served.getTotalCount() / seconds;
    }

    public long answered() {
      return served.getTotalCount() + refused.getTotalCount() + failed + unexpected;
    }
  }

  private final class Connection {
    private final int number;
    private final SocketChannel channel;
    private final ByteBuffer in = ByteBuffer.allocate(BUFFER);
    private Operation operation = Operation.SHOW;
    private int row;
    private long due;

    Connection(int number, SocketChannel channel) {
      this.number = number;
      this.channel = channel;
    }

    void send(Operation next, long at) throws IOException {
      operation = next;
      due = at;
      out.clear();
      row = requests.write(next, number, out);
      out.flip();
      while (out.hasRemaining()) {
        channel.write(out);
      }
      in.clear();
    }

    /** Reads the available bytes; true if they complete the response. */
    boolean receive() throws IOException {
      if (channel.read(in) < 0) {
        throw new IOException("the service closed a connection");
      }
      int headers = headersLength();
      if (headers < 0) {
        return false;
      }
      String head = new String(in.array(), 0, headers, StandardCharsets.ISO_8859_1);
      if (in.position() < headers + contentLength(head)) {
        return false;
      }
      record(Integer.parseInt(head.substring(9, 12)), head);
      return true;
    }

    private void record(int status, String head) {
      long micros = Math.clamp((System.nanoTime() - due) / 1_000, 1L, LONGEST_MICROS);
      if (status == operation.status()) {
        requests.done(operation, row);
        served.recordValue(micros);
      } else if (status == UNAVAILABLE
          && head.toLowerCase(Locale.ROOT).contains("\r\nretry-after:")) {
        refused.recordValue(micros);
      } else if (status >= SERVER_ERROR) {
        failed++;
      } else {
        unexpected++;
      }
    }

    private int headersLength() {
      byte[] bytes = in.array();
      for (int i = 4; i <= in.position(); i++) {
        if (bytes[i - 1] == '\n' && bytes[i - 2] == '\r' && bytes[i - 3] == '\n') {
          return i;
        }
      }
      return -1;
    }

    private static int contentLength(String head) throws IOException {
      String text = head.toLowerCase(Locale.ROOT);
      int at = text.indexOf("\r\ncontent-length:");
      if (at < 0) {
        throw new IOException("a response without Content-Length: " + head);
      }
      return Integer.parseInt(text.substring(at + 17, text.indexOf('\r', at + 17)).strip());
    }
  }

  private final int port;
  private final Requests requests;
  private final Selector selector = Selector.open();
  private final SplittableRandom random = new SplittableRandom(7);
  private final ByteBuffer out = ByteBuffer.allocateDirect(8 * 1024);

  /** Used in turn, so that the requests of a rate are spread over all users. */
  private final Deque<Connection> idle = new ArrayDeque<>();

  private int connections;
  private Histogram served = histogram();
  private Histogram refused = histogram();
  private long failed;
  private long unexpected;

  /**
   * @param requests for {@link #CONNECTIONS} connections
   */
  public OpenLoop(int port, Requests requests) throws IOException {
    this.port = port;
    this.requests = requests;
  }

  /**
   * Sends requests for a time, and then waits for the last response.
   *
   * @param rate mean number of requests per second
   */
  public Result run(double rate, Duration duration) throws IOException {
    served = histogram();
    refused = histogram();
    failed = 0;
    unexpected = 0;
    long start = System.nanoTime();
    long end = start + duration.toNanos();
    long due = start;
    int inFlight = 0;
    while (true) {
      while (due - end < 0 && due - System.nanoTime() <= 0) {
        Connection connection = connection();
        if (connection == null) {
          break;
        }
        connection.send(operation(), due);
        inFlight++;
        due += (long) (-Math.log(1 - random.nextDouble()) / rate * 1e9);
      }
      boolean isOver = due - end >= 0;
      if (isOver && inFlight == 0) {
        break;
      }
      inFlight -= receive(isOver ? SILENCE.toNanos() : due - System.nanoTime());
    }
    return new Result(served, refused, failed, unexpected, (System.nanoTime() - start) / 1e9);
  }

  /** Half lists, a quarter single tasks, a quarter writes. */
  private Operation operation() {
    int percent = random.nextInt(100);
    if (percent < 50) {
      return Operation.LIST;
    }
    if (percent < 75) {
      return Operation.SHOW;
    }
    return percent < 90 ? Operation.PATCH : Operation.CREATE;
  }

  /** Waits for responses; returns how many arrived. */
  private int receive(long nanos) throws IOException {
    int[] answered = {0};
    // When the next request is overdue, all connections are in use: a response frees one.
    long millis =
        nanos <= 0 && idle.isEmpty() && connections == CONNECTIONS
            ? SILENCE.toMillis()
            : nanos / 1_000_000;
    int ready;
    if (millis > 0) {
      ready = selector.select(key -> receive(key, answered), millis);
    } else {
      ready = selector.selectNow(key -> receive(key, answered));
    }
    if (ready == 0 && millis >= SILENCE.toMillis()) {
      throw new IOException("the service does not respond");
    }
    return answered[0];
  }

  private void receive(SelectionKey key, int[] answered) {
    try {
      Connection connection = (Connection) key.attachment();
      if (connection.receive()) {
        idle.addLast(connection);
        answered[0]++;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A connection without a request; null if all have one. */
  private @Nullable Connection connection() throws IOException {
    if (connections == CONNECTIONS || (!idle.isEmpty() && random.nextInt(8) != 0)) {
      return idle.pollFirst();
    }
    SocketChannel channel =
        SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.configureBlocking(false);
    Connection connection = new Connection(connections++, channel);
    channel.register(selector, SelectionKey.OP_READ, connection);
    return connection;
  }

  private static Histogram histogram() {
    return new Histogram(LONGEST_MICROS, 3);
  }

  @Override
  public void close() throws IOException {
    for (SelectionKey key : selector.keys()) {
      key.channel().close();
    }
    selector.close();
  }
}
