package app.perpetua.flow;

import app.perpetua.flow.base.Cidr;
import app.perpetua.flow.http.cors.CorsOrigin;
import java.net.InetAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;

/** Warnings of origins that no browser uses, and of proxies that hide the clients' addresses. */
final class HttpWarnings {
  private static final String ORIGINS = "CORS_ORIGINS";
  private static final String PROXIES = "TRUSTED_PROXIES";
  private static final String HEADER = "CLIENT_IP_HEADER";

  /** Bits; a shorter prefix covers a part of the Internet, and no network of one owner. */
  private static final int MIN_PREFIX_IPV4 = 8;

  private static final int MIN_PREFIX_IPV6 = 7;

  /** The block of Railway's edge (RFC 6598). */
  private static final Cidr RAILWAY = Cidr.parse("100.64.0.0/10");

  private static final InetAddress LAST_OF_RAILWAY = InetAddress.ofLiteral("100.127.255.255");

  private final Variables variables;
  private final List<String> warnings = new ArrayList<>();

  private HttpWarnings(Variables variables) {
    this.variables = variables;
  }

  static List<String> of(Variables variables) {
    HttpWarnings found = new HttpWarnings(variables);
    found.origins();
    found.proxies();
    return List.copyOf(found.warnings);
  }

  private void warn(String variable, String text) {
    warnings.add(variable + " " + text);
  }

  private void origins() {
    boolean isProduction = DatabaseWarnings.isProduction(variables);
    Set<String> seen = new HashSet<>();
    for (String entry : variables.list(ORIGINS)) {
      for (String origin : valid(entry, CorsOrigin::parse)) {
        if (!seen.add(origin)) {
          warn(ORIGINS, "lists \"" + entry + "\" twice; remove one");
          continue;
        }
        URI url = URI.create(origin);
        // A name with an underscore has no host in java.net.URI.
        String host = url.getHost() == null ? url.getAuthority() : url.getHost();
        origin(entry, url.getScheme(), host, isProduction);
      }
    }
  }

  private void origin(String entry, String scheme, String host, boolean isProduction) {
    HostReach reach = HostReach.of(host);
    if (variables.value("RAILWAY_PUBLIC_DOMAIN").filter(host::equalsIgnoreCase).isPresent()) {
      warn(
          ORIGINS,
          "has the entry \""
              + entry
              + "\", the address of this service, which needs none; list the origin of the"
              + " frontend");
    } else if (isProduction && reach == HostReach.LOOPBACK) {
      warn(
          ORIGINS,
          "has the entry \""
              + entry
              + "\", although the database is not on this machine: any program on a user's"
              + " computer that serves a page there may read responses; remove it in production");
    } else if (isProduction && reach == HostReach.PRIVATE) {
      warn(
          ORIGINS,
          "has the entry \""
              + entry
              + "\", whose host is known in a private network only; list the origin that users see"
              + " in the browser");
    } else if (reach == HostReach.PUBLIC && scheme.equals("http")) {
      warn(
          ORIGINS,
          "has the entry \""
              + entry
              + "\" without TLS, so that tokens can be read on the way, and pages under https are"
              + " not covered; list https://"
              + host
              + " instead");
    }
  }

  private void proxies() {
    List<Cidr> blocks =
        variables.list(PROXIES).stream()
            .flatMap(entry -> valid(entry, Cidr::parse).stream())
            .toList();
    for (Cidr block : blocks) {
      boolean isIpv4 = block.network().getAddress().length == 4;
      if (block.prefix() < (isIpv4 ? MIN_PREFIX_IPV4 : MIN_PREFIX_IPV6)) {
        warn(
            PROXIES,
            "trusts "
                + block.network().getHostAddress()
                + "/"
                + block.prefix()
                + ", where clients are as well, so that they can choose their address and escape"
                + " the limits; list the addresses of the proxy alone");
      }
    }
    if (variables.hasPrefix("RAILWAY_")) {
      railway(blocks);
    } else if (variables.isSet(HEADER) && blocks.isEmpty()) {
      warn(
          HEADER,
          "has no effect, because TRUSTED_PROXIES is empty; set TRUSTED_PROXIES to the addresses of"
              + " the proxy");
    } else if (!variables.isSet(HEADER) && !blocks.isEmpty()) {
      warn(
          HEADER,
          "is not set although TRUSTED_PROXIES is; set it to the header in which the proxy sends"
              + " the client's address, such as X-Forwarded-For or X-Real-IP");
    }
  }

  private void railway(List<Cidr> blocks) {
    boolean trustsEdge =
        blocks.stream()
            .anyMatch(
                block -> block.contains(RAILWAY.network()) && block.contains(LAST_OF_RAILWAY));
    if (!trustsEdge) {
      warn(
          PROXIES,
          "does not contain Railway's edge, so that all clients share one address and its limits;"
              + " set TRUSTED_PROXIES=100.64.0.0/10 and CLIENT_IP_HEADER=X-Real-IP");
    }
    String header = variables.value(HEADER).orElse("X-Forwarded-For");
    if (header.toLowerCase(Locale.ROOT).equals("x-forwarded-for")) {
      warn(
          HEADER,
          "is X-Forwarded-For, whose last entry on Railway is its own edge; set"
              + " CLIENT_IP_HEADER=X-Real-IP");
    }
  }

  /** The parsed entry; empty if it is invalid, which is an error and reported as such. */
  private static <T> List<T> valid(String entry, Function<String, T> parser) {
    try {
      return List.of(parser.apply(entry));
    } catch (IllegalArgumentException e) {
      return List.of();
    }
  }
}
