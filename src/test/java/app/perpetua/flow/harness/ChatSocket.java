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
 * A client of {@code POST /ai/chat/stream} on a connection of its own, who hears the answer byte by
 * byte and may leave at any. Not thread-safe.
 */
public final class ChatSocket implements AutoCloseable {
  /** The only question that it has. */
  public static final String MESSAGE = "Where do I begin?";

  private static final Duration TIMEOUT = Duration.ofSeconds(40);

  private final Socket socket;
  private final InputStream in;
  private final ByteArrayOutputStream heard = new ByteArrayOutputStream();

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

  /** Listens until so many bytes were heard in all, or there are no more. */
  public ChatSocket bytes(int count) throws IOException {
    heard.writeBytes(in.readNBytes(count - heard.size()));
    return this;
  }

  /**
   * Listens until that was heard.
   *
   * @throws AssertionError if it ends before
   */
  public ChatSocket until(String text) throws IOException {
    while (!heard.toString(StandardCharsets.UTF_8).contains(text)) {
      int next = in.read();
      if (next < 0) {
        throw new AssertionError(text + " is not in " + heard.toString(StandardCharsets.UTF_8));
      }
      heard.write(next);
    }
    return this;
  }

  /** Listens until the other side closes. */
  public ChatSocket end() throws IOException {
    heard.writeBytes(in.readAllBytes());
    return this;
  }

  /** How many bytes were heard. */
  public int length() {
    return heard.size();
  }

  /** The events heard, each held to the contract. */
  public List<SseEvent> events() {
    byte[] all = heard.toByteArray();
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

  /** Leaves as a machine does that crashes. */
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
