package app.perpetua.flow.bench.scale;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.UUID;

/**
 * A persistent connection that sends one request at a time, with little overhead, so that latencies
 * below a millisecond can be measured. Confined to one thread.
 */
final class HttpConnection implements AutoCloseable {
  /**
   * An answer.
   *
   * @param body empty if it was copied elsewhere
   */
  record Answer(int status, String body) {}

  private static final int CONTINUOUS = -1;

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  /**
   * Connects to a port of this machine.
   *
   * @param silence time without a byte after which a request fails
   */
  HttpConnection(int port, Duration silence) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout((int) silence.toMillis());
    in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
    out = socket.getOutputStream();
  }

  /** Sends a GET request and reads the answer into memory. */
  Answer get(String path, String token) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    int status = get(path, token, body);
    return new Answer(status, body.toString(StandardCharsets.UTF_8));
  }

  /**
   * Sends a GET request and copies the answer's body.
   *
   * @return the status
   * @throws IOException if the answer is incomplete
   */
  int get(String path, String token, OutputStream body) throws IOException {
    out.write((head("GET", path, token) + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    return answer(body);
  }

  /**
   * Sends a request with a body and a new idempotency key, and discards the answer's body.
   *
   * @param json in ASCII
   * @return the status
   */
  int write(String method, String path, String token, String json) throws IOException {
    String request =
        head(method, path, token)
            + "\r\nContent-Type: application/json\r\nIdempotency-Key: "
            + UUID.randomUUID()
            + "\r\nContent-Length: "
            + json.length()
            + "\r\n\r\n"
            + json;
    out.write(request.getBytes(StandardCharsets.US_ASCII));
    return answer(OutputStream.nullOutputStream());
  }

  private static String head(String method, String path, String token) {
    return method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token;
  }

  private int answer(OutputStream body) throws IOException {
    int status = Integer.parseInt(line().substring(9, 12));
    long length = 0;
    for (String header = line(); !header.isEmpty(); header = line()) {
      String lower = header.toLowerCase(Locale.ROOT);
      if (lower.startsWith("content-length:")) {
        length = Long.parseLong(lower.substring(lower.indexOf(':') + 1).strip());
      } else if (lower.startsWith("transfer-encoding:") && lower.endsWith("chunked")) {
        length = CONTINUOUS;
      }
    }
    if (length != CONTINUOUS) {
      copy(length, body);
      return status;
    }
    for (long chunk = chunk(); chunk > 0; chunk = chunk()) {
      copy(chunk, body);
      line();
    }
    line();
    return status;
  }

  private long chunk() throws IOException {
    return Long.parseLong(line().split(";", -1)[0].strip(), 16);
  }

  private void copy(long length, OutputStream body) throws IOException {
    byte[] buffer = new byte[16 * 1024];
    for (long left = length; left > 0; ) {
      int read = in.read(buffer, 0, (int) Math.min(left, buffer.length));
      if (read < 0) {
        throw new EOFException("the answer ended early");
      }
      body.write(buffer, 0, read);
      left -= read;
    }
  }

  private String line() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the answer ended early");
      }
      if (c != '\r') {
        text.append((char) c);
      }
    }
    return text.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
