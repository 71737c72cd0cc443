package app.perpetua.flow.sql.startup;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;

/**
 * Prepares the connections of a migration, and logs how far it is while it lasts: after 2 s, then
 * every 30 s. Thread-safe.
 */
final class MigrationCallbacks implements Callback, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Migrations.class.getName());
  private static final Duration FIRST = Duration.ofSeconds(2);
  private static final Duration INTERVAL = Duration.ofSeconds(30);

  private final String address;
  private final long start = System.nanoTime();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread progress;
  private volatile String step = "waiting for another instance, which migrates it";

  MigrationCallbacks(String address) {
    this.address = address;
    this.progress = Thread.ofVirtual().name("migration progress").start(this::report);
  }

  @Override
  public boolean supports(Event event, Context context) {
    return event == Event.AFTER_CONNECT || event == Event.BEFORE_EACH_MIGRATE;
  }

  @Override
  public boolean canHandleInTransaction(Event event, Context context) {
    return true;
  }

  @Override
  public void handle(Event event, Context context) {
    if (event == Event.AFTER_CONNECT) {
      endWithClient(context.getConnection());
      return;
    }
    MigrationInfo migration = context.getMigrationInfo();
    step = "migration " + migration.getVersion() + " (" + migration.getDescription() + ")";
  }

  /**
   * Makes the server end the statement of a client that no longer exists, which would otherwise
   * hold its locks until it finishes. Servers on some operating systems cannot.
   */
  private static void endWithClient(Connection connection) {
    try (Statement statement = connection.createStatement()) {
      statement.execute("set client_connection_check_interval = '1s'");
    } catch (SQLException e) {
      LOG.log(System.Logger.Level.DEBUG, "statements of lost clients will go on", e);
    }
  }

  @Override
  public String getCallbackName() {
    return "perpetua-flow";
  }

  private void report() {
    try {
      for (Duration wait = FIRST;
          !closed.await(wait.toMillis(), TimeUnit.MILLISECONDS);
          wait = INTERVAL) {
        LOG.log(
            System.Logger.Level.INFO,
            "migrating {0} since {1} s: {2}",
            address,
            Long.toString(Duration.ofNanos(System.nanoTime() - start).toSeconds()),
            step);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns when no more progress will be logged. */
  @Override
  public void close() {
    closed.countDown();
    try {
      progress.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
