package app.perpetua.flow.sql.startup;

import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;

/**
 * Waits at startup while the database is unavailable, and reports it: after 2 s, then every 30 s.
 * Thread-safe.
 */
public final class StartupWait {
  private static final System.Logger LOG = System.getLogger(StartupWait.class.getName());
  private static final Duration CONNECT = Duration.ofSeconds(2);

  /** A database that is suspended while idle takes some seconds to accept the first login. */
  private static final Duration LOGIN = Duration.ofSeconds(5);

  private static final Duration RETRY_INTERVAL = Duration.ofMillis(250);
  private static final Duration LOG_AFTER = Duration.ofSeconds(2);
  private static final Duration LOG_INTERVAL = Duration.ofSeconds(30);

  private final Optional<Duration> limit;
  private final CountDownLatch cancelled = new CountDownLatch(1);

  private StartupWait(Optional<Duration> limit) {
    this.limit = limit;
  }

  /** Waits until it is cancelled, however long the database is unavailable. */
  public static StartupWait unlimited() {
    return new StartupWait(Optional.empty());
  }

  /** Waits at most this long for a connection. */
  public static StartupWait atMost(Duration limit) {
    return new StartupWait(Optional.of(limit));
  }

  /** Ends waits now and later. */
  public void cancel() {
    cancelled.countDown();
  }

  private boolean isCancelled() {
    return cancelled.getCount() == 0;
  }

  /**
   * Opens a connection, which the caller closes.
   *
   * @param url for messages
   * @return empty if the wait was cancelled
   * @throws UnusableDatabaseException if waiting cannot help, or the limit has passed
   */
  public Optional<Connection> connect(DataSource source, DatabaseUrl url) {
    long start = System.nanoTime();
    Duration logDue = LOG_AFTER;
    while (!isCancelled()) {
      try {
        return Optional.of(source.getConnection());
      } catch (SQLException e) {
        ConnectionFailure failure = ConnectionFailure.of(e, url);
        if (!failure.temporary()) {
          throw new UnusableDatabaseException(failure.message(), e);
        }
        Duration waited = Duration.ofNanos(System.nanoTime() - start);
        if (limit.isPresent() && waited.compareTo(limit.get()) >= 0) {
          throw new UnusableDatabaseException(
              failure.message() + "; gave up after " + limit.get().toSeconds() + " s", e);
        }
        if (waited.compareTo(logDue) >= 0) {
          LOG.log(
              System.Logger.Level.WARNING,
              "waiting for the database since {0} s: {1}",
              Long.toString(waited.toSeconds()),
              failure.message());
          logDue = waited.plus(LOG_INTERVAL);
        }
        pause();
      }
    }
    return Optional.empty();
  }

  /**
   * Waits for the first connection of a pool, which takes longer than a request may wait on a
   * machine that starts everything at once.
   *
   * @return false if the wait was cancelled
   * @throws UnusableDatabaseException if waiting cannot help, or the limit has passed
   */
  public boolean connect(DataSource pool, DatabaseConfig config) {
    // The pool retries whatever happens. The direct URL has been tried by the migrations.
    boolean isReachable =
        config.main().equals(config.direct())
            || isConnected(
                config.main().source("perpetua-flow", CONNECT, LOGIN, LOGIN), config.main());
    return isReachable && isConnected(pool, config.main());
  }

  private boolean isConnected(DataSource source, DatabaseUrl url) {
    Optional<Connection> connection = connect(source, url);
    try {
      if (connection.isPresent()) {
        connection.get().close();
      }
    } catch (SQLException e) {
      LOG.log(System.Logger.Level.DEBUG, "cannot close the connection", e);
    }
    return connection.isPresent();
  }

  /** Waits as between two attempts. */
  public void pause() {
    try {
      cancelled.await(RETRY_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      cancel();
    }
  }
}
