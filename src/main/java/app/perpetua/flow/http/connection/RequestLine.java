package app.perpetua.flow.http.connection;

import app.perpetua.flow.base.ErrorCode;
import java.util.regex.Pattern;

/**
 * A request line (RFC 9112, section 3).
 *
 * @param method a token
 * @param target not validated
 */
record RequestLine(String method, String target) {
  private static final Pattern VERSION = Pattern.compile("HTTP/[0-9]\\.[0-9]");

  static RequestLine parse(String line) throws InvalidRequestException {
    String[] parts = line.split(" ", -1);
    if (parts.length != 3 || parts[1].isEmpty()) {
      throw new InvalidRequestException(
          "the request line must be a method, a target and HTTP/1.1, separated by single spaces;"
              + " a space in a URL is sent as %20");
    }
    String method = parts[0];
    if (!HeaderField.isToken(method)) {
      throw new InvalidRequestException("the method is not valid");
    }
    if (parts[2].equals("HTTP/1.1")) {
      return new RequestLine(method, parts[1]);
    }
    if (!VERSION.matcher(parts[2]).matches()) {
      throw new InvalidRequestException("the request line does not end with HTTP/1.1");
    }
    throw new InvalidRequestException(
        505, ErrorCode.VALIDATION_ERROR, "only HTTP/1.1 is supported");
  }

  /** Checks that the method is one that a route could have. */
  void requireRoutable() throws InvalidRequestException {
    // Helidon converts methods to upper case, so that "get" would run as GET.
    if (method.chars().anyMatch(c -> c >= 'a' && c <= 'z')) {
      throw new InvalidRequestException("the method is not known; methods are in upper case");
    }
    if (method.equals("CONNECT")) {
      throw new InvalidRequestException(
          501, ErrorCode.VALIDATION_ERROR, "the method CONNECT is not supported");
    }
  }
}
