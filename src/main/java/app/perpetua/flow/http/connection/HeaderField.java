package app.perpetua.flow.http.connection;

import java.util.Locale;

/**
 * A header or trailer field (RFC 9112, section 5).
 *
 * @param lowerCase the name in lower case
 * @param value without the white space around it
 */
record HeaderField(String name, String lowerCase, String value) {
  private static final String TOKEN_SYMBOLS = "!#$%&'*+-.^_`|~";

  /**
   * Parses a line.
   *
   * @param line without control characters
   */
  static HeaderField parse(String line) throws InvalidRequestException {
    if (line.startsWith(" ") || line.startsWith("\t")) {
      throw new InvalidRequestException("a header is continued on a second line");
    }
    int colon = line.indexOf(':');
    if (colon < 0) {
      throw new InvalidRequestException("a header has no colon");
    }
    String name = line.substring(0, colon);
    if (name.isEmpty()) {
      throw new InvalidRequestException("a header has an empty name");
    }
    if (!isToken(name)) {
      throw new InvalidRequestException(
          "a header's name has a character that is not allowed, such as a space before the colon");
    }
    return new HeaderField(name, name.toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
  }

  /** Whether it has this name, which is in lower case. */
  boolean is(String other) {
    return lowerCase.equals(other);
  }

  /** Whether the text is a token (RFC 9110, 5.6.2). */
  static boolean isToken(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (!isTokenCharacter(text.charAt(i))) {
        return false;
      }
    }
    return !text.isEmpty();
  }

  private static boolean isTokenCharacter(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || TOKEN_SYMBOLS.indexOf(c) >= 0;
  }
}
