package app.perpetua.flow.sql.connection;

import app.perpetua.flow.base.Secret;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The URL of a PostgreSQL database, with the credentials kept apart so that they are never logged.
 *
 * @param jdbcUrl host, port, database and driver parameters
 * @param user the role; if empty, the driver's default
 */
public record DatabaseUrl(String jdbcUrl, Optional<String> user, Optional<Secret> password) {
  private static final Pattern FORM =
      Pattern.compile("(?:jdbc:)?(?:postgresql|postgres)(?:\\+[a-z0-9]+)?://(.+)");

  /**
   * Accepts {@code postgresql://}, {@code postgres://}, {@code postgresql+driver://} and {@code
   * jdbc:postgresql://}, with credentials before the host or as parameters.
   *
   * @throws IllegalArgumentException if it is invalid; the message does not quote it
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
        // libpq's name of the driver's channelBinding.
        case "channel_binding" -> kept.add("channelBinding=" + pair[pair.length - 1]);
        default -> kept.add(parameter);
      }
    }
    String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    String parameters = kept.isEmpty() ? "" : "?" + String.join("&", kept);
    return new DatabaseUrl(
        "jdbc:postgresql://" + uri.getHost() + port + path + parameters, user, password);
  }

  /** Host, port and database, for messages. */
  public String address() {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(jdbcUrl);
    return source.getServerNames()[0]
        + ":"
        + source.getPortNumbers()[0]
        + "/"
        + source.getDatabaseName();
  }

  /**
   * A source of unpooled connections.
   *
   * @param connect time-out of the TCP connection
   * @param login time-out of connection and authentication together
   * @param socket time-out of reads
   */
  public PGSimpleDataSource source(
      String applicationName, Duration connect, Duration login, Duration socket) {
    return configure(new PGSimpleDataSource(), applicationName, connect, login, socket);
  }

  <T extends PGSimpleDataSource> T configure(
      T source, String applicationName, Duration connect, Duration login, Duration socket) {
    source.setUrl(jdbcUrl);
    user.ifPresent(source::setUser);
    password.ifPresent(secret -> source.setPassword(secret.value()));
    source.setApplicationName(applicationName);
    source.setTcpKeepAlive(true);
    if (source.getSocketFactory() == null) {
      source.setSocketFactory(KeepAliveSocketFactory.class.getName());
    }
    source.setProperty(PGProperty.CONNECT_TIMEOUT, String.valueOf(connect.toSeconds()));
    source.setProperty(PGProperty.LOGIN_TIMEOUT, String.valueOf(login.toSeconds()));
    source.setProperty(PGProperty.SOCKET_TIMEOUT, String.valueOf(socket.toSeconds()));
    // The details quote whole rows, and users' data must not be logged.
    source.setLogServerErrorDetail(false);
    return source;
  }

  private static String decoded(String text) {
    // URLDecoder decodes a plus to a space, as in forms.
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
