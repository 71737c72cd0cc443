package app.perpetua.flow.http.connection;

import app.perpetua.flow.base.Cidr;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.Headers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Determines a client's address for limits and logs: the peer's, or the one that trusted proxies
 * forward. Forwarded headers of other peers are ignored. Thread-safe.
 */
public final class ClientAddress {
  private static final System.Logger LOG = System.getLogger(ClientAddress.class.getName());

  private static final Set<String> ADDED_BY_PROXIES =
      Set.of(
          "forwarded",
          "forwarded-for",
          "via",
          "cdn-loop",
          "x-forwarded",
          "x-remote-addr",
          "x-host",
          "x-scheme",
          "x-amzn-trace-id",
          "x-cloud-trace-context",
          "x-request-start",
          "x-arr-log-id",
          "x-arr-ssl",
          "max-forwards");

  /** Cloudflare, Envoy, Google, Azure and others, besides the usual {@code X-Forwarded-*}. */
  private static final List<String> PROXY_PREFIXES =
      List.of(
          "x-forwarded-",
          "x-original-",
          "x-real-",
          "x-envoy-",
          "x-appengine-",
          "x-azure-",
          "x-vercel-",
          "cf-",
          "cloudfront-",
          "fastly-",
          "fly-");

  private final List<Cidr> trustedProxies;
  private final AtomicBoolean warned = new AtomicBoolean();

  public ClientAddress(List<Cidr> trustedProxies) {
    this.trustedProxies = trustedProxies;
  }

  /** The peer's address; loopback if it has none. */
  public static InetAddress peer(SocketAddress address) {
    return address instanceof InetSocketAddress socket && socket.getAddress() != null
        ? socket.getAddress()
        : InetAddress.getLoopbackAddress();
  }

  /**
   * Whether the peer is on this machine and no proxy has forwarded the request, as far as its
   * headers show.
   */
  public static boolean isLocal(InetAddress peer, Headers headers) {
    return peer.isLoopbackAddress()
        && headers.stream().map(Header::headerName).noneMatch(ClientAddress::isOfProxy);
  }

  private static boolean isOfProxy(HeaderName header) {
    String name = header.lowerCase();
    return ADDED_BY_PROXIES.contains(name)
        || PROXY_PREFIXES.stream().anyMatch(name::startsWith)
        || name.endsWith("-ip");
  }

  public boolean trusts(InetAddress peer) {
    return trustedProxies.stream().anyMatch(block -> block.contains(peer));
  }

  /**
   * The client's address as text; for IPv6 the /64, the smallest block of a customer (RFC 6177).
   *
   * @param forwardedFor every {@code X-Forwarded-For} header in order, each possibly a list
   */
  public String of(InetAddress peer, List<String> forwardedFor) {
    if (!trusts(peer)) {
      if (!forwardedFor.isEmpty() && trustedProxies.isEmpty()) {
        warnOnce();
      }
      return text(peer);
    }
    List<String> hops =
        forwardedFor.stream().flatMap(line -> List.of(line.split(",", -1)).stream()).toList();
    InetAddress client = peer;
    for (String hop : hops.reversed()) {
      InetAddress forwarded = parse(hop.strip());
      if (forwarded == null) {
        break;
      }
      client = forwarded;
      if (!trusts(forwarded)) {
        break;
      }
    }
    return text(client);
  }

  /** An address literal, optionally with a port; null for anything else, such as a host name. */
  private static @Nullable InetAddress parse(String hop) {
    String literal = hop;
    if (hop.startsWith("[") && hop.indexOf(']') > 0) {
      literal = hop.substring(1, hop.indexOf(']'));
    } else if (hop.indexOf(':') == hop.lastIndexOf(':') && hop.indexOf(':') > 0) {
      literal = hop.substring(0, hop.indexOf(':'));
    }
    try {
      return InetAddress.ofLiteral(literal);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** Formats an address; the JDK represents IPv4-mapped IPv6 (RFC 4291, 2.5.5.2) as IPv4. */
  static String text(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length == 4) {
      return address.getHostAddress();
    }
    StringBuilder network = new StringBuilder();
    for (int i = 0; i < 8; i += 2) {
      network
          .append(Integer.toHexString((bytes[i] & 0xff) << 8 | (bytes[i + 1] & 0xff)))
          .append(':');
    }
    return network.append(":/64").toString();
  }

  private void warnOnce() {
    if (!warned.getAndSet(true)) {
      LOG.log(
          System.Logger.Level.WARNING,
          "requests have X-Forwarded-For, but TRUSTED_PROXIES is empty: behind a proxy, all"
              + " clients share its address and its rate limit");
    }
  }
}
