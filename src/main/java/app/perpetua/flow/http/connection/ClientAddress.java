package app.perpetua.flow.http.connection;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Whose request it is, for limits and logs: the peer, or what trusted proxies say of it. A
 * forwarded header counts only from a trusted proxy, since anyone can write one. Thread-safe.
 */
public final class ClientAddress {
  private static final System.Logger LOG = System.getLogger(ClientAddress.class.getName());

  private final List<Cidr> trustedProxies;
  private final AtomicBoolean warned = new AtomicBoolean();

  public ClientAddress(List<Cidr> trustedProxies) {
    this.trustedProxies = trustedProxies;
  }

  /** The address of the other end of a connection; loopback if it has none. */
  public static InetAddress peer(SocketAddress address) {
    return address instanceof InetSocketAddress socket && socket.getAddress() != null
        ? socket.getAddress()
        : InetAddress.getLoopbackAddress();
  }

  /** True if this peer is one of our proxies. */
  public boolean trusts(InetAddress peer) {
    return trustedProxies.stream().anyMatch(block -> block.contains(peer));
  }

  /**
   * The client's address as text; an IPv6 address stands for its /64, which is what one customer
   * gets (RFC 6177).
   *
   * @param peer the other end of the connection
   * @param forwardedFor every {@code X-Forwarded-For} header in order, each maybe a list
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
      InetAddress told = parse(hop.strip());
      if (told == null) {
        break;
      }
      client = told;
      if (!trusts(told)) {
        break;
      }
    }
    return text(client);
  }

  /** An address literal, maybe with a port; null for anything else. Names are never looked up. */
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

  /**
   * As {@link #of} has it.
   *
   * <p>The JDK turns an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) into IPv4 by itself.
   */
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
          "requests carry X-Forwarded-For, but TRUSTED_PROXIES is empty: behind a proxy all"
              + " clients share its address and its rate limit");
    }
  }
}
