package app.perpetua.flow.base;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** An entry of a list of hosts to which requests may be sent. Immutable. */
public sealed interface AllowedHost {
  /** A host name of the public DNS: at least two labels, of which the last is not a number. */
  Pattern NAME =
      Pattern.compile("([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\\.)+(?!\\d+$)[a-z0-9-]{2,63}");

  /** This host only. */
  record Exact(String host) implements AllowedHost {
    @Override
    public boolean matches(URI url) {
      return host.equals(hostOf(url));
    }
  }

  /** Any host below this domain. */
  record Subdomains(String domain) implements AllowedHost {
    @Override
    public boolean matches(URI url) {
      return hostOf(url).endsWith("." + domain);
    }
  }

  /** Any host, except names that only private networks know. */
  record Any() implements AllowedHost {
    /** Reserved by RFC 6761, 6762 and 8375 or by ICANN, or in common use. */
    private static final List<String> PRIVATE =
        List.of(
            ".localhost",
            ".local",
            ".localdomain",
            ".internal",
            ".intranet",
            ".private",
            ".lan",
            ".corp",
            ".home",
            ".home.arpa");

    @Override
    public boolean matches(URI url) {
      return PRIVATE.stream().noneMatch(hostOf(url)::endsWith);
    }
  }

  /** This origin, whatever its scheme, port and addresses; for development. */
  record Origin(String origin) implements AllowedHost {
    @Override
    public boolean matches(URI url) {
      return origin.equals(originOf(url));
    }
  }

  /** Whether the entry covers the URL, which must have a scheme and a host. */
  boolean matches(URI url);

  /**
   * Parses {@code push.example.com}, {@code *.example.com} or {@code http://127.0.0.1:8002}. There
   * is no notation for {@link Any}, because not every list may contain it.
   *
   * @throws IllegalArgumentException saying what the list must contain
   */
  static AllowedHost parse(String text) {
    String entry = text.toLowerCase(Locale.ROOT);
    if (entry.contains("://")) {
      return new Origin(origin(entry));
    }
    String name = entry.startsWith("*.") ? entry.substring(2) : entry;
    if (!NAME.matcher(name).matches()) {
      throw invalid();
    }
    return entry.equals(name) ? new Exact(name) : new Subdomains(name);
  }

  private static String origin(String entry) {
    try {
      URI url = new URI(entry);
      boolean bare =
          ("http".equals(url.getScheme()) || "https".equals(url.getScheme()))
              && url.getHost() != null
              && url.getRawUserInfo() == null
              && url.getRawPath().isEmpty()
              && url.getRawQuery() == null
              && url.getRawFragment() == null;
      if (bare) {
        return originOf(url);
      }
    } catch (URISyntaxException e) {
      // Reported below.
    }
    throw invalid();
  }

  /** Scheme, host and port in lower case, with the port even if it is the default. */
  private static String originOf(URI url) {
    String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
    int port = url.getPort() != -1 ? url.getPort() : scheme.equals("https") ? 443 : 80;
    return scheme + "://" + hostOf(url) + ":" + port;
  }

  private static String hostOf(URI url) {
    return String.valueOf(url.getHost()).toLowerCase(Locale.ROOT);
  }

  private static IllegalArgumentException invalid() {
    return new IllegalArgumentException(
        "must list hosts such as push.example.com or *.example.com, or full origins");
  }
}
