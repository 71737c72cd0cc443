package app.perpetua.flow.sql;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Makes the pool that requests and jobs share. Everything in it ends by itself: waiting for a
 * connection, connecting, a statement, a lock, a transaction that was left open.
 */
public final class Pool {
  /** A request that gets no connection within this is told so. */
  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  /** An idle connection must show that it lives within this before it is handed out. */
  private static final Duration VALIDATION = Duration.ofMillis(500);

  private static final Duration CONNECT = Duration.ofSeconds(2);

  /** A database that sleeps while unused takes some seconds to let the first one in. */
  private static final Duration LOGIN = Duration.ofSeconds(5);

  /** The longest silence; above every limit of the server, which reports itself better. */
  private static final Duration SILENCE = Duration.ofSeconds(6);

  private static final String SERVER_LIMITS =
      "-c statement_timeout=3s -c lock_timeout=2s -c idle_in_transaction_session_timeout=10s";

  private Pool() {}

  /**
   * A pool of {@code poolSize} connections. It starts when it is first used, whether the database
   * is there or not. The caller closes it.
   */
  public static HikariDataSource open(DatabaseConfig config) {
    HikariDataSource pool = new HikariDataSource();
    pool.setPoolName("main");
    pool.setDataSource(
        new ReconnectingDataSource(source(config), config.main().place(), () -> !pool.isClosed()));
    pool.setMaximumPoolSize(config.poolSize());
    pool.setConnectionTimeout(TIMEOUT.toMillis());
    pool.setValidationTimeout(VALIDATION.toMillis());
    // Whether the service starts without a database is decided elsewhere, with a better message.
    pool.setInitializationFailTimeout(-1);
    return pool;
  }

  /** Reports how a pool is used; to be called before its first use. */
  public static void watch(HikariDataSource pool, MeterRegistry registry) {
    pool.setMetricsTrackerFactory(new MicrometerMetricsTrackerFactory(registry));
  }

  private static DataSource source(DatabaseConfig config) {
    PGSimpleDataSource source = config.main().source("perpetua-flow");
    source.setConnectTimeout((int) CONNECT.toSeconds());
    source.setLoginTimeout((int) LOGIN.toSeconds());
    source.setSocketTimeout((int) SILENCE.toSeconds());
    if (config.pooled()) {
      // A pooler gives every transaction another session: no settings and no prepared statements
      // outlive one, and some poolers refuse a client that brings settings along.
      source.setPrepareThreshold(0);
    } else {
      String given = source.getOptions();
      source.setOptions(given == null ? SERVER_LIMITS : given + " " + SERVER_LIMITS);
    }
    return source;
  }
}
