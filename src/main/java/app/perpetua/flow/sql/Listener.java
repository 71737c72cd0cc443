package app.perpetua.flow.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Hears NOTIFY over a connection of its own, past any pooler, and connects again whenever that
 * breaks. What was said meanwhile is lost, so whoever listens must look for itself as well.
 * Thread-safe.
 */
public final class Listener implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Listener.class.getName());
  private static final Duration PACE = Duration.ofSeconds(1);
  private static final Duration CONNECT = Duration.ofSeconds(2);

  /** After a silence of this length the connection must show that it lives. */
  private static final Duration SILENCE = Duration.ofSeconds(10);

  private static final Executor SAME_THREAD = Runnable::run;

  private final PGSimpleDataSource source;
  private final String channel;
  private final Runnable heard;
  private final Thread listening;
  private volatile @Nullable Connection connection;
  private volatile boolean closed;

  /**
   * Begins to listen.
   *
   * @param database whose direct address is used
   * @param channel an identifier
   * @param heard called when something was said, and whenever something may have been missed; it
   *     must not block
   */
  public Listener(DatabaseConfig database, String channel, Runnable heard) {
    this.channel = channel;
    this.heard = heard;
    source = database.direct().source("perpetua-flow listener");
    source.setConnectTimeout((int) CONNECT.toSeconds());
    source.setLoginTimeout((int) CONNECT.toSeconds());
    source.setSocketTimeout((int) SILENCE.toSeconds());
    listening = Thread.ofVirtual().name("listener").start(this::listen);
  }

  private void listen() {
    while (!closed) {
      try (Connection open = source.getConnection();
          Statement statement = open.createStatement()) {
        connection = open;
        statement.execute("listen " + statement.enquoteIdentifier(channel, true));
        heard.run();
        hear(open);
      } catch (SQLException e) {
        LOG.log(System.Logger.Level.DEBUG, "not listening", e);
      }
      if (!closed) {
        pause();
      }
    }
  }

  private void hear(Connection open) throws SQLException {
    PGConnection postgres = open.unwrap(PGConnection.class);
    while (!closed) {
      var said = postgres.getNotifications((int) SILENCE.toMillis());
      if (said != null && said.length > 0) {
        heard.run();
      } else if (!open.isValid((int) CONNECT.toSeconds())) {
        return;
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PACE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops to listen, without saying goodbye to a server that may not hear it. */
  @Override
  public void close() {
    closed = true;
    listening.interrupt();
    Connection open = connection;
    if (open != null) {
      try {
        open.abort(SAME_THREAD);
      } catch (SQLException e) {
        LOG.log(System.Logger.Level.DEBUG, "dropping a connection", e);
      }
    }
  }
}
