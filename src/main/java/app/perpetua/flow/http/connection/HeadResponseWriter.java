package app.perpetua.flow.http.connection;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import io.helidon.http.Method;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Removes the body from responses to {@code HEAD}, which Helidon writes, and passes all other
 * output on. Confined to the connection's thread until the connection is upgraded.
 */
final class HeadResponseWriter implements DataWriter {
  private enum State {
    WHOLE,
    HEADERS_ONLY,
    BODY_DROPPED
  }

  private final Consumer<BufferData> output;
  private boolean head;
  private State state = State.WHOLE;

  HeadResponseWriter(Consumer<BufferData> output) {
    this.output = output;
  }

  void requestStarted(Method method) {
    head = method.equals(Method.HEAD);
  }

  void responseStarted() {
    state = head ? State.HEADERS_ONLY : State.WHOLE;
    head = false;
  }

  @Override
  public void write(BufferData... buffers) {
    write(BufferData.create(buffers));
  }

  @Override
  public void writeNow(BufferData... buffers) {
    write(BufferData.create(buffers));
  }

  @Override
  public void writeNow(BufferData buffer) {
    write(buffer);
  }

  @Override
  public void write(BufferData buffer) {
    switch (state) {
      case WHOLE -> output.accept(buffer);
      case HEADERS_ONLY -> {
        state = State.BODY_DROPPED;
        output.accept(headersOf(buffer));
      }
      case BODY_DROPPED -> {}
    }
  }

  /** Helidon writes all headers in one buffer, followed by the start of the body. */
  private static BufferData headersOf(BufferData buffer) {
    byte[] bytes = buffer.readBytes();
    String blankLine = "\r\n\r\n";
    int start = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(blankLine);
    return start < 0
        ? BufferData.create(bytes)
        : BufferData.create(bytes, 0, start + blankLine.length());
  }
}
