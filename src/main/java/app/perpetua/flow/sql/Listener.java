package app.perpetua.flow.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Receives NOTIFY over a connection of its own, past any pooler, and reconnects when that breaks.
 * Notifications sent in between are lost, so the receiver must poll as well. Thread-safe.
 */
public final class Listener implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Listener.class.getName());
  private static final Duration RECONNECT_INTERVAL = Duration.ofSeconds(1);
  private static final Duration CONNECT = Duration.ofSeconds(2);

  /** Without a notification for this long, the connection is validated. */
  private static final Duration VALIDATION_INTERVAL = Duration.ofSeconds(10);

  private final PGSimpleDataSource source;
  private final String channel;
  private final Runnable callback;
  private final Thread thread;
  private volatile @Nullable Connection connection;
  private volatile boolean closed;

  /**
   * Starts to listen.
   *
   * @param callback called after a notification and after each (re)connection, when some may have
   *     been missed; must not block
   */
  public Listener(DatabaseConfig database, String channel, Runnable callback) {
    this.channel = channel;
    this.callback = callback;
    source =
        database.direct().source("perpetua-flow listener", CONNECT, CONNECT, VALIDATION_INTERVAL);
    thread = Thread.ofVirtual().name("listener").start(this::run);
  }

  private void run() {
    while (!closed) {
      try (Connection open = source.getConnection();
          Statement statement = open.createStatement()) {
        connection = open;
        statement.execute("listen " + statement.enquoteIdentifier(channel, true));
        callback.run();
        receive(open);
      } catch (SQLException e) {
        LOG.log(System.Logger.Level.DEBUG, "not listening", e);
      }
      if (!closed) {
        pause();
      }
    }
  }

  private void receive(Connection open) throws SQLException {
    PGConnection postgres = open.unwrap(PGConnection.class);
    while (!closed) {
      PGNotification[] received = postgres.getNotifications((int) VALIDATION_INTERVAL.toMillis());
      if (received != null && received.length > 0) {
        callback.run();
      } else if (!open.isValid((int) CONNECT.toSeconds())) {
        return;
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(RECONNECT_INTERVAL);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops without a terminate message, which a frozen server would not read. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    Connection open = connection;
    if (open != null) {
      try {
        open.abort(Runnable::run);
      } catch (SQLException e) {
        LOG.log(System.Logger.Level.DEBUG, "cannot abort the connection", e);
      }
    }
  }
}
