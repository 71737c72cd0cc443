package app.perpetua.flow.base;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Recognizes public IP addresses by IANA's special-purpose address registries (RFC 6890). */
final class PublicAddress {
  private static final List<Cidr> SPECIAL =
      Stream.of(
              "0.0.0.0/8", // this network
              "10.0.0.0/8", // private
              "100.64.0.0/10", // carrier-grade NAT
              "127.0.0.0/8", // loopback
              "169.254.0.0/16", // link-local, with cloud metadata services
              "172.16.0.0/12", // private
              "192.0.0.0/24", // protocol assignments
              "192.0.2.0/24", // documentation
              "192.88.99.0/24", // 6to4 relays
              "192.168.0.0/16", // private
              "198.18.0.0/15", // benchmarking
              "198.51.100.0/24", // documentation
              "203.0.113.0/24", // documentation
              "224.0.0.0/4", // multicast
              "240.0.0.0/4", // reserved, and broadcast
              "2001::/23", // protocol assignments: Teredo, benchmarking, ORCHID
              "2001:db8::/32", // documentation
              "2002::/16", // 6to4, which embeds any IPv4 address
              "3fff::/20") // documentation
          .map(Cidr::parse)
          .toList();

  /**
   * Global unicast. Excludes loopback, link-local, unique local and multicast addresses, and those
   * that embed an IPv4 address (mapped, compatible, NAT64).
   */
  private static final Cidr GLOBAL_V6 = Cidr.parse("2000::/3");

  /** The only notation without an ambiguity: no octal, hexadecimal or missing parts. */
  private static final Pattern DOTTED_DECIMAL =
      Pattern.compile("(0|[1-9]\\d{0,2})(\\.(0|[1-9]\\d{0,2})){3}");

  private PublicAddress() {}

  /** The address that the host of a URL is; empty if it is a name, or in another notation. */
  static Optional<InetAddress> literal(String host) {
    try {
      if (host.startsWith("[") && host.endsWith("]") && host.indexOf('%') < 0) {
        return Optional.of(InetAddress.ofLiteral(host.substring(1, host.length() - 1)));
      }
      return DOTTED_DECIMAL.matcher(host).matches()
          ? Optional.of(InetAddress.ofLiteral(host))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  static boolean isPublic(InetAddress address) {
    return (!(address instanceof Inet6Address) || GLOBAL_V6.contains(address))
        && SPECIAL.stream().noneMatch(block -> block.contains(address));
  }
}
