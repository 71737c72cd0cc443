package app.perpetua.flow.http.connection;

import app.perpetua.flow.base.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Decodes a chunked body (RFC 9112, 7.1). Extensions and trailers are ignored. Not thread-safe. */
final class ChunkedBody {
  private enum State {
    SIZE,
    DATA,
    DATA_END,
    TRAILERS,
    COMPLETE
  }

  /** White space is valid only in front of an extension. */
  private static final Pattern SIZE_LINE = Pattern.compile("([0-9A-Fa-f]+)(?:[ \t]*;.*)?");

  /** Larger sizes are refused, whatever they are. */
  private static final int MAX_DIGITS = 15;

  /** A size line of this length has no extension worth limiting. */
  private static final int USUAL_LINE_BYTES = 16;

  /** Of all extensions and trailers together. */
  private static final int MAX_IGNORED_BYTES = 8 * 1024;

  private final LineScanner lines = new LineScanner();
  private State state = State.SIZE;
  private long left;
  private long announced;
  private int lineBytes;
  private int ignored;
  private long maxBytes = RequestBody.MAX_BYTES;

  /** Accepts a body of more bytes than usual. */
  void accept(long bytes) {
    maxBytes = bytes;
  }

  boolean isComplete() {
    return state == State.COMPLETE;
  }

  /**
   * Decodes the next bytes, up to the end of the body.
   *
   * @return the index after the last byte that belongs to the body
   */
  int decode(byte[] bytes, int from, ByteArrayOutputStream data) throws InvalidRequestException {
    int i = from;
    while (i < bytes.length && state != State.COMPLETE) {
      if (state == State.DATA) {
        int length = (int) Math.min(left, bytes.length - i);
        data.write(bytes, i, length);
        i += length;
        left -= length;
        if (left == 0) {
          state = State.DATA_END;
        }
      } else {
        line(bytes[i]);
        i++;
      }
    }
    return i;
  }

  private void line(byte next) throws InvalidRequestException {
    if (state == State.DATA_END && next != '\r' && next != '\n') {
      throw new InvalidRequestException("the data of a chunk does not end with CR and LF");
    }
    lineBytes++;
    if (lineBytes > USUAL_LINE_BYTES || state == State.TRAILERS) {
      ignored++;
    }
    if (ignored > MAX_IGNORED_BYTES) {
      throw new InvalidRequestException("the chunk extensions or trailers are too long");
    }
    String line = lines.next(next);
    if (line != null) {
      lineBytes = 0;
      state = after(line);
    }
  }

  private State after(String line) throws InvalidRequestException {
    return switch (state) {
      case SIZE -> {
        left = size(line);
        announced += left;
        if (announced > maxBytes) {
          throw new InvalidRequestException(
              413, ErrorCode.PAYLOAD_TOO_LARGE, RequestBody.tooLargeMessage(maxBytes));
        }
        yield left == 0 ? State.TRAILERS : State.DATA;
      }
      case TRAILERS -> {
        if (line.isEmpty()) {
          yield State.COMPLETE;
        }
        HeaderField.parse(line);
        yield State.TRAILERS;
      }
      case DATA_END -> State.SIZE;
      case DATA, COMPLETE -> throw new IllegalStateException("not in a line");
    };
  }

  private static long size(String line) throws InvalidRequestException {
    Matcher matcher = SIZE_LINE.matcher(line);
    if (!matcher.matches() || matcher.group(1).length() > MAX_DIGITS) {
      throw new InvalidRequestException("the size of a chunk is not valid");
    }
    return Long.parseLong(matcher.group(1), 16);
  }
}
