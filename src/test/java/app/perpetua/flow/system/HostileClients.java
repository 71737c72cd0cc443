package app.perpetua.flow.system;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Many connections to a server on this machine, each of which begins something, never ends it, and
 * begins again some seconds after the server has closed it. They come from several loopback
 * addresses, none of which is 127.0.0.1. Thread-safe.
 */
final class HostileClients implements AutoCloseable {
  /** What one connection does before it waits for the server to close it. */
  @FunctionalInterface
  interface Script {
    /** Sends what it has to; may return at any time. */
    void run(Socket socket) throws IOException;
  }

  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofSeconds(5);
  private static final int PER_NETWORK = 250;
  private static final int MOST_READ = 5;
  private static final Pattern LENGTH = Pattern.compile("(?i)content-length: (\\d+)");

  private final int port;
  private final int addresses;
  private final Script script;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final AtomicInteger started = new AtomicInteger();

  /** Starts so many connections at once. */
  HostileClients(int port, int connections, int addresses, Script script) {
    this.port = port;
    this.addresses = addresses;
    this.script = script;
    for (int i = 0; i < connections; i++) {
      int number = i;
      threads.execute(() -> attack(number));
    }
  }

  /** How often a connection has done what it does, or was closed while it did. */
  int started() {
    return started.get();
  }

  private void attack(int number) {
    int address = number % addresses;
    InetAddress from =
        InetAddress.ofLiteral(
            "127.0.%d.%d".formatted(1 + address / PER_NETWORK, 1 + address % PER_NETWORK));
    while (!stopping.get()) {
      try (Socket socket = new Socket()) {
        // What is not read soon holds the server up.
        socket.setReceiveBufferSize(4 * 1024);
        socket.bind(new InetSocketAddress(from, 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        script.run(socket);
        started.incrementAndGet();
        awaitEnd(socket);
      } catch (IOException e) {
        started.incrementAndGet();
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  /**
   * Writes nothing, until the server has closed the connection. Of an answer it reads a byte a
   * second; it would not notice behind all the others that the server closes, so it reads a few.
   */
  private void awaitEnd(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    socket.setSoTimeout((int) SECOND.toMillis());
    int read = 0;
    while (!stopping.get() && read < MOST_READ) {
      try {
        if (in.read() < 0) {
          return;
        }
        read++;
        LockSupport.parkNanos(SECOND.toNanos());
      } catch (SocketTimeoutException e) {
        // Still open, and nothing to read.
      }
    }
  }

  /** Reads a whole answer without a body, or with one of known length. */
  static void readAnswer(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int c = in.read();
      if (c < 0) {
        throw new EOFException();
      }
      head.append((char) c);
    }
    Matcher length = LENGTH.matcher(head);
    if (length.find()) {
      in.readNBytes(Integer.parseInt(length.group(1)));
    }
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public void close() {
    stopping.set(true);
    threads.shutdownNow();
    threads.close();
  }
}
