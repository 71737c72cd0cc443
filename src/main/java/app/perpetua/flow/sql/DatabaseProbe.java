package app.perpetua.flow.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Asks the database whether it answers, over a connection of its own, so that a busy pool does not
 * look like a dead database. Used by one thread at a time.
 */
public final class DatabaseProbe implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(DatabaseProbe.class.getName());
  private static final Duration TIMEOUT = Duration.ofSeconds(1);
  private static final Executor SAME_THREAD = Runnable::run;

  private final PGSimpleDataSource source;
  private @Nullable Connection connection;

  /** Connects when first asked. */
  public DatabaseProbe(DatabaseConfig database) {
    source = database.main().source("perpetua-flow health");
    int seconds = (int) TIMEOUT.toSeconds();
    source.setConnectTimeout(seconds);
    source.setLoginTimeout(seconds);
    source.setSocketTimeout(seconds);
    // Behind a pooler a prepared statement would not be found again.
    source.setPrepareThreshold(0);
  }

  /** True if the database answered. Takes a second at the most, be it frozen. */
  public boolean isAvailable() {
    try {
      if (connection == null) {
        connection = source.getConnection();
        return true;
      }
      if (connection.isValid((int) TIMEOUT.toSeconds())) {
        return true;
      }
    } catch (SQLException e) {
      LOG.log(System.Logger.Level.DEBUG, "the database does not answer", e);
    }
    close();
    return false;
  }

  /** Drops the connection without saying goodbye to a server that may not listen. */
  @Override
  public void close() {
    if (connection != null) {
      try {
        connection.abort(SAME_THREAD);
      } catch (SQLException e) {
        LOG.log(System.Logger.Level.DEBUG, "dropping a connection", e);
      }
      connection = null;
    }
  }
}
