package app.perpetua.flow.sql.startup;

import app.perpetua.flow.base.CheckResult;
import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationInfoService;
import org.postgresql.PGConnection;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Tries the database for an operator and changes nothing: what the service would find at start
 * under both URLs. Thread-safe.
 */
public final class DatabaseCheck {
  private static final Duration CONNECT = Duration.ofSeconds(4);

  /** A database that is suspended while idle takes some seconds to accept the first login. */
  private static final Duration LOGIN = Duration.ofSeconds(8);

  private static final Duration SOCKET = Duration.ofSeconds(8);

  /** One connection each for LISTEN, health and migrations. */
  private static final int OTHER_CONNECTIONS = 3;

  /** One of the settings that the pool's connections begin with. */
  private static final String STARTUP_OPTIONS = "-c statement_timeout=3s";

  private static final int ROUND_TRIPS = 5;
  private static final int ROUNDS = 5;
  private static final String BACKEND = "select pg_backend_pid()";

  private final DatabaseConfig config;
  private final RandomGenerator random;

  /**
   * @param random chooses the key of a lock that no other session holds; thread-safe
   */
  public DatabaseCheck(DatabaseConfig config, RandomGenerator random) {
    this.config = config;
    this.random = random;
  }

  /** The direct URL: login, version, settings, privileges and the state of the schema. */
  public CheckResult schema() {
    PGSimpleDataSource source = source(config.direct());
    String address = config.direct().address();
    try (Connection connection = source.getConnection()) {
      List<String> unmet = ServerRequirements.unmet(connection, true);
      if (!unmet.isEmpty()) {
        return CheckResult.failed("the database " + address + " " + String.join("; it ", unmet));
      }
      String server = connection.getMetaData().getDatabaseProductVersion().split(" ", 2)[0];
      return migrations(source, "PostgreSQL " + server + " at " + address);
    } catch (SQLException e) {
      return CheckResult.failed(ConnectionFailure.of(e, config.direct()).message());
    }
  }

  private static CheckResult migrations(PGSimpleDataSource source, String found) {
    try {
      Flyway flyway =
          Flyway.configure()
              .dataSource(source)
              .locations("classpath:sql/migration")
              .ignoreMigrationPatterns("*:pending", "*:future")
              .loggers("slf4j")
              .load();
      MigrationInfoService info = flyway.info();
      if (!flyway.validateWithResult().validationSuccessful) {
        return CheckResult.failed(
            found
                + " has a schema that other migrations created, or of which one failed; restore the"
                + " database, or use the release that created it");
      }
      MigrationInfo current = info.current();
      int pending = info.pending().length;
      long newer =
          Arrays.stream(info.applied())
              .filter(migration -> !migration.getState().isResolved())
              .count();
      String schema =
          current == null ? "an empty schema" : "a schema of version " + current.getVersion();
      String outlook =
          newer > 0
              ? "of a newer release, which this one accepts"
              : pending == 0 ? "up to date" : pending + " migrations run at the next start";
      return CheckResult.ok(found + " has " + schema + "; " + outlook);
    } catch (FlywayException e) {
      return CheckResult.failed(
          found
              + " does not show the state of its schema ("
              + ConnectionFailure.oneLine(e)
              + "); make the role its owner");
    }
  }

  /** The URL of requests and jobs: login, speed, limits, and what a pooler in between supports. */
  public CheckResult connections() {
    PGSimpleDataSource source = source(config.main());
    String address = config.main().address();
    try {
      long start = System.nanoTime();
      try (Connection first = source.getConnection()) {
        double login = millisSince(start);
        double roundTrip = roundTrip(first);
        boolean isSame = !config.pooled() || isSameDatabase(first);
        if (!isSame) {
          return CheckResult.failed(
              "DATABASE_URL and DATABASE_DIRECT_URL lead to different databases; set both to the"
                  + " same one");
        }
        try (Connection second = source.getConnection()) {
          boolean isPooler = isTransactionPooler(first, second);
          if (!config.pooled() && (isPooler || !acceptsOptions())) {
            return CheckResult.failed(
                address
                    + " is a transaction pooler; set DATABASE_DIRECT_URL to the URL without it,"
                    + " which migrations and LISTEN need");
          }
          int permitted = permitted(first);
          // Last, because the connections prepare every statement from there on.
          boolean keepsStatements = !isPooler || keepsStatements(first, second);
          if (!keepsStatements && config.preparedStatements()) {
            return CheckResult.failed(
                address
                    + " is a transaction pooler that does not keep prepared statements; set"
                    + " DATABASE_PREPARED_STATEMENTS=off, or use PgBouncer 1.21 or later with"
                    + " max_prepared_statements");
          }
          int needed = config.poolSize() + OTHER_CONNECTIONS;
          if (!isPooler && permitted < needed) {
            return CheckResult.failed(
                "the server permits "
                    + permitted
                    + " connections to this role, but one process opens up to "
                    + needed
                    + "; set DATABASE_POOL_SIZE to less, or raise max_connections");
          }
          return CheckResult.ok(
              String.format(
                  Locale.ROOT,
                  "%s: login %.0f ms, round trip %.1f ms, %s; this process opens up to %d of %d"
                      + " connections",
                  address,
                  login,
                  roundTrip,
                  !isPooler
                      ? "no pooler"
                      : keepsStatements
                          ? "a transaction pooler that keeps prepared statements"
                          : "a transaction pooler without prepared statements",
                  needed,
                  permitted));
        }
      }
    } catch (SQLException e) {
      return CheckResult.failed(ConnectionFailure.of(e, config.main()).message());
    }
  }

