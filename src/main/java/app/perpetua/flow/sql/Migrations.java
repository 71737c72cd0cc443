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
 * Brings the schema up to date at start, past any pooler. Instances that start together wait for
 * each other, and each migration is a transaction: one that was cut off is made again by the next
 * start. A schema newer than this release is left alone, so that a release can be taken back.
 */
public final class Migrations {
  private static final System.Logger LOG = System.getLogger(Migrations.class.getName());
  private static final Duration PACE = Duration.ofMillis(250);
  private static final Duration WORTH_TELLING = Duration.ofSeconds(2);
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration LOGIN = Duration.ofSeconds(5);

  /** One statement of a migration may rewrite a table. */
  private static final Duration SILENCE = Duration.ofMinutes(5);

  /** Why the service cannot start; the message is for the operator and holds no password. */
  public static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Failed(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  private final PGSimpleDataSource source;
  private final String place;
  private final Duration patience;
  private final boolean durable;

  /**
   * @param database whose direct address is used
   * @param patience how long to wait for a database that does not answer yet
   * @param durable whether to insist that what the server acknowledges survives a power cut; false
   *     only in tests
   */
  public Migrations(DatabaseConfig database, Duration patience, boolean durable) {
    this.place = database.direct().place();
    this.patience = patience;
    this.durable = durable;
    this.source = database.direct().source("perpetua-flow migrations");
    source.setConnectTimeout((int) CONNECT.toSeconds());
    source.setLoginTimeout((int) LOGIN.toSeconds());
    source.setSocketTimeout((int) SILENCE.toSeconds());
  }

  /**
   * Waits for the database, checks it, and migrates it.
   *
   * @return how many migrations were run; 0 if the schema was up to date
   * @throws Failed if the service cannot start
   */
  public int run() {
    awaitDatabase();
    MigrateResult result = migrate();
    if (result.migrationsExecuted > 0) {
      LOG.log(
          System.Logger.Level.INFO,
          "migrated {0} to version {1}: {2} migrations in {3} ms",
          place,
          result.targetSchemaVersion,
          result.migrationsExecuted,
          result.getTotalMigrationTime());
    }
    return result.migrationsExecuted;
  }

  private void awaitDatabase() {
    long start = System.nanoTime();
    for (boolean told = false; ; ) {
      try (Connection connection = source.getConnection()) {
        if (durable) {
          insistOnDurability(connection);
        }
        return;
      } catch (SQLException e) {
        if (!ReconnectingDataSource.isTransient(e)) {
          throw new Failed("the database at " + place + " lets nobody in: " + text(e), e);
        }
        Duration waited = Duration.ofNanos(System.nanoTime() - start);
        if (waited.compareTo(patience) >= 0) {
          throw new Failed(
              "no database at " + place + " after " + patience.toSeconds() + " s: " + text(e), e);
        }
        if (!told && waited.compareTo(WORTH_TELLING) >= 0) {
          LOG.log(
              System.Logger.Level.INFO,
              "waiting up to {0} s for the database at {1}",
              patience.toSeconds(),
              place);
          told = true;
        }
        pause();
      }
    }
  }

  /**
   * Neon's servers run with fsync off, because there a commit is durable once other machines have
   * it; they are known by a setting of their own.
   */
  private void insistOnDurability(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select current_setting('fsync'),
                       current_setting('synchronous_commit'),
                       coalesce(current_setting('neon.timeline_id', true), '')
                """)) {
      row.next();
      boolean stored = row.getString(1).equals("on") || !row.getString(3).isEmpty();
      if (!stored) {
        throw undurable("fsync");
      }
      if (row.getString(2).equals("off")) {
        throw undurable("synchronous_commit");
      }
    }
  }

  private Failed undurable(String setting) {
    return new Failed(
        "the database at "
            + place
            + " runs with "
            + setting
            + " off and could lose what it has acknowledged; turn it on",
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
          "the schema at " + place + " was made by other migrations than these: " + text(e), e);
    } catch (FlywayException e) {
      throw new Failed("the schema at " + place + " could not be migrated: " + text(e), e);
    }
  }

  /** A message on one line. */
  private static String text(Exception e) {
    return String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", "; ");
  }

  private static void pause() {
    try {
      Thread.sleep(PACE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failed("interrupted while waiting for the database", e);
    }
  }
}
