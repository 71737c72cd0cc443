package app.perpetua.flow.sql;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Connections for the pool's own thread, which may wait: while the database is away, it is tried
 * again at a steady pace. HikariCP by itself waits longer after each failure, up to five seconds,
 * and a database that has come back would stay unused for as long. Thread-safe.
 */
final class ReconnectingDataSource implements DataSource {
  private static final System.Logger LOG = System.getLogger(Pool.class.getName());
  private static final Duration PACE = Duration.ofMillis(250);

  private final DataSource source;
  private final String place;
  private final BooleanSupplier wanted;

  /**
   * @param source what really connects
   * @param place how the log calls the database
   * @param wanted false once the pool is closing, which does not interrupt its thread
   */
  ReconnectingDataSource(DataSource source, String place, BooleanSupplier wanted) {
    this.source = source;
    this.place = place;
    this.wanted = wanted;
  }

  @Override
  public Connection getConnection() throws SQLException {
    for (boolean told = false; ; ) {
      try {
        Connection connection = source.getConnection();
        if (told) {
          LOG.log(System.Logger.Level.INFO, "the database at {0} is back", place);
        }
        return connection;
      } catch (SQLException e) {
        if (!isTransient(e) || !wanted.getAsBoolean()) {
          throw e;
        }
        if (!told) {
          LOG.log(
              System.Logger.Level.WARNING,
              "the database at {0} is away: {1}",
              place,
              String.valueOf(e.getMessage()));
          told = true;
        }
        pause(e);
      }
    }
  }

  /** True if trying again can help: not reachable, starting or stopping, out of connections. */
  static boolean isTransient(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    return switch (state) {
      // Refused by the driver itself: no TLS to be had, no password given.
      case "08004" -> false;
      case "57P01", "57P02", "57P03", "53300" -> true;
      default -> state.startsWith("08");
    };
  }

  private static void pause(SQLException failure) throws SQLException {
    try {
      Thread.sleep(PACE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure;
    }
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    throw new SQLFeatureNotSupportedException("credentials are configured");
  }

  @Override
  public @Nullable PrintWriter getLogWriter() throws SQLException {
    return source.getLogWriter();
  }

  @Override
  public void setLogWriter(@Nullable PrintWriter out) throws SQLException {
    source.setLogWriter(out);
  }

  /** Ignored: the pool would set its own patience, in whole seconds, as the time to log in. */
  @Override
  public void setLoginTimeout(int seconds) {}

  @Override
  public int getLoginTimeout() throws SQLException {
    return source.getLoginTimeout();
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    return source.getParentLogger();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    return source.unwrap(type);
  }

  @Override
  public boolean isWrapperFor(Class<?> type) throws SQLException {
    return source.isWrapperFor(type);
  }
}
