package app.perpetua.flow.http.websocket;

import app.perpetua.flow.base.TraceContext;
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
 * Reads a WebSocket (RFC 6455): passes the client's messages and control frames to the handler, up
 * to its close frame. After a close frame has been sent, from any thread, input is discarded until
 * the client's close frame arrives; {@link ClientConnection#closeSoon} limits that wait. The server
 * then closes the connection (section 7.1.1). Confined to the connection's thread, except where a
 * method says otherwise.
 */
final class WebSocketConnection implements ServerConnection {
  private static final System.Logger LOG = System.getLogger(WebSocketConnection.class.getName());

  private final ClientConnection client;
  private final WebSocketHandler handler;
  private final TraceContext trace;
  private final ClientSocket socket;
  private final FrameReader frames;
  private final ByteArrayOutputStream message = new ByteArrayOutputStream();

  /** Opcode of the message being assembled; {@code CONTINUATION} if there is none. */
  private int assembling = FrameReader.CONTINUATION;

  private boolean tooLarge;
  private boolean handlerClosed;
  private volatile long receivedNanos = System.nanoTime();

  /**
   * @param trace the span of the messages
   */
  WebSocketConnection(ClientConnection client, WebSocketHandler handler, TraceContext trace) {
    this.trace = trace;
    this.client = client;
    this.handler = handler;
    this.socket = new ClientSocket(client);
    this.frames = new FrameReader(client.dataReader(), client::releaseInput);
  }

  @Override
  public void handle(Limit limit) {
    trace.run(this::handleInTrace);
  }

  private void handleInTrace() {
    try {
      open();
      boolean more = true;
      while (more) {
        more = receive();
      }
      client.abort();
    } finally {
      closeHandler();
    }
  }

  private void open() {
    try {
      handler.onOpen(socket);
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  /** Handles one frame; returns false after the client's close frame. */
  private boolean receive() {
    try {
      Frame frame = frames.next(this::limit);
      receivedNanos = System.nanoTime();
      if (frame.opcode() == FrameReader.CLOSE) {
        closeHandler();
        answerClose(frame.payload());
        return false;
      }
      if (!socket.isClosed()) {
        deliver(frame);
      }
      if (assembling == FrameReader.CONTINUATION) {
        client.releaseInput();
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

  private int limit(int opcode) {
    if (socket.isClosed() || tooLarge) {
      return 0;
    }
    int kind = opcode == FrameReader.CONTINUATION ? assembling : opcode;
    int max = kind == FrameReader.TEXT ? handler.maxTextBytes() : handler.maxBinaryBytes();
    return max - message.size();
  }

  private void deliver(Frame frame) throws Violation {
    if (!handler.onFrame()) {
      return;
    }
    switch (frame.opcode()) {
      case FrameReader.PING -> handler.onPing(frame.payload());
      case FrameReader.PONG -> {}
      default -> {
        checkOrder(frame.opcode());
        append(frame);
      }
    }
  }

  /** The fragments of a message must not be interleaved with others (section 5.4). */
  private void checkOrder(int opcode) throws Violation {
    boolean started = assembling != FrameReader.CONTINUATION;
    if (started != (opcode == FrameReader.CONTINUATION)) {
      throw new Violation(
          ClientSocket.PROTOCOL_ERROR,
          started ? "new message inside a fragmented one" : "continuation without a message");
    }
    if (!started) {
      assembling = opcode;
    }
  }

  private void append(Frame frame) throws Violation {
    if (!frame.fits() && !tooLarge) {
      tooLarge = true;
      handler.onMessageTooLarge();
    }
    message.writeBytes(frame.payload());
    if (!frame.last()) {
      return;
    }
    int opcode = assembling;
    byte[] whole = message.toByteArray();
    boolean skip = tooLarge;
    message.reset();
    assembling = FrameReader.CONTINUATION;
    tooLarge = false;
    if (skip) {
      return;
    }
    if (opcode == FrameReader.TEXT) {
      handler.onText(utf8(ByteBuffer.wrap(whole)));
    } else {
      handler.onBinary(whole);
    }
  }

  /** Echoes the client's close code (section 5.5.1), or reports an invalid close frame. */
  private void answerClose(byte[] payload) {
    try {
      if (payload.length == 0) {
        socket.close();
        return;
      }
      if (payload.length == 1) {
        throw new Violation(ClientSocket.PROTOCOL_ERROR, "truncated close code");
      }
      ByteBuffer body = ByteBuffer.wrap(payload);
      int code = body.getShort() & 0xffff;
      if (!isSendable(code)) {
        throw new Violation(ClientSocket.PROTOCOL_ERROR, "invalid close code");
      }
      utf8(body);
      socket.close(code, "");
    } catch (Violation e) {
      socket.close(e.code(), e.reason());
    }
  }

  /** Whether a close frame may carry the code (section 7.4). */
  private static boolean isSendable(int code) {
    return (code >= 1000 && code <= 1003)
        || (code >= 1007 && code <= 1014)
        || (code >= 3000 && code <= 4999);
  }

  private static String utf8(ByteBuffer bytes) throws Violation {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new Violation(ClientSocket.INVALID_PAYLOAD, "invalid UTF-8");
    }
  }

  private void fail(Violation violation) {
    socket.close(violation.code(), violation.reason());
    closeHandler();
  }

  private void fail(RuntimeException bug) {
    LOG.log(System.Logger.Level.ERROR, "WebSocket handler failed", bug);
    socket.close(ClientSocket.INTERNAL_ERROR, "internal error");
    closeHandler();
  }

  private void closeHandler() {
    if (!handlerClosed) {
      handlerClosed = true;
      handler.onClose();
    }
  }

  @Override
  @Deprecated
  @SuppressWarnings("removal")
  public void handle(java.util.concurrent.Semaphore permits) {
    // Superseded by handle(Limit), which Helidon's listener calls.
    throw new UnsupportedOperationException();
  }

  /** May be called by any thread. */
  @Override
  public Duration idleTime() {
    return Duration.ofNanos(System.nanoTime() - receivedNanos);
  }

  /** Does not interrupt a closing handshake unless forced. May be called by any thread. */
  @Override
  public void close(boolean interrupt) {
    if (interrupt || !socket.isClosed()) {
      client.abort();
    }
  }
}
