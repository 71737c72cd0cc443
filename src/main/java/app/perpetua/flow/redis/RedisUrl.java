package app.perpetua.flow.redis;

import app.perpetua.flow.base.Secret;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The URL of a Redis or Valkey server, with the password kept apart so that it is never logged.
 *
 * @param tls whether the connection is encrypted
 * @param user of an ACL; if empty, the default user
 * @param database its number
 */
public record RedisUrl(
    boolean tls,
    String host,
    int port,
    Optional<String> user,
    Optional<Secret> password,
    int database) {
  private static final int DEFAULT_PORT = 6379;
  private static final int MAX_DATABASE = 9_999;

  /**
   * Accepts {@code redis://} and {@code rediss://}, which uses TLS, with optional credentials, port
   * and number of the database.
   *
   * @throws IllegalArgumentException if it is invalid; the message does not quote it
   */
  public static RedisUrl parse(String text) {
    URI uri;
    try {
      uri = new URI(text.strip());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          "is not a valid URL; special characters in the password must be percent-encoded");
    }
    boolean tls = "rediss".equals(uri.getScheme());
    if ((!tls && !"redis".equals(uri.getScheme())) || uri.getHost() == null) {
      throw new IllegalArgumentException(
          "must look like redis://user:password@host:6379/0, or rediss:// with TLS");
    }
    if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw new IllegalArgumentException("must have no parameters");
    }
    Optional<String> user = Optional.empty();
    Optional<Secret> password = Optional.empty();
    if (uri.getRawUserInfo() != null) {
      String[] parts = uri.getRawUserInfo().split(":", 2);
      if (parts.length < 2) {
        throw new IllegalArgumentException("must have a colon between user and password");
      }
      user = Optional.of(decoded(parts[0])).filter(name -> !name.isEmpty());
      password = Optional.of(new Secret(decoded(parts[1])));
    }
    return new RedisUrl(
        tls,
        uri.getHost(),
        uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort(),
        user,
        password,
        database(uri.getRawPath()));
  }

  private static int database(String path) {
    if (path.isEmpty() || path.equals("/")) {
      return 0;
    }
    if (!path.matches("/[0-9]{1,4}")) {
      throw new IllegalArgumentException(
          "must have a number from 0 to " + MAX_DATABASE + " as its database");
    }
    return Integer.parseInt(path.substring(1));
  }

  private static String decoded(String text) {
    // A plus sign is itself here, unlike in a form.
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** Host and port, for messages. */
  public String address() {
    return host + ":" + port;
  }
}
