package app.perpetua.flow.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.websocket.WsOpCode;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Writes to a client over an upgraded connection, whichever threads ask. Frames are made here (RFC
 * 6455, section 5.2): Helidon's session has one buffer for all of them, which it also writes to by
 * itself when a client breaks the protocol, and two threads spoil it. Nothing is written behind a
 * close. Writing blocks while the client does not read. Thread-safe.
 */
public final class ClientSocket {
  /** RFC 6455, section 5.5: a control frame's payload, two bytes of which are the close code. */
  private static final int MAX_REASON = 123;

  private static final int FINAL = 0x80;

  /** What fits the first byte of a length, and the two behind it. */
  private static final int SHORT = 126;

  private static final int MEDIUM = 1 << 16;
  private static final int LONG = 127;

  private final ClientConnection connection;
  private final AtomicBoolean closed = new AtomicBoolean();

  ClientSocket(ClientConnection connection) {
    this.connection = connection;
  }

  /** Sends a text message; false if the client has gone or was told to. */
  public boolean send(String text) {
    return !closed.get() && write(WsOpCode.TEXT, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Asks for a sign of life. */
  public boolean ping() {
    return !closed.get() && write(WsOpCode.PING, new byte[0]);
  }

  /** Answers a ping with what it carried. */
  public boolean pong(byte[] bytes) {
    return !closed.get() && write(WsOpCode.PONG, bytes);
  }

  /**
   * Says goodbye, once. A client that does not answer within two seconds is cut.
   *
   * @param code RFC 6455, section 7.4
   * @param reason ASCII; cut to what fits
   */
  public void close(int code, String reason) {
    if (closed.getAndSet(true)) {
      return;
    }
    connection.cutSoon();
    byte[] words =
        reason
            .substring(0, Math.min(reason.length(), MAX_REASON))
            .getBytes(StandardCharsets.US_ASCII);
    BufferData payload = BufferData.create(2 + words.length);
    payload.writeInt16(code);
    payload.write(words);
    write(WsOpCode.CLOSE, payload.readBytes());
  }

  /** Ends the connection without a word; whoever is writing to it or reading fails. */
  public void cut() {
    connection.cut();
  }

  private boolean write(WsOpCode code, byte[] payload) {
    BufferData frame = BufferData.growing(payload.length + 10);
    frame.write(FINAL | code.code());
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
    try {
      connection.dataWriter().writeNow(frame);
      return true;
    } catch (RuntimeException e) {
      // A frame that went out in part cannot be followed by another.
      closed.set(true);
      connection.cut();
      return false;
    }
  }
}
