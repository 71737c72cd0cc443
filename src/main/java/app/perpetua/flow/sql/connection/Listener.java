package app.perpetua.flow.sql.connection;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Receives NOTIFY over a connection of its own, past any pooler, and reconnects when that breaks.
 * Notifications sent in between are lost, so the receiver must poll meanwhile. Thread-safe.
 */
public final class Listener implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Listener.class.getName());
  private static final Duration RECONNECT_INTERVAL = Duration.ofSeconds(1);
  private static final Duration CONNECT = Duration.ofSeconds(2);

  /** For LISTEN and NOTIFY, and for the notification that proves that others will arrive. */
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  /**
   * Without a notification for this long, the connection is validated. Usually keep-alive of TCP
   * detects a dead one sooner; this also finds a server that accepts bytes without reading them.
   */
  private static final Duration VALIDATION_INTERVAL = Duration.ofMinutes(1);

  /** Starts the payload of the notification that a listener sends itself. */
  private static final String CHECK = "check ";

  private final PGSimpleDataSource source;
  private final String address;
  private final String channel;
  private final Runnable callback;
  private final Thread thread;
  private volatile @Nullable Connection connection;
  private volatile boolean listening;
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
    address = database.direct().address();
    source = database.direct().source("perpetua-flow listener", CONNECT, CONNECT, TIMEOUT);
    thread = Thread.ofVirtual().name("listener").start(this::run);
  }

  /** Whether notifications arrive, as far as is known. */
  public boolean isListening() {
    return listening;
  }

  private void run() {
    boolean warned = false;
    while (!closed) {
      try (Connection open = source.getConnection();
          Statement statement = open.createStatement()) {
        connection = open;
        statement.execute("listen " + statement.enquoteIdentifier(channel, true));
        listening = receivesNotifications(open);
        if (!listening && !warned) {
          LOG.log(
              System.Logger.Level.WARNING,
              "notifications do not arrive from {0}, so jobs are polled for: if that is a"
                  + " connection pooler, set DATABASE_DIRECT_URL",
              address);
          warned = true;
        }
        callback.run();
        receive(open);
      } catch (SQLException e) {
        LOG.log(System.Logger.Level.DEBUG, "not listening", e);
      } finally {
        listening = false;
      }
      if (!closed) {
        pause();
      }
    }
  }

  /**
   * Whether a notification of another session arrives. Behind a transaction pooler LISTEN succeeds,
   * but its session belongs to no client when the notification is sent.
   */
  private boolean receivesNotifications(Connection open) throws SQLException {
    PGConnection postgres = open.unwrap(PGConnection.class);
    String token = CHECK + postgres.getBackendPID();
    try (Connection other = source.getConnection();
        PreparedStatement send = other.prepareStatement("select pg_notify(?, ?)")) {
      send.setString(1, channel);
      send.setString(2, token);
      send.execute();
    }
    long start = System.nanoTime();
    Duration left = TIMEOUT;
    while (left.toMillis() > 0) {
      if (received(postgres, left).anyMatch(token::equals)) {
        return true;
      }
      left = TIMEOUT.minusNanos(System.nanoTime() - start);
    }
    return false;
  }

  private void receive(Connection open) throws SQLException {
    PGConnection postgres = open.unwrap(PGConnection.class);
    while (!closed) {
      List<String> payloads = received(postgres, VALIDATION_INTERVAL).toList();
      if (payloads.stream().anyMatch(payload -> !payload.startsWith(CHECK))) {
        callback.run();
      } else if (payloads.isEmpty() && !(listening && open.isValid((int) CONNECT.toSeconds()))) {
        return;
      }
    }
  }

  /** Waits for notifications; returns their payloads. */
  private static Stream<String> received(PGConnection postgres, Duration limit)
      throws SQLException {
    PGNotification[] received = postgres.getNotifications((int) limit.toMillis());
    return received == null
        ? Stream.of()
        : Arrays.stream(received).map(PGNotification::getParameter);
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
