package app.perpetua.flow.http.connection;

import app.perpetua.flow.base.Cidr;
import app.perpetua.flow.base.ProxyConfig;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Determines a client's address for limits and logs: the peer's, or the one that trusted proxies
 * name in the configured header. Headers of other peers are ignored. Headers that suggest a wrong
 * configuration are logged, each kind once. Thread-safe.
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
          "x-railway-",
          "x-vercel-",
          "cf-",
          "cloudfront-",
          "fastly-",
          "fly-");

  /** Headers in which common proxies and platforms name the client. */
  private static final List<HeaderName> CLIENT_HEADERS =
      Stream.of(
              ProxyConfig.FORWARDED_FOR,
              "X-Real-IP",
              "CF-Connecting-IP",
              "True-Client-IP",
              "Fly-Client-IP",
              "Fastly-Client-IP",
              "DO-Connecting-IP",
              "X-Client-IP",
              "X-Cluster-Client-IP",
              "X-Envoy-External-Address",
              "X-Azure-ClientIP",
              "X-Appengine-User-IP",
              "X-Original-Forwarded-For",
              "X-Vercel-Forwarded-For",
              "Forwarded")
          .map(HeaderNames::create)
          .toList();

  private static final HeaderName REAL_IP = HeaderNames.create("X-Real-IP");

  /** Networks in which a peer that sends such headers is probably a proxy. */
  private static final List<Cidr> PRIVATE =
      Stream.of(
              "10.0.0.0/8",
              "100.64.0.0/10",
              "127.0.0.0/8",
              "172.16.0.0/12",
              "192.168.0.0/16",
              "::1",
              "fc00::/7")
          .map(Cidr::parse)
          .toList();

  /** The longest IPv6 address in brackets, with a port. */
  private static final int MAX_LITERAL = 53;

  /** IPv4 or bracketed IPv6, optionally with a port, or plain IPv6; no names and no zone ids. */
  private static final Pattern LITERAL =
      Pattern.compile(
          "(?<v4>\\d{1,3}(?:\\.\\d{1,3}){3})(?::\\d{1,5})?"
              + "|\\[(?<bracketed>[0-9A-Fa-f:.]+)](?::\\d{1,5})?"
              + "|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*");

  private final ProxyConfig proxies;
  private final HeaderName header;
  private final AtomicBoolean warnedOfPeer = new AtomicBoolean();
  private final AtomicBoolean warnedOfHeader = new AtomicBoolean();
  private final AtomicBoolean warnedOfOther = new AtomicBoolean();

  public ClientAddress(ProxyConfig proxies) {
    this.proxies = proxies;
    this.header = HeaderNames.create(proxies.clientHeader());
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
  public boolean isLocal(InetAddress peer, Headers headers) {
    return peer.isLoopbackAddress()
        && headers.stream().map(Header::headerName).noneMatch(this::isOfProxy);
  }

  private boolean isOfProxy(HeaderName candidate) {
    String name = candidate.lowerCase();
    return name.equals(header.lowerCase())
        || ADDED_BY_PROXIES.contains(name)
        || PROXY_PREFIXES.stream().anyMatch(name::startsWith)
        || name.endsWith("-ip");
  }

  public boolean trusts(InetAddress peer) {
    List<Cidr> trusted = proxies.trusted();
    return !trusted.isEmpty() && trusted.stream().anyMatch(block -> block.contains(peer));
  }

  /**
   * The client's address as text; for IPv6 the /64, the smallest block of a customer (RFC 6177).
   *
   * @param path of the request; platforms send health probes past their proxy, without its headers
   */
  public String of(InetAddress peer, Headers headers, String path) {
    if (!trusts(peer)) {
      warnOfPeer(peer, headers);
      return text(peer);
    }
    List<String> values = headers.all(header, List::of);
    if (proxies.isList()) {
      InetAddress client = lastUntrusted(values, peer);
      warnOfOther(client, headers);
      return text(client);
    }
    InetAddress client = values.size() == 1 ? parse(values.getFirst().strip()) : null;
    if (client == null && !path.contains("/health/")) {
      warnOfHeader(values, headers);
    }
    return text(client == null ? peer : client);
  }

  /**
   * The last address of the list that is not a trusted proxy's, because a client can forge all
   * before it. If there is none: the first address, or the one after the last text that is no
   * address.
   *
   * @param lines every header line in order, each possibly a list
   */
  private InetAddress lastUntrusted(List<String> lines, InetAddress peer) {
    InetAddress client = peer;
    for (String line : lines.reversed()) {
      int end = line.length();
      while (end >= 0) {
        int comma = line.lastIndexOf(',', end - 1);
        InetAddress hop = parse(line.substring(comma + 1, end).strip());
        if (hop == null) {
          return client;
        }
        client = hop;
        if (!trusts(hop)) {
          return client;
        }
        end = comma;
      }
    }
    return client;
  }

  /** An address literal, optionally with a port; null for anything else, such as a host name. */
  private static @Nullable InetAddress parse(String text) {
    if (text.length() > MAX_LITERAL) {
      return null;
    }
    Matcher literal = LITERAL.matcher(text);
    if (!literal.matches()) {
      return null;
    }
    String v4 = literal.group("v4");
    String bracketed = literal.group("bracketed");
    try {
      return InetAddress.ofLiteral(v4 != null ? v4 : bracketed != null ? bracketed : text);
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

  private void warnOfPeer(InetAddress peer, Headers headers) {
    boolean none = proxies.trusted().isEmpty();
    if (warnedOfPeer.get()
        || !namesClient(headers)
        || !(none || PRIVATE.stream().anyMatch(b -> b.contains(peer)))) {
      return;
    }
    String seen = seen(headers);
    if (!seen.isEmpty() && !warnedOfPeer.getAndSet(true)) {
      warn(
          none
              ? "requests have "
                  + seen
                  + ", but TRUSTED_PROXIES is empty: behind a proxy, all clients share its address"
                  + " and its rate limit"
              : "requests from "
                  + peer.getHostAddress()
                  + " have "
                  + seen
                  + ", but TRUSTED_PROXIES does not contain that address: if it is a proxy's, all"
                  + " its clients share its rate limit");
    }
  }

  private void warnOfHeader(List<String> values, Headers headers) {
    if (warnedOfHeader.getAndSet(true)) {
      return;
    }
    String name = header.defaultCase();
    String problem =
        switch (values.size()) {
          case 0 -> "no " + name;
          case 1 -> "an unusable " + name + " (" + kind(values.getFirst().strip()) + ")";
          default -> "an unusable " + name + " (repeated)";
        };
    String others = seen(headers);
    warn(
        "a request from a trusted proxy has "
            + problem
            + (values.isEmpty() && !others.isEmpty() ? ", but " + others : "")
            + ": such requests share the proxy's address and its rate limit; set CLIENT_IP_HEADER"
            + " to the header in which the proxy names the client");
  }

  private static String kind(String value) {
    if (value.isEmpty()) {
      return "empty";
    }
    return value.indexOf(',') >= 0 ? "a list" : "not an address";
  }

  /** Warns if the list does not reach a client that another header names. */
  private void warnOfOther(InetAddress client, Headers headers) {
    if (warnedOfOther.get()) {
      return;
    }
    if (trusts(client)) {
      String others = names(CLIENT_HEADERS.stream().filter(name -> !name.equals(header)), headers);
      if (!others.isEmpty() && !warnedOfOther.getAndSet(true)) {
        warn(
            "a request from a trusted proxy has "
                + others
                + ", but no client's address in "
                + header.defaultCase()
                + ": set CLIENT_IP_HEADER to the header in which the proxy names the client");
      }
      return;
    }
    InetAddress real = headers.first(REAL_IP).map(value -> parse(value.strip())).orElse(null);
    if (real != null
        && !trusts(real)
        && !text(real).equals(text(client))
        && !warnedOfOther.getAndSet(true)) {
      warn(
          "in a request from a trusted proxy, X-Real-IP names another client than "
              + header.defaultCase()
              + ": if the proxy sets X-Real-IP itself, set CLIENT_IP_HEADER to it");
    }
  }

  private boolean namesClient(Headers headers) {
    if (headers.contains(header)) {
      return true;
    }
    for (HeaderName name : CLIENT_HEADERS) {
      if (headers.contains(name)) {
        return true;
      }
    }
    return false;
  }

  /** The headers of the request in which a proxy may name the client. */
  private String seen(Headers headers) {
    return names(
        Stream.concat(
            Stream.of(header), CLIENT_HEADERS.stream().filter(name -> !name.equals(header))),
        headers);
  }

  private static String names(Stream<HeaderName> candidates, Headers headers) {
    return candidates
        .filter(headers::contains)
        .map(HeaderName::defaultCase)
        .collect(Collectors.joining(" and "));
  }

  private static void warn(String message) {
    LOG.log(System.Logger.Level.WARNING, message);
  }
}
