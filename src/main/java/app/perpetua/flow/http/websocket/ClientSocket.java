package app.perpetua.flow.http.websocket;

import app.perpetua.flow.http.connection.ClientConnection;
import io.helidon.common.buffers.BufferData;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Writes a WebSocket's frames: each whole, and none after a close frame (RFC 6455, sections 5.2 and
 * 5.5.1). Writing blocks while the client does not read. Thread-safe.
 */
public final class ClientSocket {
  static final int PROTOCOL_ERROR = 1002;
  static final int INVALID_PAYLOAD = 1007;
  static final int INTERNAL_ERROR = 1011;

  /** A control frame's payload (RFC 6455, section 5.5) without the two bytes of the code. */
  private static final int MAX_REASON = FrameReader.MAX_CONTROL - 2;

  private final ClientConnection connection;
  private final AtomicBoolean closing = new AtomicBoolean();

  /** Written with the lock held. */
  private volatile boolean closed;

  ClientSocket(ClientConnection connection) {
    this.connection = connection;
  }

  /** Sends a text message; false if the connection is closed or closing. */
  public boolean send(String text) {
    return write(FrameReader.TEXT, text.getBytes(StandardCharsets.UTF_8));
  }

  public boolean ping() {
    return write(FrameReader.PING, new byte[0]);
  }

  /** Answers a ping with its payload. */
  public boolean pong(byte[] bytes) {
    return write(FrameReader.PONG, bytes);
  }

  /**
   * Sends a close frame, unless one has been sent. Aborts the connection if the client does not
   * answer within two seconds.
   *
   * @param code RFC 6455, section 7.4
   * @param reason ASCII; truncated to 123 bytes
   */
  public void close(int code, String reason) {
    byte[] text =
        reason
            .substring(0, Math.min(reason.length(), MAX_REASON))
            .getBytes(StandardCharsets.US_ASCII);
    BufferData payload = BufferData.create(2 + text.length);
    payload.writeInt16(code);
    payload.write(text);
    close(payload.readBytes());
  }

  void close() {
    close(new byte[0]);
  }

  private void close(byte[] payload) {
    if (!closing.getAndSet(true)) {
      // Before taking the lock, because it also ends a write that waits for the client.
      connection.closeSoon();
      write(FrameReader.CLOSE, payload);
    }
  }

  /** Marks the client as authenticated, by a message instead of a header. */
  public void authenticated() {
    connection.authenticated();
  }

  /** Whether a close frame has been sent or a write has failed. */
  boolean isClosed() {
    return closed;
  }

  /** Closes the connection without a close frame; reads and writes in progress fail. */
  public void abort() {
    connection.abort();
  }

  private synchronized boolean write(int opcode, byte[] payload) {
    // Once a close begins, other frames are refused, because many senders could starve it.
    if (closed || (closing.get() && opcode != FrameReader.CLOSE)) {
      return false;
    }
    try {
      closed = opcode == FrameReader.CLOSE;
      connection.dataWriter().writeNow(frame(opcode, payload));
      return true;
    } catch (RuntimeException e) {
      // The frame may have been sent in part, so no other can follow.
      closed = true;
      connection.abort();
      return false;
    }
  }

  private static BufferData frame(int opcode, byte[] payload) {
    BufferData frame = BufferData.growing(payload.length + 10);
    frame.write(FrameReader.FINAL | opcode);
    if (payload.length < FrameReader.LENGTH_IN_TWO_BYTES) {
      frame.write(payload.length);
    } else if (payload.length < 1 << 16) {
      frame.write(FrameReader.LENGTH_IN_TWO_BYTES);
      frame.writeInt16(payload.length);
    } else {
      frame.write(FrameReader.LENGTH_IN_EIGHT_BYTES);
      frame.writeInt32(0);
      frame.writeInt32(payload.length);
    }
    frame.write(payload);
    return frame;
  }
}
