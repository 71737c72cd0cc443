package app.perpetua.flow.sql.connection;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Connections for the pool's own thread, which may wait: while the database is unavailable, retries
 * at a fixed interval. HikariCP's own retries back off to five seconds, for which a database that
 * has recovered would stay unused. Thread-safe.
 */
final class ReconnectingDataSource extends PGSimpleDataSource {
  private static final long serialVersionUID = 1L;
  private static final System.Logger LOG = System.getLogger(Pool.class.getName());
  private static final Duration RETRY_INTERVAL = Duration.ofMillis(250);

  private final String address;
  private final transient BooleanSupplier open;
  private final ServerLimits limits;

  /**
   * @param address for the log
   * @param limits who sets the server's limits
   * @param open false once the pool is closing, which does not interrupt its thread
   */
  ReconnectingDataSource(String address, ServerLimits limits, BooleanSupplier open) {
    this.address = address;
    this.limits = limits;
    this.open = open;
  }

  ServerLimits limits() {
    return limits;
  }

  @Override
  public Connection getConnection() throws SQLException {
    for (boolean logged = false; ; ) {
      try {
        Connection connection = super.getConnection();
        if (logged) {
          LOG.log(System.Logger.Level.INFO, "database {0} is available again", address);
        }
        return connection;
      } catch (SQLException e) {
        if (!Pool.isTransient(e) || !open.getAsBoolean()) {
          throw e;
        }
        if (!logged) {
          LOG.log(
              System.Logger.Level.WARNING,
              "database {0} is unavailable: {1}",
              address,
              String.valueOf(e.getMessage()));
          logged = true;
        }
        pause(e);
      }
    }
  }

  private static void pause(SQLException failure) throws SQLException {
    try {
      Thread.sleep(RETRY_INTERVAL);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure;
    }
  }

  /** Ignored: the pool would set its connection time-out, which is too short for a login. */
  @Override
  public void setLoginTimeout(int seconds) {}
}
