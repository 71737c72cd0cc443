package app.perpetua.flow.http.connection;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A request target in origin form (RFC 9112, 3.2.1), or {@code *}.
 *
 * @param value path and query, with characters that RFC 3986 does not allow percent-encoded
 * @param authority host and port of a target in absolute form, which replace the {@code Host}
 *     header (RFC 9112, 3.2.2); null for other forms
 */
record RequestTarget(String value, @Nullable String authority) {
  private static final Pattern ABSOLUTE =
      Pattern.compile("https?://([^/?#]*)(.*)", Pattern.CASE_INSENSITIVE);

  private static final Pattern HOST =
      Pattern.compile(
          "(?:\\[[0-9A-Fa-f:.]+]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)(?::[0-9]{0,5})?");

  private static final int MAX_PORT_DIGITS = 5;

  private static final String SYMBOLS = "-._~!$&'()*+,;=:@/";

  /**
   * Browsers and generated clients send these unencoded in queries (URL standard, query state).
   * They have no other meaning there.
   */
  private static final String UNENCODED_IN_QUERIES = "?\"<>[\\]^`{|}";

  /**
   * Parses a target.
   *
   * @param target in ISO 8859-1
   */
  static RequestTarget parse(String method, String target) throws InvalidRequestException {
    if (target.startsWith("/")) {
      return new RequestTarget(encoded(target), null);
    }
    if (target.equals("*") && method.equals("OPTIONS")) {
      return new RequestTarget(target, null);
    }
    Matcher absolute = ABSOLUTE.matcher(target);
    if (absolute.matches() && isHost(absolute.group(1))) {
      String path = absolute.group(2);
      return new RequestTarget(
          encoded(path.startsWith("/") ? path : "/" + path), absolute.group(1));
    }
    throw new InvalidRequestException(
        "the request target must be a path, or an http or https URL without user information");
  }

  /** Whether the text is a host with an optional port (RFC 9110, 7.2). */
  static boolean isHost(String text) {
    return isPlainHost(text) || HOST.matcher(text).matches();
  }

  /** A usual host name or IPv4 address, perhaps with a port of at most five digits. */
  private static boolean isPlainHost(String text) {
    int port = text.indexOf(':');
    int end = port < 0 ? text.length() : port;
    for (int i = 0; i < end; i++) {
      if (!isAlphanumeric(text.charAt(i)) && text.charAt(i) != '.' && text.charAt(i) != '-') {
        return false;
      }
    }
    for (int i = end + 1; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return end > 0 && text.length() <= end + 1 + MAX_PORT_DIGITS;
  }

  private static String encoded(String target) throws InvalidRequestException {
    int mark = target.indexOf('?');
    if (mark < 0) {
      return encoded("path", target, "");
    }
    return encoded("path", target.substring(0, mark), "")
        + "?"
        + encoded("query", target.substring(mark + 1), UNENCODED_IN_QUERIES);
  }

  private static String encoded(String part, String text, String alsoAllowed)
      throws InvalidRequestException {
    if (isAllowed(text)) {
      return text;
    }
    StringBuilder encoded = new StringBuilder(text.length());
    ByteArrayOutputStream decoded = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '%') {
        decoded.write(escape(part, text, i));
        encoded.append(text, i, i + 3);
        i += 2;
        continue;
      }
      decoded.write(c);
      if (isAllowed(c)) {
        encoded.append(c);
      } else if (alsoAllowed.indexOf(c) >= 0 || (c > 0x7f && !alsoAllowed.isEmpty())) {
        encoded.append('%').append(hex(c));
      } else {
        throw new InvalidRequestException(
            "the "
                + part
                + (c > ' ' && c < 0x7f ? " has the character " + c : " has the byte 0x" + hex(c))
                + ", which must be sent as %"
                + hex(c));
      }
    }
    requireUtf8(part, decoded.toByteArray());
    return encoded.toString();
  }

  private static int escape(String part, String text, int at) throws InvalidRequestException {
    if (at + 2 < text.length()
        && HexFormat.isHexDigit(text.charAt(at + 1))
        && HexFormat.isHexDigit(text.charAt(at + 2))) {
      return HexFormat.fromHexDigits(text, at + 1, at + 3);
    }
    throw new InvalidRequestException(
        "the "
            + part
            + " has the character % without two hexadecimal digits after it; a % itself must be"
            + " sent as %25");
  }

  private static boolean isAllowed(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (!isAllowed(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isAllowed(char c) {
    return isAlphanumeric(c) || SYMBOLS.indexOf(c) >= 0;
  }

  private static boolean isAlphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }

  private static void requireUtf8(String part, byte[] decoded) throws InvalidRequestException {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(decoded));
    } catch (CharacterCodingException e) {
      throw new InvalidRequestException("the " + part + " is not valid UTF-8");
    }
  }

  private static String hex(char c) {
    return HexFormat.of().toHexDigits(c, 2).toUpperCase(Locale.ROOT);
  }
}
