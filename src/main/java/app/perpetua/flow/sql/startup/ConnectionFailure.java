package app.perpetua.flow.sql.startup;

import app.perpetua.flow.sql.connection.DatabaseUrl;
import app.perpetua.flow.sql.connection.Pool;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Objects;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * Why a connection to the database failed, for the operator.
 *
 * @param message one sentence without credentials
 * @param temporary whether waiting can help, as opposed to a change of the configuration
 */
public record ConnectionFailure(String message, boolean temporary) {
  /**
   * Explains a failed connection or login (PostgreSQL, appendix A, error codes).
   *
   * @param url the URL of the failed connection
   */
  public static ConnectionFailure of(SQLException failure, DatabaseUrl url) {
    // A pool reports that it has no connection, and why not as the cause.
    SQLException e =
        failure instanceof SQLTransientConnectionException
                && failure.getCause() instanceof SQLException cause
            ? cause
            : failure;
    String address = url.address();
    if (e instanceof SQLTransientConnectionException) {
      return passing("the pool has no connection to the database " + address + " yet");
    }
    if (find(e, UnknownHostException.class).isPresent()) {
      return lasting(
          "the database host in "
              + address
              + " is unknown: correct the host in the database URL, or the DNS of this machine");
    }
    if (find(e, SSLException.class).isPresent()
        || find(e, GeneralSecurityException.class).isPresent()) {
      return lasting("the TLS connection to the database " + address + " failed: " + oneLine(e));
    }
    return switch (String.valueOf(e.getSQLState())) {
      case "08P01" ->
          oneLine(e).contains("unsupported startup parameter")
              ? lasting(
                  "the database URL of "
                      + address
                      + " leads to a pooler, which accepts no settings: set DATABASE_DIRECT_URL, too")
              : passing(unreachable(e, address));
      case "28P01" ->
          lasting("the database " + address + " does not accept the user or the password");
      case "28000" -> lasting("the database " + address + " refuses the login: " + oneLine(e));
      case "3D000" -> lasting("the database " + address + " does not exist on that server");
      case "53300" -> passing("the database " + address + " has no free connection: " + oneLine(e));
      case "57P03" ->
          passing("the database " + address + " is starting or stopping: " + oneLine(e));
      default ->
          Pool.isTransient(e)
              ? passing(unreachable(e, address))
              : lasting("cannot log in to the database " + address + ": " + oneLine(e));
    };
  }

  private static String unreachable(SQLException e, String address) {
    if (find(e, ConnectException.class).isPresent()) {
      return "nothing accepts connections at the database address " + address;
    }
    return find(e, SocketTimeoutException.class).isPresent()
        ? "the database " + address + " does not answer"
        : "the database " + address + " is unavailable: " + oneLine(e);
  }

  private static ConnectionFailure lasting(String message) {
    return new ConnectionFailure(message, false);
  }

  private static ConnectionFailure passing(String message) {
    return new ConnectionFailure(message, true);
  }

  private static <T extends Throwable> Optional<T> find(Throwable failure, Class<T> type) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (type.isInstance(e)) {
        return Optional.of(type.cast(e));
      }
    }
    return Optional.empty();
  }

  /** The message of the server or the driver in one line. */
  static String oneLine(Exception e) {
    return Objects.toString(e.getMessage(), e.getClass().getSimpleName())
        .strip()
        .replaceAll("\\s*\\R\\s*", "; ");
  }
}
