package app.perpetua.flow.base;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.regex.Pattern;

/** An entry of a list of hosts that may be talked to. Immutable. */
public sealed interface AllowedHost {
  /** A host name as the public DNS has them: labels, the last of which is no number. */
  Pattern NAME =
      Pattern.compile("([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\\.)+(?!\\d+$)[a-z0-9-]{2,63}");

  /** This host, by https on port 443. */
  record Exact(String host) implements AllowedHost {
    @Override
    public boolean matches(URI url) {
      return host.equals(hostOf(url));
    }
  }

  /** Any host below this domain, likewise. */
  record Subdomains(String domain) implements AllowedHost {
    @Override
    public boolean matches(URI url) {
      return hostOf(url).endsWith("." + domain);
    }
  }

  /** Any host, likewise. */
  record Any() implements AllowedHost {
    @Override
    public boolean matches(URI url) {
      return true;
    }
  }

  /** Exactly this origin, wherever it leads: for development. */
  record Origin(String origin) implements AllowedHost {
    @Override
    public boolean matches(URI url) {
      return origin.equals(originOf(url));
    }
  }

  /** True if the URL, which has a scheme and a host, leads there. */
  boolean matches(URI url);

  /**
   * Reads an entry: {@code push.example.com}, {@code *.example.com} or {@code
   * http://127.0.0.1:8002}. {@link Any} is none, as not every list may be that wide.
   *
   * @throws IllegalArgumentException telling what it must be
   */
  static AllowedHost parse(String text) {
    String entry = text.toLowerCase(Locale.ROOT);
    if (entry.contains("://")) {
      return new Origin(origin(entry));
    }
    String name = entry.startsWith("*.") ? entry.substring(2) : entry;
    if (!NAME.matcher(name).matches()) {
      throw faulty();
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
      // Told below.
    }
    throw faulty();
  }

  /** Scheme, host and port, the port always written out, in lower case. */
  private static String originOf(URI url) {
    String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
    int port = url.getPort() != -1 ? url.getPort() : scheme.equals("https") ? 443 : 80;
    return scheme + "://" + hostOf(url) + ":" + port;
  }

  private static String hostOf(URI url) {
    return String.valueOf(url.getHost()).toLowerCase(Locale.ROOT);
  }

  private static IllegalArgumentException faulty() {
    return new IllegalArgumentException(
        "must list hosts such as push.example.com or *.example.com, or full origins");
  }
}
