package app.perpetua.flow.sql.startup;

import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import app.perpetua.flow.sql.connection.Pool;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.flywaydb.core.api.output.MigrateResult;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Migrates the schema, past any pooler. Instances that start together take turns, and each
 * migration is a transaction, so an interrupted one is repeated by the next start. A schema newer
 * than this release is accepted, so that a release can be rolled back.
 */
public final class Migrations {
  private static final System.Logger LOG = System.getLogger(Migrations.class.getName());
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration LOGIN = Duration.ofSeconds(5);

  /** One statement of a migration may rewrite a large table. */
  private static final Duration SOCKET = Duration.ofHours(2);

  private static final int UNLIMITED = -1;

  private final PGSimpleDataSource source;
  private final DatabaseUrl url;
  private final StartupWait wait;
  private final boolean durable;

  /**
   * @param wait for a database that is unavailable
   * @param durable whether to require settings with which acknowledged commits survive a power
   *     failure; false only in tests
   */
  public Migrations(DatabaseConfig database, StartupWait wait, boolean durable) {
    this.url = database.direct();
    this.wait = wait;
    this.durable = durable;
    this.source = url.source("perpetua-flow migrations", CONNECT, LOGIN, SOCKET);
  }

  /**
   * Waits for the database, checks its settings, and migrates it; waits and continues if the
   * database becomes unavailable meanwhile.
   *
   * @return the number of migrations run, 0 if the schema was up to date; empty if the wait was
   *     cancelled
   * @throws UnusableDatabaseException if the service cannot start with this database
   */
  public OptionalInt run() {
    while (true) {
      Optional<Connection> connection = wait.connect(source, url);
      if (connection.isEmpty()) {
        return OptionalInt.empty();
      }
      try {
        return OptionalInt.of(isUpToDate(connection.get()) ? 0 : migrate());
      } catch (SQLException e) {
        requireTemporary(e, "check");
      } catch (FlywayValidateException e) {
        throw new UnusableDatabaseException(
            "the schema of the database "
                + url.address()
                + " was created by different migrations: "
                + ConnectionFailure.oneLine(e),
            e);
      } catch (FlywayException e) {
        requireTemporary(e, "migrate the schema of");
      }
    }
  }

  /** Returns if waiting for the database can help. */
  private void requireTemporary(Exception e, String operation) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && Pool.isTransient(sql)) {
        LOG.log(
            System.Logger.Level.WARNING,
            "the database {0} became unavailable during the migration, which will be repeated: {1}",
            url.address(),
            ConnectionFailure.oneLine(sql));
        wait.pause();
        return;
      }
    }
    throw new UnusableDatabaseException(
        "cannot "
            + operation
            + " the database "
            + url.address()
            + ": "
            + ConnectionFailure.oneLine(e),
        e);
  }

  /** Checks the server first, and closes the connection. */
  private boolean isUpToDate(Connection connection) throws SQLException {
    try (connection) {
      check(connection);
      return SchemaHistory.isUpToDate(connection);
    }
  }

  private void check(Connection connection) throws SQLException {
    List<String> unmet = ServerRequirements.unmet(connection, durable);
    if (!unmet.isEmpty()) {
      throw new UnusableDatabaseException(
          "the database " + url.address() + " " + String.join("; it ", unmet), null);
    }
  }

  private int migrate() {
    try (MigrationCallbacks callbacks = new MigrationCallbacks(url.address())) {
      MigrateResult result =
          Flyway.configure()
              .dataSource(source)
              .locations("classpath:sql/migration")
              .failOnMissingLocations(true)
              .validateMigrationNaming(true)
              .lockRetryCount(UNLIMITED)
              .callbacks(callbacks)
              .loggers("slf4j")
              .load()
              .migrate();
      if (result.migrationsExecuted > 0) {
        LOG.log(
            System.Logger.Level.INFO,
            "migrated {0} to version {1}: {2} migrations in {3} ms",
            url.address(),
            result.targetSchemaVersion,
            Integer.toString(result.migrationsExecuted),
            Long.toString(result.getTotalMigrationTime()));
      }
      return result.migrationsExecuted;
    }
  }
}
