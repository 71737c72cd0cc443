package app.perpetua.flow.base;

import java.util.regex.Pattern;

/** A configured secret, which {@link #toString()} shows as {@code ***}. */
public record Secret(String value) {
  private static final Pattern HEADER_VALUE = Pattern.compile("[!-~]{1,1000}");

  /**
   * Parses a key that is sent in an HTTP header, without white space around it. Refuses one that is
   * not a valid header value, because the JDK's HTTP client would quote it in an exception.
   *
   * @throws IllegalArgumentException without the key in its message
   */
  public static Secret ofHeader(String text) {
    String key = text.strip();
    if (!HEADER_VALUE.matcher(key).matches()) {
      throw new IllegalArgumentException("must be printable ASCII without spaces");
    }
    return new Secret(key);
  }

  @Override
  public String toString() {
    return "***";
  }
}
