package app.perpetua.flow;

import app.perpetua.flow.base.AllowedHost;
import java.net.InetAddress;
import java.net.URI;
import java.util.Locale;

/** From where a host of a URL can be reached, as far as its name or address tells. */
enum HostReach {
  /** This machine, or this container. */
  LOOPBACK,
  /** A private network: names that no public DNS has, and addresses of RFC 1918 and RFC 4193. */
  PRIVATE,
  PUBLIC;

  /**
   * @param host a name, an IPv4 address or an IPv6 address in brackets; it is not resolved
   */
  static HostReach of(String host) {
    String name = host.toLowerCase(Locale.ROOT).replaceFirst("\\.$", "");
    if (name.equals("localhost") || name.endsWith(".localhost")) {
      return LOOPBACK;
    }
    try {
      return of(InetAddress.ofLiteral(name.replaceAll("[\\[\\]]", "")));
    } catch (IllegalArgumentException e) {
      boolean isPublic =
          name.contains(".") && new AllowedHost.Any().matches(URI.create("http://" + name));
      return isPublic ? PUBLIC : PRIVATE;
    }
  }

  /** As above, of the host of a URL; {@code PUBLIC} if it has none. */
  static HostReach of(URI url) {
    return url.getHost() == null ? PUBLIC : of(url.getHost());
  }

  private static HostReach of(InetAddress address) {
    if (address.isLoopbackAddress() || address.isAnyLocalAddress()) {
      return LOOPBACK;
    }
    byte[] bytes = address.getAddress();
    boolean isUniqueLocal = bytes.length == 16 && (bytes[0] & 0xfe) == 0xfc;
    // RFC 6598: addresses within a provider's network, such as Railway's.
    boolean isShared = bytes.length == 4 && bytes[0] == 100 && (bytes[1] & 0xc0) == 64;
    return address.isSiteLocalAddress() || address.isLinkLocalAddress() || isUniqueLocal || isShared
        ? PRIVATE
        : PUBLIC;
  }
}
