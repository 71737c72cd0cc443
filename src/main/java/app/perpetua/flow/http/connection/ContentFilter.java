package app.perpetua.flow.http.connection;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.http.WritableHeaders;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Removes what Helidon writes into responses without content: the body of a response to {@code
 * HEAD}, and the length of 0 of 204 and 304 (RFC 9110, section 8.6: the former has no length, the
 * latter that of the representation). Passes all other output on. Confined to the connection's
 * thread until the connection is upgraded.
 */
final class ContentFilter implements DataWriter {
  private enum State {
    WHOLE,
    HEADERS_ONLY,
    BODY_DROPPED
  }

  private final Consumer<BufferData> output;
  private boolean head;
  private boolean withoutLength;
  private State state = State.WHOLE;

  ContentFilter(Consumer<BufferData> output) {
    this.output = output;
  }

  void requestStarted(Method method) {
    head = method.equals(Method.HEAD);
  }

  void responseStarted(Status status) {
    withoutLength =
        status.code() == Status.NO_CONTENT_204.code()
            || status.code() == Status.NOT_MODIFIED_304.code();
    state = head ? State.HEADERS_ONLY : State.WHOLE;
    head = false;
  }

  void responseHeaders(Headers headers) {
    if (withoutLength && headers instanceof WritableHeaders<?> writable) {
      writable.remove(HeaderNames.CONTENT_LENGTH);
    }
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
