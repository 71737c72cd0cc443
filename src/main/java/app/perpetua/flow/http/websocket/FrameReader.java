package app.perpetua.flow.http.websocket;

import io.helidon.common.buffers.DataReader;
import java.util.function.IntUnaryOperator;

/**
 * Reads a client's frames (RFC 6455, section 5.2). A frame that violates the protocol or exceeds
 * its size limit is skipped without being stored. Confined to the connection's thread.
 */
final class FrameReader {
  static final int CONTINUATION = 0x0;
  static final int TEXT = 0x1;
  static final int BINARY = 0x2;
  static final int CLOSE = 0x8;
  static final int PING = 0x9;
  static final int PONG = 0xa;

  /** RFC 6455, section 5.5. */
  static final int MAX_CONTROL = 125;

  static final int FINAL = 0x80;
  static final int LENGTH_IN_TWO_BYTES = 126;
  static final int LENGTH_IN_EIGHT_BYTES = 127;

  private static final int RESERVED = 0x70;
  private static final int MASKED = 0x80;

  /**
   * A frame.
   *
   * @param last whether it is the last of its message
   * @param payload unmasked; empty if it exceeds the limit
   * @param fits whether the payload is within the limit
   */
  record Frame(int opcode, boolean last, byte[] payload, boolean fits) {}

  /** A violation of the protocol, with the code and reason of the close frame. */
  static final class Violation extends Exception {
    private static final long serialVersionUID = 1L;

    private final int code;

    Violation(int code, String reason) {
      super(reason, null, false, false);
      this.code = code;
    }

    int code() {
      return code;
    }

    String reason() {
      return String.valueOf(getMessage());
    }
  }

  private final DataReader reader;
  private final Runnable onRelease;
  private long unread;

  /**
   * @param onRelease called when no input is buffered any more
   */
  FrameReader(DataReader reader, Runnable onRelease) {
    this.reader = reader;
    this.onRelease = onRelease;
  }

  /**
   * Waits for the next frame.
   *
   * @param limit the maximum payload of a data frame of that opcode, in bytes
   * @throws Violation after skipping the frame
   */
  Frame next(IntUnaryOperator limit) throws Violation {
    skip();
    int first = octet();
    int second = octet();
    int opcode = first & 0x0f;
    boolean last = (first & FINAL) != 0;
    long length = length(second & 0x7f);
    if (length < 0) {
      // The start of the next frame is unknown.
      unread = Long.MAX_VALUE;
      throw new Violation(ClientSocket.PROTOCOL_ERROR, "negative payload length");
    }
    unread = length;
    if ((first & RESERVED) != 0 || !isShortest(second & 0x7f, length)) {
      unread += (second & MASKED) == 0 ? 0 : Math.min(4, Long.MAX_VALUE - length);
      throw new Violation(
          ClientSocket.PROTOCOL_ERROR,
          (first & RESERVED) != 0
              ? "reserved bits are set"
              : "payload length is not in its shortest form");
    }
    if ((second & MASKED) == 0) {
      throw new Violation(ClientSocket.PROTOCOL_ERROR, "frame is not masked");
    }
    byte[] mask = {reader.read(), reader.read(), reader.read(), reader.read()};
    switch (opcode) {
      case CONTINUATION, TEXT, BINARY -> {
        if (length > limit.applyAsInt(opcode)) {
          return new Frame(opcode, last, new byte[0], false);
        }
      }
      case CLOSE, PING, PONG -> {
        if (length > MAX_CONTROL) {
          throw new Violation(ClientSocket.PROTOCOL_ERROR, "control frame over 125 bytes");
        }
        if (!last) {
          throw new Violation(ClientSocket.PROTOCOL_ERROR, "fragmented control frame");
        }
      }
      default -> throw new Violation(ClientSocket.PROTOCOL_ERROR, "unknown opcode");
    }
    unread = 0;
    byte[] payload = length == 0 ? new byte[0] : reader.readBuffer((int) length).readBytes();
    for (int i = 0; i < payload.length; i++) {
      payload[i] ^= mask[i % 4];
    }
    return new Frame(opcode, last, payload, true);
  }

  private static boolean isShortest(int start, long length) {
    return switch (start) {
      case LENGTH_IN_TWO_BYTES -> length >= LENGTH_IN_TWO_BYTES;
      case LENGTH_IN_EIGHT_BYTES -> length >= 1 << 16;
      default -> true;
    };
  }

  private void skip() {
    while (unread > 0) {
      reader.ensureAvailable();
      int step = (int) Math.min(unread, reader.available());
      reader.skip(step);
      unread -= step;
      onRelease.run();
    }
  }

  private int octet() {
    return reader.read() & 0xff;
  }

  private long length(int start) {
    if (start < LENGTH_IN_TWO_BYTES) {
      return start;
    }
    long length = 0;
    for (int left = start == LENGTH_IN_TWO_BYTES ? 2 : 8; left > 0; left--) {
      length = length << 8 | octet();
    }
    return length;
  }
}
