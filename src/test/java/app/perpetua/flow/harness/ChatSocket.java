package app.perpetua.flow.harness;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * A client of {@code POST /ai/chat/stream} on its own connection, which reads the response byte by
 * byte and can disconnect after any. Not thread-safe.
 */
public final class ChatSocket implements AutoCloseable {
  /** The request body. */
  public static final String MESSAGE = "Where do I begin?";

  private static final Duration TIMEOUT = Duration.ofSeconds(40);

  private final Socket socket;
  private final InputStream in;
  private final ByteArrayOutputStream received = new ByteArrayOutputStream();

  public ChatSocket(int port, String accessToken, UUID key) throws IOException {
    byte[] body = ("{\"message\":\"" + MESSAGE + "\"}").getBytes(StandardCharsets.UTF_8);
    String head =
        "POST /api/v1/ai/chat/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            + accessToken
            + "\r\nIdempotency-Key: "
            + key
            + "\r\nContent-Type: application/json\r\nContent-Length: "
            + body.length
            + "\r\nConnection: close\r\n\r\n";
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(Math.toIntExact(TIMEOUT.toMillis()));
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().write(body);
    in = socket.getInputStream();
  }

  /** Reads until this many bytes have arrived in all, or the stream ends. */
  public ChatSocket bytes(int count) throws IOException {
    received.writeBytes(in.readNBytes(count - received.size()));
    return this;
  }

  /**
   * Reads until this text has arrived.
   *
   * @throws AssertionError if the stream ends before
   */
  public ChatSocket until(String text) throws IOException {
    while (!has(text)) {
      int next = in.read();
      if (next < 0) {
        throw new AssertionError(text + " is not in " + received.toString(StandardCharsets.UTF_8));
      }
      received.write(next);
    }
    return this;
  }

  /** Reads until the server closes the connection. */
  public ChatSocket end() throws IOException {
    received.writeBytes(in.readAllBytes());
    return this;
  }

  /** Whether the bytes read contain this text. */
  public boolean has(String text) {
    return received.toString(StandardCharsets.UTF_8).contains(text);
  }

  /** Number of bytes read. */
  public int length() {
    return received.size();
  }

  /** The events read, each validated against the contract. */
  public List<SseEvent> events() {
    byte[] all = received.toByteArray();
    String text = new String(all, StandardCharsets.ISO_8859_1);
    int place = text.indexOf("\r\n\r\n") + 4;
    if (!text.startsWith("HTTP/1.1 200 ")) {
      throw new AssertionError(text);
    }
    // Chunks (RFC 9112, 7.1).
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int line = text.indexOf("\r\n", place); line >= 0; line = text.indexOf("\r\n", place)) {
      int length = Integer.parseInt(text, place, line, 16);
      body.write(all, line + 2, length);
      place = line + 2 + length + 2;
    }
    return SseEvent.all(body.toString(StandardCharsets.UTF_8));
  }

  /** Resets the connection. */
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
