package app.perpetua.flow.http.connection;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Splits received bytes into lines that end with CRLF. Other line ends and control characters,
 * which recipients interpret differently, are invalid (RFC 9112, 2.2; RFC 9110, 5.5). The caller
 * limits the length. Not thread-safe.
 */
final class LineScanner {
  private byte[] line = new byte[256];
  private int length;
  private boolean afterCarriageReturn;

  /** Takes the next byte; returns the line that it ends, as ISO 8859-1, or null if it ends none. */
  @Nullable String next(byte next) throws InvalidRequestException {
    if (afterCarriageReturn != (next == '\n')) {
      throw new InvalidRequestException("a line does not end with CR and LF");
    }
    if (next == '\n') {
      String complete = new String(line, 0, length, StandardCharsets.ISO_8859_1);
      length = 0;
      afterCarriageReturn = false;
      return complete;
    }
    if (next == '\r') {
      afterCarriageReturn = true;
      return null;
    }
    if ((next >= 0 && next < ' ' && next != '\t') || next == 0x7f) {
      throw new InvalidRequestException("a line has a control character");
    }
    if (length == line.length) {
      line = Arrays.copyOf(line, 2 * length);
    }
    line[length++] = next;
    return null;
  }
}
