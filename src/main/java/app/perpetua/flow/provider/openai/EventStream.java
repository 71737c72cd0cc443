package app.perpetua.flow.provider.openai;

import app.perpetua.flow.assistant.Failure;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Optional;
import java.util.Queue;

/**
 * Parses server-sent events (WHATWG HTML, section 9.2) from chunks of any size. Keeps an event's
 * data only, in which OpenAI repeats the event's type. Events without data, or with blank data,
 * keep a connection open and are dropped like comments. Not thread-safe.
 */
final class EventStream {
  private static final byte[] DATA = "data".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final int maxBytes;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final StringBuilder data = new StringBuilder();
  private final Queue<String> events = new ArrayDeque<>();
  private boolean hasData;
  private boolean isFirstLine = true;
  private boolean wasCarriageReturn;

  /**
   * @param maxBytes of a line, and of an event's data
   */
  EventStream(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  void feed(ByteBuffer bytes) throws ModelCallException {
    while (bytes.hasRemaining()) {
      byte b = bytes.get();
      if (b == '\n' && wasCarriageReturn) {
        wasCarriageReturn = false;
        continue;
      }
      wasCarriageReturn = b == '\r';
      if (b == '\n' || b == '\r') {
        endLine();
      } else if (line.size() + data.length() < maxBytes) {
        line.write(b);
      } else {
        throw new ModelCallException(new Failure.TooLarge());
      }
    }
  }

  /** The data of the next complete event; empty if none is complete. */
  Optional<String> poll() {
    return Optional.ofNullable(events.poll());
  }

  private void endLine() {
    byte[] bytes = line.toByteArray();
    line.reset();
    int start = isFirstLine && startsWith(bytes, 0, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
    isFirstLine = false;
    if (bytes.length == start) {
      String complete = data.toString();
      if (!complete.isBlank()) {
        events.add(complete);
      }
      data.setLength(0);
      hasData = false;
      return;
    }
    int end = start + DATA.length;
    if (startsWith(bytes, start, DATA) && (bytes.length == end || bytes[end] == ':')) {
      int value = Math.min(bytes.length, end + 1);
      if (value < bytes.length && bytes[value] == ' ') {
        value++;
      }
      if (hasData) {
        data.append('\n');
      }
      hasData = true;
      data.append(new String(bytes, value, bytes.length - value, StandardCharsets.UTF_8));
    }
  }

  private static boolean startsWith(byte[] bytes, int from, byte[] start) {
    return bytes.length - from >= start.length
        && Arrays.equals(bytes, from, from + start.length, start, 0, start.length);
  }
}
