package app.perpetua.flow.http.websocket;

import app.perpetua.flow.http.connection.ClientConnection;
import app.perpetua.flow.http.websocket.FrameReader.Frame;
import app.perpetua.flow.http.websocket.FrameReader.Violation;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.spi.ServerConnection;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The reading side of a WebSocket (RFC 6455): frames become messages and control events of its
 * handler, up to the client's close frame. Once our own close frame has been sent, from any thread,
 * what the client still sends is read and dropped until its close frame comes; {@link
 * ClientConnection#cutSoon} bounds that wait. After both, the server closes the connection first
 * (section 7.1.1). Confined to the connection's thread, except for what says otherwise.
 */
final class WebSocketConnection implements ServerConnection {
  private static final System.Logger LOG = System.getLogger(WebSocketConnection.class.getName());

  private final ClientConnection client;
  private final WebSocketHandler handler;
  private final ClientSocket socket;
  private final FrameReader frames;
  private final ByteArrayOutputStream message = new ByteArrayOutputStream();

  /** Opcode of the message that is being collected; a continuation if there is none. */
  private int collecting = FrameReader.CONTINUATION;

  private boolean dropping;
  private boolean gone;
  private volatile long receivedNanos = System.nanoTime();

  WebSocketConnection(ClientConnection client, WebSocketHandler handler) {
    this.client = client;
    this.handler = handler;
    this.socket = new ClientSocket(client);
    this.frames = new FrameReader(client.dataReader(), client::released);
  }

  @Override
  public void handle(Limit limit) {
    try {
      open();
      boolean more = true;
      while (more) {
        more = receive();
      }
      // Neither side has anything left to say, so there is nothing to wait for.
      client.cut();
    } finally {
      gone();
    }
  }

  private void open() {
    try {
      handler.onOpen(socket);
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  /** False once the client has sent its close frame. */
  private boolean receive() {
    try {
      Frame frame = frames.next(this::room);
      receivedNanos = System.nanoTime();
      if (frame.opcode() == FrameReader.CLOSE) {
        gone();
        answerClose(frame.payload());
        return false;
      }
      if (!socket.isClosed()) {
        deliver(frame);
      }
      if (collecting == FrameReader.CONTINUATION) {
        client.released();
      }
    } catch (Violation e) {
      fail(e);
    } catch (CloseConnectionException e) {
      throw e;
    } catch (RuntimeException e) {
      fail(e);
    }
    return true;
  }

  private int room(int opcode) {
    if (socket.isClosed() || dropping) {
      return 0;
    }
    int kind = opcode == FrameReader.CONTINUATION ? collecting : opcode;
    int most = kind == FrameReader.TEXT ? handler.maxTextBytes() : handler.maxBinaryBytes();
    return most - message.size();
  }

  private void deliver(Frame frame) throws Violation {
    if (!handler.onFrame()) {
      return;
    }
    switch (frame.opcode()) {
      case FrameReader.PING -> handler.onPing(frame.payload());
      case FrameReader.PONG -> {}
      default -> {
        follows(frame.opcode());
        collect(frame);
      }
    }
  }

  /** Fragments of one message follow each other (section 5.4). */
  private void follows(int opcode) throws Violation {
    boolean begun = collecting != FrameReader.CONTINUATION;
    if (begun != (opcode == FrameReader.CONTINUATION)) {
      throw new Violation(
          ClientSocket.PROTOCOL_ERROR,
          begun ? "a message inside another" : "a continuation of nothing");
    }
    if (!begun) {
      collecting = opcode;
    }
  }

  private void collect(Frame frame) throws Violation {
    if (!frame.fits() && !dropping) {
      dropping = true;
      handler.onMessageTooLarge();
    }
    message.writeBytes(frame.payload());
    if (!frame.last()) {
      return;
    }
    int opcode = collecting;
    byte[] whole = message.toByteArray();
    boolean dropped = dropping;
    message.reset();
    collecting = FrameReader.CONTINUATION;
    dropping = false;
    if (dropped) {
      return;
    }
    if (opcode == FrameReader.TEXT) {
      handler.onText(utf8(ByteBuffer.wrap(whole)));
    } else {
      handler.onBinary(whole);
    }
  }

  /** Sends back what the client closed with (section 5.5.1), or what is wrong with it. */
  private void answerClose(byte[] payload) {
    try {
      if (payload.length == 0) {
        socket.close();
        return;
      }
      if (payload.length == 1) {
        throw new Violation(ClientSocket.PROTOCOL_ERROR, "half a close code");
      }
      ByteBuffer body = ByteBuffer.wrap(payload);
      int code = body.getShort() & 0xffff;
      if (!mayBeSent(code)) {
        throw new Violation(ClientSocket.PROTOCOL_ERROR, "an invalid close code");
      }
      utf8(body);
      socket.close(code, "");
    } catch (Violation e) {
      socket.close(e.code(), e.reason());
    }
  }

  /** Registered, or for libraries and applications: section 7.4. */
  private static boolean mayBeSent(int code) {
    return (code >= 1000 && code <= 1003)
        || (code >= 1007 && code <= 1014)
        || (code >= 3000 && code <= 4999);
  }

  private static String utf8(ByteBuffer bytes) throws Violation {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new Violation(ClientSocket.INVALID_PAYLOAD, "text that is not UTF-8");
    }
  }

  private void fail(Violation why) {
    socket.close(why.code(), why.reason());
    gone();
  }

  private void fail(RuntimeException bug) {
    LOG.log(System.Logger.Level.ERROR, "a WebSocket's handler failed", bug);
    socket.close(ClientSocket.INTERNAL_ERROR, "internal error");
    gone();
  }

  private void gone() {
    if (!gone) {
      gone = true;
      handler.onClose();
    }
  }

  @Override
  @Deprecated
  @SuppressWarnings("removal")
  public void handle(java.util.concurrent.Semaphore permits) {
    // Helidon's older way in, which its listener does not take any more.
    throw new UnsupportedOperationException();
  }

  /** To be called by any thread. */
  @Override
  public Duration idleTime() {
    return Duration.ofNanos(System.nanoTime() - receivedNanos);
  }

  /** To be called by any thread. A closing handshake that has begun is left its time. */
  @Override
  public void close(boolean interrupt) {
    if (interrupt || !socket.isClosed()) {
      client.cut();
    }
  }
}
