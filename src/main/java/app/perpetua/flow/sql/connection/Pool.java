package app.perpetua.flow.sql.connection;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;

/**
 * Creates the connection pool that requests and jobs share. Everything has a time-out: waiting for
 * a connection, connecting, statements, locks, and transactions left open.
 */
public final class Pool {
  private static final Duration CONNECTION_TIMEOUT = Duration.ofSeconds(1);

  /** For the check of an idle connection before it is used. */
  private static final Duration VALIDATION = Duration.ofMillis(500);

  private static final Duration CONNECT = Duration.ofSeconds(2);

  /** A database that is suspended while idle takes some seconds to accept the first login. */
  private static final Duration LOGIN = Duration.ofSeconds(5);

  /** Longer than the server's limits, whose error messages say more. */
  private static final Duration SOCKET = Duration.ofSeconds(6);

  /**
   * After this time an idle connection is closed. Shorter than the memory of routers and load
   * balancers, the shortest of which known to us is four minutes, so that a burst after a quiet
   * time finds no dead connections; and an idle process keeps none of the database's connections.
   */
  private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(2);

  private Pool() {}

  /**
   * Creates a pool, which the caller closes. It starts when it is first used, and does not require
   * a database to do so.
   */
  public static HikariDataSource open(DatabaseConfig config) {
    HikariDataSource pool = new HikariDataSource();
    pool.setPoolName("main");
    pool.setDataSource(
        source(
            config,
            new ReconnectingDataSource(
                config.main().address(),
                config.pooled() ? ServerLimits.OF_TRANSACTION : ServerLimits.OF_SESSION,
                () -> !pool.isClosed())));
    pool.setMaximumPoolSize(config.poolSize());
    pool.setMinimumIdle(0);
    pool.setIdleTimeout(IDLE_TIMEOUT.toMillis());
    // A query per connection and interval would keep an idle database awake; see
    // KeepAliveSocketFactory.
    pool.setKeepaliveTime(0);
    pool.setConnectionTimeout(CONNECTION_TIMEOUT.toMillis());
    pool.setValidationTimeout(VALIDATION.toMillis());
    // The server's default. HikariCP would read it from the first connection and, if that is lost
    // just
    // then, try to set an unknown level for every other one, so that the pool never has a
    // connection.
    pool.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    // Migrations decides whether the service starts without a database, with a better message.
    pool.setInitializationFailTimeout(-1);
    return pool;
  }

  /** Registers metrics of the pool. Call it before the pool's first use. */
  public static void register(HikariDataSource pool, MeterRegistry registry) {
    pool.setMetricsTrackerFactory(new MicrometerMetricsTrackerFactory(registry));
  }

  /** Whether the server's limits are set once per session or by each transaction. */
  public static ServerLimits limits(HikariDataSource pool) {
    return pool.getDataSource() instanceof ReconnectingDataSource source
        ? source.limits()
        : ServerLimits.OF_SESSION;
  }

  /**
   * Whether connecting again can succeed: unreachable, starting, stopping or out of connections.
   */
  public static boolean isTransient(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    return switch (state) {
      // Rejected by the driver itself: no TLS, no password.
      case "08004" -> false;
      case "57P01", "57P02", "57P03", "53300" -> true;
      // PgBouncer, also of a server that is away; but it will never accept settings.
      case "08P01" -> !String.valueOf(e.getMessage()).contains("unsupported startup parameter");
      default -> state.startsWith("08");
    };
  }

  private static DataSource source(DatabaseConfig config, ReconnectingDataSource source) {
    config.main().configure(source, "perpetua-flow", CONNECT, LOGIN, SOCKET);
    // Unless the URL names one.
    if (KeepAliveSocketFactory.class.getName().equals(source.getSocketFactory())) {
      source.setSocketFactory(DeadlineSocketFactory.class.getName());
    }
    if (!config.preparedStatements()) {
      source.setPrepareThreshold(0);
    }
    // Poolers reject clients that send settings; see ServerLimits.
    if (!config.pooled()) {
      String options = source.getOptions();
      source.setOptions(
          options == null ? ServerLimits.OPTIONS : options + " " + ServerLimits.OPTIONS);
    }
    return source;
  }
}
