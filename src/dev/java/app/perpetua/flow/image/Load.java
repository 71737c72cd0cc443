package app.perpetua.flow.image;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Requests of signed-in users over many connections: seven lists of tasks to three new tasks. An
 * instance that cannot serve all may refuse (429, 503) or close a connection; any other failure is
 * an error. Thread-safe.
 */
final class Load {
  /**
   * The answers.
   *
   * @param served answers with a result
   * @param refused 429, 503, and connections that were closed without an answer
   * @param failed other answers
   */
  record Result(long served, long refused, long failed) {}

  private static final int TIMEOUT_MILLIS = 30_000;
  private static final int WRITES_OF_TEN = 3;
  private static final String NEW_TASK =
      "{\"title\":\"Call the plumber about the kitchen tap\",\"description\":\"It drips again.\","
          + "\"priority\":\"high\",\"estimated_duration\":15}";

  private final int port;
  private final List<String> accessTokens;
  private final LongAdder served = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder failed = new LongAdder();

  Load(int port, List<String> accessTokens) {
    this.port = port;
    this.accessTokens = List.copyOf(accessTokens);
  }

  /**
   * Sends requests from every connection, each after the response to the one before.
   *
   * @param rate requests per second of all connections; 0 sends as fast as responses arrive
   */
  Result run(int connections, double rate, Duration duration) throws InterruptedException {
    long interval = rate == 0 ? 0 : (long) (connections * 1e9 / rate);
    long start = System.nanoTime();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      int number = i;
      long due = start + interval * i / connections;
      threads.add(
          Thread.ofVirtual().start(() -> send(number, due, interval, start + duration.toNanos())));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return new Result(served.sumThenReset(), refused.sumThenReset(), failed.sumThenReset());
  }

  private void send(int number, long first, long interval, long end) {
    long due = first;
    int count = number;
    while (System.nanoTime() < end) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        InputStream in = new BufferedInputStream(socket.getInputStream(), 16 * 1024);
        boolean open = true;
        while (open && System.nanoTime() < end) {
          long wait = due - System.nanoTime();
          if (wait > 0) {
            LockSupport.parkNanos(wait);
          }
          due = Math.max(due + interval, System.nanoTime() - interval);
          socket.getOutputStream().write(request(number, count++));
          open = receive(in);
        }
      } catch (IOException e) {
        refused.increment();
        // An instance that is shutting its door is not helped by more attempts at once.
        LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      }
    }
  }

  private byte[] request(int number, int count) {
    String token = accessTokens.get(number % accessTokens.size());
    String headers = " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token + "\r\n";
    String text =
        count % 10 < WRITES_OF_TEN
            ? "POST /api/v1/tasks"
                + headers
                + "Content-Type: application/json\r\nIdempotency-Key: "
                + UUID.randomUUID()
                + "\r\nContent-Length: "
                + NEW_TASK.length()
                + "\r\n\r\n"
                + NEW_TASK
            : "GET /api/v1/tasks?limit=25" + headers + "\r\n";
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Reads a response; false if the connection ends with it. */
  private boolean receive(InputStream in) throws IOException {
    String statusLine = line(in);
    if (statusLine.length() < 12) {
      throw new IOException("no response");
    }
    int length = 0;
    boolean open = true;
    for (String header = line(in); !header.isEmpty(); header = line(in)) {
      String lower = header.toLowerCase(Locale.ROOT);
      if (lower.startsWith("content-length:")) {
        length = Integer.parseInt(lower.substring(15).strip());
      } else if (lower.startsWith("connection:")) {
        open = !lower.contains("close");
      }
    }
    in.skipNBytes(length);
    switch (Integer.parseInt(statusLine.substring(9, 12))) {
      case 200, 201 -> served.increment();
      case 429, 503 -> refused.increment();
      default -> failed.increment();
    }
    return open;
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int read = in.read(); read >= 0 && read != '\n'; read = in.read()) {
      if (read != '\r') {
        line.append((char) read);
      }
    }
    return line.toString();
  }
}
