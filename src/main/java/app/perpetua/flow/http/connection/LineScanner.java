package app.perpetua.flow.http.connection;

import org.jspecify.annotations.Nullable;

/**
 * Splits received bytes into lines that end with CRLF. Other line ends and control characters,
 * which recipients interpret differently, are invalid (RFC 9112, 2.2; RFC 9110, 5.5). The caller
 * limits the length. Not thread-safe.
 */
final class LineScanner {
  private final StringBuilder line = new StringBuilder();
  private boolean afterCarriageReturn;

  /** Takes the next byte; returns the line that it ends, as ISO 8859-1, or null if it ends none. */
  @Nullable String next(byte next) throws InvalidRequestException {
    if (afterCarriageReturn != (next == '\n')) {
      throw new InvalidRequestException("a line does not end with CR and LF");
    }
    if (next == '\n') {
      String complete = line.toString();
      line.setLength(0);
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
    line.append((char) (next & 0xff));
    return null;
  }
}
