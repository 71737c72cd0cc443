package app.perpetua.flow.sql;

import app.perpetua.flow.base.Secret;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A PostgreSQL address, taken apart so that the password never stands in a URL that is logged.
 *
 * @param jdbcUrl host, port, database and driver parameters, without credentials
 * @param user the role; absent means the driver's default
 * @param password its password
 */
public record DatabaseUrl(String jdbcUrl, Optional<String> user, Optional<Secret> password) {
  private static final Pattern FORM =
      Pattern.compile("(?:jdbc:)?(?:postgresql|postgres)(?:\\+[a-z0-9]+)?://(.+)");

  /**
   * Accepts {@code postgresql://}, {@code postgres://}, {@code postgresql+driver://} and {@code
   * jdbc:postgresql://}, with credentials before the host or as parameters.
   *
   * @throws IllegalArgumentException without quoting the text, which holds a password
   */
  public static DatabaseUrl parse(String text) {
    Matcher form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "must look like postgresql://user:password@host:5432/database");
    }
    URI uri;
    try {
      uri = new URI("postgresql://" + form.group(1));
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          "is not a valid URL; special characters in the password must be percent-encoded");
    }
    String path = uri.getRawPath();
    if (uri.getHost() == null || path == null || path.length() < 2) {
      throw new IllegalArgumentException("must name a host and a database");
    }
    Optional<String> user = Optional.empty();
    Optional<Secret> password = Optional.empty();
    if (uri.getRawUserInfo() != null) {
      String[] parts = uri.getRawUserInfo().split(":", 2);
      user = Optional.of(decoded(parts[0]));
      password = parts.length == 2 ? Optional.of(new Secret(decoded(parts[1]))) : password;
    }
    List<String> kept = new ArrayList<>();
    String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
    for (String parameter : query.split("&", -1)) {
      String[] pair = parameter.split("=", 2);
      switch (pair[0]) {
        case "" -> {}
        case "user" -> user = Optional.of(decoded(pair[pair.length - 1]));
        case "password" -> password = Optional.of(new Secret(decoded(pair[pair.length - 1])));
        // libpq's channel_binding is spelled channelBinding by the driver.
        case "channel_binding" -> kept.add("channelBinding=" + pair[pair.length - 1]);
        default -> kept.add(parameter);
      }
    }
    String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    String parameters = kept.isEmpty() ? "" : "?" + String.join("&", kept);
    return new DatabaseUrl(
        "jdbc:postgresql://" + uri.getHost() + port + path + parameters, user, password);
  }

  /** Host, port and database: what a message may name. */
  String place() {
    PGSimpleDataSource source = source("");
    return source.getServerNames()[0]
        + ":"
        + source.getPortNumbers()[0]
        + "/"
        + source.getDatabaseName();
  }

  /** Connections to it that nobody pools; the server lists them under that name. */
  PGSimpleDataSource source(String applicationName) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(jdbcUrl);
    user.ifPresent(source::setUser);
    password.ifPresent(secret -> source.setPassword(secret.value()));
    source.setApplicationName(applicationName);
    source.setTcpKeepAlive(true);
    // The server's details repeat whole rows, which are the user's and have no place in a log.
    source.setLogServerErrorDetail(false);
    return source;
  }

  private static String decoded(String text) {
    // URLDecoder would read a plus as a space, which in a URL's authority it is not.
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
