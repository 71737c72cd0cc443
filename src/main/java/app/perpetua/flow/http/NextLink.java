package app.perpetua.flow.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import java.util.stream.Collectors;

/** The {@code Link} header of a page that is followed by another one (RFC 8288). */
final class NextLink {
  private static final Set<String> PLACES = Set.of("offset", "cursor");

  private NextLink() {}

  /**
   * Returns the header's value. The target is an absolute-path reference, which is right behind any
   * proxy that keeps the path.
   *
   * @param path of the request as sent
   * @param query of the request as sent, without the question mark; its other parameters are kept
   */
  static String of(String path, String query, String parameter, String value) {
    String kept =
        Arrays.stream(query.split("&"))
            .filter(part -> !part.isEmpty() && !PLACES.contains(name(part)))
            .map(part -> part + "&")
            .collect(Collectors.joining());
    return "<" + encoded(path + "?" + kept + parameter + "=" + value) + ">; rel=\"next\"";
  }

  private static String name(String part) {
    try {
      return URLDecoder.decode(part.split("=", 2)[0], StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return part;
    }
  }

  /** Encodes what a URI must not contain (RFC 3986), which lenient clients send. */
  static String encoded(String reference) {
    StringBuilder encoded = new StringBuilder(reference.length());
    for (byte octet : reference.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (octet & 0xff);
      if (c < 0x80 && (Character.isLetterOrDigit(c) || "-._~!$&'()*+,;=:@/%?".indexOf(c) >= 0)) {
        encoded.append(c);
      } else {
        encoded.append('%').append(HexFormat.of().withUpperCase().toHexDigits(octet));
      }
    }
    return encoded.toString();
  }
}
