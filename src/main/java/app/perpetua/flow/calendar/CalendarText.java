package app.perpetua.flow.calendar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * What biweekly leaves to its caller: texts without characters that RFC 5545 forbids (section 3.1),
 * and lines of at most 75 octets; biweekly counts characters.
 */
final class CalendarText {
  private static final int MAX_OCTETS = 75;
  private static final byte[] FOLD = {'\r', '\n', ' '};
  private static final int REPLACEMENT = 0xFFFD;

  private CalendarText() {}

  /**
   * A text that may be written: line breaks are LF, control characters are left out except LF and
   * tab, unpaired surrogates are replaced.
   */
  static String allowed(String text) {
    StringBuilder allowed = new StringBuilder(text.length());
    text.replace("\r\n", "\n")
        .replace('\r', '\n')
        .codePoints()
        .filter(c -> c == '\n' || c == '\t' || (c >= ' ' && c != 0x7F))
        .map(c -> Character.getType(c) == Character.SURROGATE ? REPLACEMENT : c)
        .forEach(allowed::appendCodePoint);
    return allowed.toString();
  }

  /** A text as the value of a property of which biweekly knows no type. */
  static String escaped(String allowed) {
    return allowed
        .replace("\\", "\\\\")
        .replace(";", "\\;")
        .replace(",", "\\,")
        .replace("\n", "\\n");
  }

  /** The lines in UTF-8, folded between code points. */
  static byte[] folded(String unfolded) {
    byte[] utf8 = unfolded.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(utf8.length + utf8.length / 16);
    int written = 0;
    int octets = 0;
    int next;
    for (int at = 0; at < utf8.length; at = next) {
      next = at + length(utf8[at]);
      boolean lineBreak = utf8[at] == '\r' || utf8[at] == '\n';
      if (!lineBreak && octets + next - at > MAX_OCTETS) {
        out.write(utf8, written, at - written);
        out.writeBytes(FOLD);
        written = at;
        octets = 1;
      }
      octets = lineBreak ? 0 : octets + next - at;
    }
    out.write(utf8, written, utf8.length - written);
    return out.toByteArray();
  }

  /** The octets of the code point that begins with this one (RFC 3629, section 3). */
  private static int length(byte first) {
    return first >= 0 ? 1 : Integer.numberOfLeadingZeros(~(first << 24));
  }
}
