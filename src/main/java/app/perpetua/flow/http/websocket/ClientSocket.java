package app.perpetua.flow.http.websocket;

import app.perpetua.flow.http.connection.ClientConnection;
import io.helidon.common.buffers.BufferData;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The writing side of a WebSocket, and the only one that writes to it: whichever threads send,
 * frames go out one at a time and whole, and none follows a close frame (RFC 6455, sections 5.2 and
 * 5.5.1). Writing blocks while the client does not read. Thread-safe.
 */
public final class ClientSocket {
  static final int PROTOCOL_ERROR = 1002;
  static final int INVALID_PAYLOAD = 1007;
  static final int INTERNAL_ERROR = 1011;

  /** RFC 6455, section 5.5: a control frame's payload, two bytes of which are the close code. */
  private static final int MAX_REASON = FrameReader.MAX_CONTROL - 2;

  private static final int FINAL = 0x80;

  /** What fits the first byte of a length, and the two behind it. */
  private static final int SHORT = 126;

  private static final int MEDIUM = 1 << 16;
  private static final int LONG = 127;

  private final ClientConnection connection;
  private final ReentrantLock writing = new ReentrantLock();
  private final AtomicBoolean closing = new AtomicBoolean();

  /** Set with {@link #writing} held: whatever is written after is dropped. */
  private volatile boolean closed;

  ClientSocket(ClientConnection connection) {
    this.connection = connection;
  }

  /** Sends a text message; false if the client has gone or was told to. */
  public boolean send(String text) {
    return write(FrameReader.TEXT, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Asks for a sign of life. */
  public boolean ping() {
    return write(FrameReader.PING, new byte[0]);
  }

  /** Answers a ping with what it carried. */
  public boolean pong(byte[] bytes) {
    return write(FrameReader.PONG, bytes);
  }

  /**
   * Sends a close frame, unless one has been sent. A client that does not answer within two seconds
   * is cut.
   *
   * @param code RFC 6455, section 7.4
   * @param reason ASCII; cut to what fits
   */
  public void close(int code, String reason) {
    byte[] words =
        reason
            .substring(0, Math.min(reason.length(), MAX_REASON))
            .getBytes(StandardCharsets.US_ASCII);
    BufferData payload = BufferData.create(2 + words.length);
    payload.writeInt16(code);
    payload.write(words);
    close(payload.readBytes());
  }

  /** The same without a code. */
  void close() {
    close(new byte[0]);
  }

  private void close(byte[] payload) {
    if (!closing.getAndSet(true)) {
      // Before the lock: it also ends a write that is waiting for the client.
      connection.cutSoon();
      write(FrameReader.CLOSE, payload);
    }
  }

  /** The client has said who it is, in a message instead of a header. */
  public void authenticated() {
    connection.authenticated();
  }

  /** Whether a close frame has been sent, or nothing can be sent any more. */
  boolean isClosed() {
    return closed;
  }

  /** Ends the connection without a close frame; reads and writes under way fail. */
  public void cut() {
    connection.cut();
  }

  private boolean write(int opcode, byte[] payload) {
    writing.lock();
    try {
      if (closed) {
        return false;
      }
      closed = opcode == FrameReader.CLOSE;
      connection.dataWriter().writeNow(frame(opcode, payload));
      return true;
    } catch (RuntimeException e) {
      // A frame that went out in part cannot be followed by another.
      closed = true;
      connection.cut();
      return false;
    } finally {
      writing.unlock();
    }
  }

  private static BufferData frame(int opcode, byte[] payload) {
    BufferData frame = BufferData.growing(payload.length + 10);
    frame.write(FINAL | opcode);
    if (payload.length < SHORT) {
      frame.write(payload.length);
    } else if (payload.length < MEDIUM) {
      frame.write(SHORT);
      frame.writeInt16(payload.length);
    } else {
      frame.write(LONG);
      frame.writeInt32(0);
      frame.writeInt32(payload.length);
    }
    frame.write(payload);
    return frame;
  }
}