  private static double roundTrip(Connection connection) throws SQLException {
    double best = Double.MAX_VALUE;
    for (int i = 0; i < ROUND_TRIPS; i++) {
      long start = System.nanoTime();
      number(connection, "select 1");
      best = Math.min(best, millisSince(start));
    }
    return best;
  }

  /**
   * Whether a lock that is held through the direct URL exists through the main one. True if there
   * is no direct connection, which {@link #schema} reports.
   */
  private boolean isSameDatabase(Connection main) throws SQLException {
    long key = random.nextLong();
    try (Connection direct = source(config.direct()).getConnection()) {
      return acquires(direct, "select pg_try_advisory_lock(?)", key)
          && !acquires(main, "select pg_try_advisory_xact_lock(?)", key);
    } catch (SQLException e) {
      if (main.isValid((int) CONNECT.toSeconds())) {
        return true;
      }
      throw e;
    }
  }

  private static boolean acquires(Connection connection, String sql, long key) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setLong(1, key);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  /** Whether two open connections share a session of the server, or one of them has several. */
  private static boolean isTransactionPooler(Connection first, Connection second)
      throws SQLException {
    int session = number(first, BACKEND);
    boolean isShared = false;
    // A pooler may give back the same session by chance.
    for (int round = 0; round < ROUNDS && !isShared; round++) {
      second.setAutoCommit(false);
      isShared = number(second, BACKEND) == session || number(first, BACKEND) != session;
      second.rollback();
      second.setAutoCommit(true);
    }
    return isShared;
  }

  private boolean acceptsOptions() throws SQLException {
    PGSimpleDataSource source = source(config.main());
    String given = source.getOptions();
    source.setOptions((given == null ? "" : given + " ") + STARTUP_OPTIONS);
    try (Connection connection = source.getConnection()) {
      return connection.isValid((int) CONNECT.toSeconds());
    } catch (SQLException e) {
      // 08P01: PgBouncer; 0A000 and 42704: poolers of other kinds.
      if (List.of("08P01", "0A000", "42704").contains(String.valueOf(e.getSQLState()))) {
        return false;
      }
      throw e;
    }
  }

  /** Whether statements that two connections prepare exist in the next transaction of each. */
  private static boolean keepsStatements(Connection first, Connection second) throws SQLException {
    try {
      for (Connection connection : List.of(first, second, first, second)) {
        prepare(connection);
      }
      return true;
    } catch (SQLException e) {
      // invalid_sql_statement_name and duplicate_prepared_statement.
      if (List.of("26000", "42P05").contains(String.valueOf(e.getSQLState()))) {
        return false;
      }
      throw e;
    }
  }

  private static void prepare(Connection connection) throws SQLException {
    connection.unwrap(PGConnection.class).setPrepareThreshold(1);
    try (PreparedStatement statement = connection.prepareStatement("select ?::int + 1")) {
      statement.setInt(1, 1);
      statement.executeQuery().close();
    }
  }

  /** Connections that the server and the role's own limit permit. */
  private static int permitted(Connection connection) throws SQLException {
    return number(
        connection,
        """
        select least(
          current_setting('max_connections')::int
            - current_setting('superuser_reserved_connections')::int,
          nullif((select rolconnlimit from pg_roles where rolname = current_user), -1),
          nullif((select datconnlimit from pg_database where datname = current_database()), -1))
        """);
  }

  private static int number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getInt(1);
    }
  }

  private static double millisSince(long start) {
    return (System.nanoTime() - start) / 1e6;
  }

  private static PGSimpleDataSource source(DatabaseUrl url) {
    PGSimpleDataSource source = url.source("perpetua-flow check", CONNECT, LOGIN, SOCKET);
    // The driver would prepare even the ends of transactions, which not every pooler supports.
    source.setPrepareThreshold(0);
    return source;
  }
}
