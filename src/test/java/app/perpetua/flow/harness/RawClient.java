package app.perpetua.flow.harness;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** An HTTP client that sends the given bytes unchanged, well-formed or not. */
public final class RawClient implements Closeable {
  /** Longer than any wait in a test, so that a hanging server fails it. */
  private static final int TIMEOUT_MILLIS = 20_000;

  private final Socket socket;
  private final InputStream in;

  /** When the connection, or its latest complete request, started. */
  private long started = System.nanoTime();

  public RawClient(int port) throws IOException {
    this(port, "127.0.0.1");
  }

  public RawClient(int port, String from) throws IOException {
    socket = new Socket();
    socket.bind(new InetSocketAddress(InetAddress.ofLiteral(from), 0));
    // Small, so that writes block when the server does not read, as on a real network. One segment
    // of the loopback interface: with 8 KiB, 10 MB take 4.4 s instead of 21 ms.
    socket.setSendBufferSize(64 * 1024);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    socket.setSoTimeout(TIMEOUT_MILLIS);
    socket.setTcpNoDelay(true);
    in = socket.getInputStream();
  }

  /**
   * An answer.
   *
   * @param headers by lower-case name, repeated ones joined by a comma
   */
  public record Answer(int status, Map<String, String> headers, String body) {
    public String header(String name) {
      return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "(none)");
    }
  }

  public RawClient send(String text) throws IOException {
    return send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  public RawClient send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
    return this;
  }

  /** A whole request without a body. */
  public Answer request(String method, String path, String... headers) throws IOException {
    started = System.nanoTime();
    send(head(method, path, headers));
    return method.equals("HEAD") ? answerToHead() : answer();
  }

  public static String head(String method, String path, String... headers) {
    StringBuilder text =
        new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n");
    for (String header : headers) {
      text.append(header).append("\r\n");
    }
    return text.append("\r\n").toString();
  }

  public Answer answer() throws IOException {
    return answer(true);
  }

  private Answer answerToHead() throws IOException {
    return answer(false);
  }

  private Answer answer(boolean withBody) throws IOException {
    int status = Integer.parseInt(line().substring(9, 12));
    Map<String, String> headers = new TreeMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      String[] parts = line.split(":", 2);
      headers.merge(parts[0].toLowerCase(Locale.ROOT), parts[1].strip(), (a, b) -> a + ", " + b);
    }
    String body = "";
    if (withBody && headers.containsKey("content-length")) {
      byte[] bytes = in.readNBytes(Integer.parseInt(headers.get("content-length")));
      body = new String(bytes, StandardCharsets.UTF_8);
    } else if (withBody && "chunked".equals(headers.get("transfer-encoding"))) {
      body = chunks();
    }
    return new Answer(status, headers, body);
  }

  private String chunks() throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      int size = Integer.parseInt(line(), 16);
      body.write(in.readNBytes(size));
      line();
      if (size == 0) {
        return body.toString(StandardCharsets.UTF_8);
      }
    }
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      int c = in.read();
      if (c < 0) {
        throw new EOFException("closed after: " + line.toString(StandardCharsets.UTF_8));
      }
      if (c == '\n') {
        return line.toString(StandardCharsets.UTF_8).stripTrailing();
      }
      line.write(c);
    }
  }

  public void sendsNoMore() throws IOException {
    socket.shutdownOutput();
  }

  /** Reads until the server closes or resets the connection. */
  public String rest() throws IOException {
    ByteArrayOutputStream rest = new ByteArrayOutputStream();
    try {
      in.transferTo(rest);
    } catch (SocketException e) {
      rest.write("(reset)".getBytes(StandardCharsets.UTF_8));
    }
    return rest.toString(StandardCharsets.UTF_8);
  }

  /** Sends after a delay; false if the server closes the connection first. */
  public boolean sendAfter(Duration delay, String text) throws IOException {
    socket.setSoTimeout((int) delay.toMillis());
    try {
      int c = in.read();
      if (c >= 0) {
        throw new AssertionError("answered too early");
      }
      return false;
    } catch (SocketTimeoutException e) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      send(text);
      return true;
    }
  }

  /**
   * Sends one byte per pause until the server closes the connection.
   *
   * @return the time since the connection, or its latest complete request, started: an upper bound
   *     of the time that the server has waited
   */
  public Duration trickle(String text, Duration pause) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    long start = System.nanoTime();
    socket.setSoTimeout((int) pause.toMillis());
    for (int i = 0; System.nanoTime() - start < Duration.ofSeconds(30).toNanos(); i++) {
      try {
        if (i < bytes.length) {
          socket.getOutputStream().write(bytes[i]);
        }
        if (in.read() < 0) {
          return Duration.ofNanos(System.nanoTime() - started);
        }
        throw new AssertionError("answered instead of closing");
      } catch (SocketTimeoutException e) {
        // No answer yet: send the next byte.
      } catch (SocketException e) {
        return Duration.ofNanos(System.nanoTime() - started);
      }
    }
    throw new AssertionError("not closed within 30 s");
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
