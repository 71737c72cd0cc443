package app.perpetua.flow.http.connection;

import app.perpetua.flow.base.ErrorCode;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.WritableHeaders;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads one request head. What is certainly not HTTP/1.1 is refused at once; anything else when the
 * whole head has arrived, so that the answer can be one that the client's page may read. Not
 * thread-safe.
 */
final class HeadReader {
  /** Fits the path and a search of some hundred characters, percent-encoded. */
  static final int MAX_REQUEST_LINE_BYTES = 8 * 1024;

  static final int MAX_HEADER_BYTES = 16 * 1024;

  /** Read of a head that exceeds the other limits, for the headers that the answer depends on. */
  private static final int MAX_BYTES = 64 * 1024;

  private final LineScanner lines = new LineScanner();
  private final List<String> headers = new ArrayList<>();
  private @Nullable RequestLine requestLine;
  private boolean afterEmptyLine;
  private int requestLineBytes;
  private int bytes;

  /** Takes the next byte; returns the head that it completes, or null if it completes none. */
  @Nullable RequestHead next(byte next) throws InvalidRequestException {
    bytes++;
    if (bytes > MAX_BYTES) {
      throw requestLine == null ? requestLineTooLong() : headersTooLarge();
    }
    String line = lines.next(next);
    if (line == null) {
      return null;
    }
    RequestLine first = requestLine;
    if (first == null) {
      start(line);
      return null;
    }
    if (!line.isEmpty()) {
      headers.add(line);
      return null;
    }
    if (requestLineBytes > MAX_REQUEST_LINE_BYTES) {
      throw requestLineTooLong();
    }
    if (bytes - requestLineBytes > MAX_HEADER_BYTES) {
      throw headersTooLarge();
    }
    return RequestHead.parse(first, headers);
  }

  /** Ignores one empty line, which some clients send after a body (RFC 9112, 2.2). */
  private void start(String line) throws InvalidRequestException {
    if (line.isEmpty() && !afterEmptyLine) {
      afterEmptyLine = true;
      return;
    }
    requestLineBytes = bytes;
    requestLine = RequestLine.parse(line);
  }

  /** The request so far, for an answer to it. */
  InvalidRequest invalid(InvalidRequestException cause) {
    WritableHeaders<?> valid = WritableHeaders.create();
    for (String line : headers) {
      try {
        HeaderField field = HeaderField.parse(line);
        valid.add(HeaderNames.create(field.name()), field.value());
      } catch (InvalidRequestException e) {
        // Perhaps the cause; the other headers are still of use.
      }
    }
    RequestLine line = requestLine;
    return new InvalidRequest(
        line == null ? "" : line.method(),
        line == null ? "" : line.target(),
        ServerRequestHeaders.create(valid),
        cause.refusal());
  }

  private static InvalidRequestException requestLineTooLong() {
    return new InvalidRequestException(
        414, ErrorCode.VALIDATION_ERROR, "the request line is longer than 8 KiB");
  }

  private static InvalidRequestException headersTooLarge() {
    return new InvalidRequestException(
        431, ErrorCode.HEADERS_TOO_LARGE, "the headers are larger than 16 KiB");
  }
}
