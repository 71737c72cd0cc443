package app.perpetua.flow.fake;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 server on loopback that can end a response at any byte and detects that the client
 * has disconnected; the JDK's server can do neither. Thread-safe.
 */
final class HttpWire implements AutoCloseable {
  /** Answers one request; any exception ends the connection. */
  @FunctionalInterface
  interface Handler {
    void answer(Request request, Connection to) throws IOException;
  }

  /**
   * A request.
   *
   * @param headers by lower-case names
   */
  record Request(String method, String path, Map<String, String> headers, byte[] body) {
    String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  private final ServerSocket listener;
  private final Handler handler;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean isClosed;

  HttpWire(Handler handler) {
    this.handler = handler;
    try {
      listener = new ServerSocket();
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().name("wire").start(this::accept);
  }

  /** The base URL. */
  URI uri() {
    return URI.create(
        "http://" + listener.getInetAddress().getHostAddress() + ":" + listener.getLocalPort());
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listener.accept();
        sockets.add(socket);
        Thread.ofVirtual().start(() -> serve(socket));
        if (isClosed) {
          socket.close();
        }
      }
    } catch (IOException e) {
      // The listener is closed.
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      Connection connection = new Connection(socket);
      for (Request request = connection.read(); request != null; request = connection.read()) {
        handler.answer(request, connection);
      }
    } catch (IOException e) {
      // The client or the handler ended the connection.
    } finally {
      sockets.remove(socket);
    }
  }

  @Override
  public void close() {
    isClosed = true;
    try {
      listener.close();
      for (Socket socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the response. Not thread-safe. */
  static final class Connection {
    private final Socket socket;
    private final InputStream in;

    private Connection(Socket socket) throws IOException {
      this.socket = socket;
      this.in = new BufferedInputStream(socket.getInputStream());
    }

    private @Nullable Request read() throws IOException {
      String line = line();
      if (line.isEmpty()) {
        return null;
      }
      String[] start = line.split(" ", 3);
      Map<String, String> headers = new TreeMap<>();
      for (line = line(); !line.isEmpty(); line = line()) {
        String[] pair = line.split(":", 2);
        headers.put(pair[0].toLowerCase(Locale.ROOT), pair[1].strip());
      }
      int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
      return new Request(start[0], start[1], headers, in.readNBytes(length));
    }

    private String line() throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
        if (b != '\r') {
          line.write(b);
        }
      }
      return line.toString(StandardCharsets.ISO_8859_1);
    }

    /** Starts a chunked response. */
    void begin(int status, Map<String, String> headers) throws IOException {
      StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Status\r\n");
      headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
      head.append("Transfer-Encoding: chunked\r\n\r\n");
      write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Writes a part of the body. */
    void chunk(byte[] bytes) throws IOException {
      if (bytes.length > 0) {
        ByteArrayOutputStream chunk = new ByteArrayOutputStream();
        chunk.writeBytes(
            (Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        chunk.writeBytes(bytes);
        chunk.writeBytes(new byte[] {'\r', '\n'});
        write(chunk.toByteArray());
      }
    }

    /** Ends the response; the connection stays open. */
    void end() throws IOException {
      write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    void write(byte[] bytes) throws IOException {
      socket.getOutputStream().write(bytes);
    }

    /** Ends the connection at once, by FIN or by RST. */
    void cut(boolean reset) throws IOException {
      if (reset) {
        socket.setSoLinger(true, 0);
      }
      socket.close();
    }

    /**
     * Waits.
     *
     * @throws IOException if the client disconnects meanwhile
     */
    void pause(Duration duration) throws IOException {
      if (duration.toMillis() == 0) {
        return;
      }
      socket.setSoTimeout(Math.toIntExact(duration.toMillis()));
      try {
        in.mark(1);
        if (in.read() < 0) {
          throw new IOException("hung up");
        }
        in.reset();
      } catch (SocketTimeoutException e) {
        // Still connected.
      } finally {
        if (!socket.isClosed()) {
          socket.setSoTimeout(0);
        }
      }
    }
  }
}
