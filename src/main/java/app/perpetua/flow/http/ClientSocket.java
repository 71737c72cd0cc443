package app.perpetua.flow.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.websocket.WsSession;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Writes to a client over an upgraded connection, one frame at a time whichever threads ask; the
 * session underneath would mix them. Nothing is written behind a close. Writing blocks while the
 * client does not read. Thread-safe.
 */
public final class ClientSocket {
  /** RFC 6455, section 5.5: a control frame's payload, two bytes of which are the close code. */
  private static final int MAX_REASON = 123;

  private final WsSession session;
  private final ClientConnection connection;
  private final ReentrantLock writing = new ReentrantLock();
  private boolean closed;

  ClientSocket(WsSession session, ClientConnection connection) {
    this.session = session;
    this.connection = connection;
  }

  /** Sends a text message; false if the client has gone or was told to. */
  public boolean send(String text) {
    return write(() -> session.send(text, true));
  }

  /** Asks for a sign of life. */
  public boolean ping() {
    return write(() -> session.ping(BufferData.empty()));
  }

  /** Answers a ping with what it carried. */
  public boolean pong(byte[] bytes) {
    return write(() -> session.pong(BufferData.create(bytes)));
  }

  /**
   * Says goodbye, once. A client that does not answer within two seconds is cut.
   *
   * @param code RFC 6455, section 7.4
   * @param reason ASCII; cut to what fits
   */
  public void close(int code, String reason) {
    String fits = reason.substring(0, Math.min(reason.length(), MAX_REASON));
    assert fits.getBytes(StandardCharsets.UTF_8).length == fits.length();
    connection.cutSoon();
    write(
        () -> {
          closed = true;
          session.close(code, fits);
        });
  }

  /** Ends the connection without a word; whoever is writing to it or reading fails. */
  public void cut() {
    connection.cut();
  }

  private boolean write(Runnable frame) {
    writing.lock();
    try {
      if (closed) {
        return false;
      }
      frame.run();
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
}
