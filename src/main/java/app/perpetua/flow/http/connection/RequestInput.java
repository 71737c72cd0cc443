package app.perpetua.flow.http.connection;

import io.helidon.http.RequestException;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.CloseConnectionException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Validates what a client sends before Helidon reads it, and divides it into requests: Helidon gets
 * whole heads, then the bytes of that request's body, and never bytes of the next request. Helidon
 * alone accepts much that RFC 9112 forbids, and refuses some that it allows
 * (docs/decisions/request-framing.md). Not thread-safe.
 */
final class RequestInput {
  private static final byte[] NONE = {};

  private sealed interface State {
    /** Between two requests. */
    record Idle() implements State {}

    record Head(HeadReader reader) implements State {}

    record Body(long left) implements State {}

    record Chunks(ChunkedBody body) implements State {}

    /** After an upgrade. */
    record Upgraded() implements State {}

    record Invalid() implements State {}
  }

  private final Supplier<byte[]> source;
  private final Runnable onRequest;

  /** Received bytes; those from {@code position} have not been processed. */
  private byte[] received = NONE;

  private int position;
  private State state = new State.Idle();

  /**
   * @param source waits for the next bytes of the client, at least one
   * @param onRequest called when the first byte of a request has arrived
   */
  RequestInput(Supplier<byte[]> source, Runnable onRequest) {
    this.source = source;
    this.onRequest = onRequest;
  }

  /** Whether all requests so far are complete, and nothing of the next has arrived. */
  boolean isIdle() {
    return state instanceof State.Idle && position == received.length;
  }

  /** Whether a request has begun and not all of it has been passed on. */
  boolean isIncomplete() {
    return !(state instanceof State.Idle);
  }

  /** Accepts a body of more bytes than usual in the current request. */
  void acceptUpload(long maxBytes) {
    if (state instanceof State.Chunks(ChunkedBody body)) {
      body.accept(maxBytes);
    }
  }

  /** Passes everything on unchanged from now on. */
  void upgraded() {
    state = new State.Upgraded();
  }

  /**
   * Waits for the next bytes for Helidon.
   *
   * @throws RequestException if the request is invalid; nothing can be read after it
   */
  byte[] next() {
    return switch (state) {
      case State.Idle _ -> head();
      case State.Head(HeadReader reader) -> head(reader);
      case State.Body(long left) -> body(left);
      case State.Chunks(ChunkedBody body) -> chunk(body);
      case State.Upgraded _ -> unread();
      case State.Invalid _ -> throw new CloseConnectionException("the request is invalid");
    };
  }

  private byte[] head() {
    fill();
    HeadReader reader = new HeadReader();
    state = new State.Head(reader);
    onRequest.run();
    return head(reader);
  }

  private byte[] head(HeadReader reader) {
    try {
      RequestHead head = null;
      while (head == null) {
        fill();
        head = reader.next(received[position]);
        position++;
      }
      state =
          head.bodyBytes() == RequestHead.CHUNKED
              ? new State.Chunks(new ChunkedBody())
              : afterBody(head.bodyBytes());
      return head.bytes();
    } catch (InvalidRequestException e) {
      state = new State.Invalid();
      throw e.answer(reader.invalid(e));
    }
  }

  private byte[] body(long left) {
    fill();
    int length = (int) Math.min(left, received.length - position);
    state = afterBody(left - length);
    position += length;
    return Arrays.copyOfRange(received, position - length, position);
  }

  private static State afterBody(long left) {
    return left == 0 ? new State.Idle() : new State.Body(left);
  }

  /** The data that has arrived, as one chunk, and the last chunk if the body is complete. */
  private byte[] chunk(ChunkedBody body) {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    try {
      while (data.size() == 0 && !body.isComplete()) {
        fill();
        position = body.decode(received, position, data);
      }
    } catch (InvalidRequestException e) {
      state = new State.Invalid();
      throw e.answer(new InvalidRequest("", "", ServerRequestHeaders.create(), e.refusal()));
    }
    ByteArrayOutputStream chunk = new ByteArrayOutputStream(data.size() + 16);
    if (data.size() > 0) {
      chunk.writeBytes(ascii(Integer.toHexString(data.size()) + "\r\n"));
      chunk.writeBytes(data.toByteArray());
      chunk.writeBytes(ascii("\r\n"));
    }
    if (body.isComplete()) {
      chunk.writeBytes(ascii("0\r\n\r\n"));
      state = new State.Idle();
    }
    return chunk.toByteArray();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private byte[] unread() {
    fill();
    byte[] bytes = Arrays.copyOfRange(received, position, received.length);
    position = received.length;
    return bytes;
  }

  /** Waits until there are unprocessed bytes. */
  private void fill() {
    if (position == received.length) {
      received = NONE;
      position = 0;
      received = source.get();
    }
  }
}
