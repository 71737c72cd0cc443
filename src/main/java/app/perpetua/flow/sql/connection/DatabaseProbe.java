package app.perpetua.flow.sql.connection;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Checks whether the database answers, over a connection of its own, so that an exhausted pool is
 * not mistaken for a dead database. Used by one thread at a time.
 */
public final class DatabaseProbe implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(DatabaseProbe.class.getName());
  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  /** A connection that fails faster was closed while it was idle: the database may be available. */
  private static final Duration CLOSED = Duration.ofMillis(500);

  private final PGSimpleDataSource source;
  private @Nullable Connection connection;

  public DatabaseProbe(DatabaseConfig database) {
    source = database.main().source("perpetua-flow health", TIMEOUT, TIMEOUT, TIMEOUT);
    // Behind a pooler the next check may run in a session without the prepared statement.
    source.setPrepareThreshold(0);
  }

  /**
   * Whether the database answered; takes at most 1 s. A connection that was closed while it was
   * idle, as by a database that was suspended, is replaced, for which another second is allowed.
   */
  public boolean isAvailable() {
    long start = System.nanoTime();
    if (connection != null) {
      if (isValid(connection)) {
        return true;
      }
      close();
      if (System.nanoTime() - start > CLOSED.toNanos()) {
        return false;
      }
    }
    try {
      connection = source.getConnection();
      return true;
    } catch (SQLException e) {
      LOG.log(System.Logger.Level.DEBUG, "database does not answer", e);
      return false;
    }
  }

  private static boolean isValid(Connection connection) {
    try {
      return connection.isValid((int) TIMEOUT.toSeconds());
    } catch (SQLException e) {
      LOG.log(System.Logger.Level.DEBUG, "database does not answer", e);
      return false;
    }
  }

  /** Drops the connection without a terminate message, which a frozen server would not read. */
  @Override
  public void close() {
    if (connection != null) {
      try {
        connection.abort(Runnable::run);
      } catch (SQLException e) {
        LOG.log(System.Logger.Level.DEBUG, "cannot abort the connection", e);
      }
      connection = null;
    }
  }
}
