package app.perpetua.flow.sql;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.flywaydb.core.api.output.MigrateResult;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Migrates the schema at startup, past any pooler. Instances that start together take turns, and
 * each migration is a transaction, so an interrupted one is repeated by the next start. A schema
 * newer than this release is accepted, so that a release can be rolled back.
 */
public final class Migrations {
  private static final System.Logger LOG = System.getLogger(Migrations.class.getName());
  private static final Duration RETRY_INTERVAL = Duration.ofMillis(250);
  private static final Duration LOG_AFTER = Duration.ofSeconds(2);
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration LOGIN = Duration.ofSeconds(5);

  /** One statement of a migration may rewrite a table. */
  private static final Duration SOCKET = Duration.ofMinutes(5);

  /** The service cannot start; the message is for the operator and contains no password. */
  public static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Failed(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  private final PGSimpleDataSource source;
  private final String address;
  private final Duration timeout;
  private final boolean durable;

  /**
   * @param timeout how long to wait for a database that does not answer yet
   * @param durable whether to require settings with which acknowledged commits survive a power
   *     failure; false only in tests
   */
  public Migrations(DatabaseConfig database, Duration timeout, boolean durable) {
    this.address = database.direct().address();
    this.timeout = timeout;
    this.durable = durable;
    this.source = database.direct().source("perpetua-flow migrations", CONNECT, LOGIN, SOCKET);
  }

  /**
   * Waits for the database, checks its settings, and migrates it.
   *
   * @return the number of migrations run; 0 if the schema was up to date
   * @throws Failed if the service cannot start
   */
  public int run() {
    awaitDatabase();
    MigrateResult result = migrate();
    if (result.migrationsExecuted > 0) {
      LOG.log(
          System.Logger.Level.INFO,
          "migrated {0} to version {1}: {2} migrations in {3} ms",
          address,
          result.targetSchemaVersion,
          result.migrationsExecuted,
          result.getTotalMigrationTime());
    }
    return result.migrationsExecuted;
  }

  private void awaitDatabase() {
    long start = System.nanoTime();
    for (boolean logged = false; ; ) {
      try (Connection connection = source.getConnection()) {
        if (durable) {
          requireDurability(connection);
        }
        return;
      } catch (SQLException e) {
        if (!ReconnectingDataSource.isTransient(e)) {
          throw new Failed("cannot log in to the database " + address + ": " + oneLine(e), e);
        }
        Duration waited = Duration.ofNanos(System.nanoTime() - start);
        if (waited.compareTo(timeout) >= 0) {
          throw new Failed(
              "no database at " + address + " after " + timeout.toSeconds() + " s: " + oneLine(e),
              e);
        }
        if (!logged && waited.compareTo(LOG_AFTER) >= 0) {
          LOG.log(
              System.Logger.Level.INFO,
              "waiting up to {0} s for the database at {1}",
              timeout.toSeconds(),
              address);
          logged = true;
        }
        pause();
      }
    }
  }

  /**
   * Servers of Neon, which {@code neon.timeline_id} identifies, run with fsync off because they
   * replicate a commit to other machines before they acknowledge it.
   */
  private void requireDurability(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select current_setting('fsync'),
                       current_setting('synchronous_commit'),
                       coalesce(current_setting('neon.timeline_id', true), '')
                """)) {
      row.next();
      if (!row.getString(1).equals("on") && row.getString(3).isEmpty()) {
        throw notDurable("fsync");
      }
      if (row.getString(2).equals("off")) {
        throw notDurable("synchronous_commit");
      }
    }
  }

  private Failed notDurable(String setting) {
    return new Failed(
        "the database "
            + address
            + " runs with "
            + setting
            + " off and can lose acknowledged commits; turn it on",
        null);
  }

  private MigrateResult migrate() {
    try {
      return Flyway.configure()
          .dataSource(source)
          .locations("classpath:sql/migration")
          .failOnMissingLocations(true)
          .validateMigrationNaming(true)
          .loggers("slf4j")
          .load()
          .migrate();
    } catch (FlywayValidateException e) {
      throw new Failed(
          "the schema of " + address + " was created by different migrations: " + oneLine(e), e);
    } catch (FlywayException e) {
      throw new Failed("cannot migrate the schema of " + address + ": " + oneLine(e), e);
    }
  }

  private static String oneLine(Exception e) {
    return String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", "; ");
  }

  private static void pause() {
    try {
      Thread.sleep(RETRY_INTERVAL);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failed("interrupted while waiting for the database", e);
    }
  }
}
