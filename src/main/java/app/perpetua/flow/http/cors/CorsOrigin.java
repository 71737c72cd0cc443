package app.perpetua.flow.http.cors;

import java.net.IDN;
import java.net.InetAddress;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parses the origins of pages that may read responses. */
public final class CorsOrigin {
  /** RFC 3986, appendix B, with an authority. */
  private static final Pattern URL =
      Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(\\?[^#]*)?(#.*)?");

  private static final Pattern HOST_AND_PORT =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[^\\[\\]:@\\s]+)(?::([0-9]{0,5}))?");

  private static final Pattern NAME =
      Pattern.compile("[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\\.?");

  private CorsOrigin() {}

  /**
   * The form in which browsers send the origin (RFC 6454, section 6.2): lower case, without a
   * trailing slash and without the scheme's default port.
   *
   * @throws IllegalArgumentException if no browser would ever send it; the message names the entry,
   *     without user info
   */
  public static String parse(String entry) {
    Matcher url = URL.matcher(entry);
    if (entry.contains("*")) {
      throw refused(entry, "wildcards are not supported; list each origin");
    }
    if (!url.matches()) {
      throw refused(entry, "must be an origin such as https://app.example.com");
    }
    String scheme = url.group(1).toLowerCase(Locale.ROOT);
    String authority = url.group(2);
    if (authority.contains("@")) {
      throw refused(
          scheme + "://…" + authority.substring(authority.lastIndexOf('@')),
          "an origin has no user info");
    }
    if (!scheme.equals("https") && !scheme.equals("http")) {
      throw refused(entry, "the scheme must be http or https");
    }
    if (url.group(4) != null || url.group(5) != null) {
      throw refused(entry, "an origin has no query or fragment");
    }
    if (!url.group(3).isEmpty() && !url.group(3).equals("/")) {
      throw refused(entry, "an origin has no path");
    }
    Matcher hostAndPort = HOST_AND_PORT.matcher(authority);
    if (!hostAndPort.matches()) {
      throw refused(entry, "the host or port is invalid");
    }
    return scheme + "://" + host(entry, hostAndPort.group(1)) + port(entry, scheme, hostAndPort);
  }

  private static String host(String entry, String given) {
    try {
      if (given.startsWith("[")) {
        return "[" + compressed(InetAddress.ofLiteral(given).getAddress()) + "]";
      }
      String name = IDN.toASCII(given).toLowerCase(Locale.ROOT);
      if (NAME.matcher(name).matches()) {
        return name;
      }
    } catch (IllegalArgumentException e) {
      // Refused below.
    }
    throw refused(entry, "the host is invalid");
  }

  private static String port(String entry, String scheme, Matcher hostAndPort) {
    String digits = hostAndPort.group(2);
    if (digits == null || digits.isEmpty()) {
      return "";
    }
    int port = Integer.parseInt(digits);
    if (port < 1 || port > 65_535) {
      throw refused(entry, "the port must be from 1 to 65535");
    }
    return port == (scheme.equals("https") ? 443 : 80) ? "" : ":" + port;
  }

  /** RFC 5952: the longest run of zeros as two colons. */
  private static String compressed(byte[] address) {
    if (address.length != 16) {
      throw new IllegalArgumentException("not IPv6");
    }
    StringBuilder groups = new StringBuilder();
    for (int i = 0; i < 16; i += 2) {
      int group = (address[i] & 0xff) << 8 | (address[i + 1] & 0xff);
      groups.append(i == 0 ? "" : ":").append(Integer.toHexString(group));
    }
    String full = groups.toString();
    for (int zeros = 8; zeros >= 2; zeros--) {
      Matcher run = Pattern.compile("(^|:)0(:0){" + (zeros - 1) + "}(:|$)").matcher(full);
      if (run.find()) {
        return full.substring(0, run.start()) + "::" + full.substring(run.end());
      }
    }
    return full;
  }

  private static IllegalArgumentException refused(String entry, String reason) {
    return new IllegalArgumentException("has the entry \"" + entry + "\": " + reason);
  }
}
