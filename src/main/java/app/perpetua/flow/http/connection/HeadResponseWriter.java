package app.perpetua.flow.http.connection;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import io.helidon.http.Method;
import java.util.function.Consumer;

/**
 * Passes a connection's output on, but of a response to {@code HEAD} only the headers: Helidon
 * writes the body as well. Confined to the connection's thread until the connection is upgraded.
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
    int end = 0;
    while (end < bytes.length
        && !(end >= 4
            && bytes[end - 4] == '\r'
            && bytes[end - 3] == '\n'
            && bytes[end - 2] == '\r'
            && bytes[end - 1] == '\n')) {
      end++;
    }
    return BufferData.create(bytes, 0, end);
  }
}
