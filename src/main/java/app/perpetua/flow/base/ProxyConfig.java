package app.perpetua.flow.base;

import java.util.List;
import java.util.regex.Pattern;

/**
 * The proxies in front of the service, and the header in which they name the client.
 *
 * @param trusted addresses whose forwarded headers are used
 * @param clientHeader a list of addresses if it is {@link #FORWARDED_FOR}, in any case, otherwise a
 *     single address
 */
public record ProxyConfig(List<Cidr> trusted, String clientHeader) {
  /** The header to which each proxy appends the address of its peer. */
  public static final String FORWARDED_FOR = "X-Forwarded-For";

  /** RFC 9110, 5.6.2. */
  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}");

  /**
   * Checks the name of a header that holds the client's address.
   *
   * @throws IllegalArgumentException if it is no header name, or {@code Forwarded} (RFC 7239)
   */
  public static String header(String text) {
    String name = text.strip();
    if (!TOKEN.matcher(name).matches()) {
      throw new IllegalArgumentException("must be the name of one header such as X-Real-IP");
    }
    if (name.equalsIgnoreCase("Forwarded")) {
      throw new IllegalArgumentException(
          "must not be Forwarded, whose format (RFC 7239) is not supported; configure the proxy to"
              + " send X-Forwarded-For");
    }
    return name;
  }

  /** Whether each proxy appends to the header, so that it is read from the right. */
  public boolean isList() {
    return clientHeader.equalsIgnoreCase(FORWARDED_FOR);
  }
}
