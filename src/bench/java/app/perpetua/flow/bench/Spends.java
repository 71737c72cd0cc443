package app.perpetua.flow.bench;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.bench.load.Latencies;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.RoundTrips;
import app.perpetua.flow.credits.CreditConfig;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import app.perpetua.flow.sql.connection.Pool;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/**
 * Concurrent spending of one user's credits, by the service's code in this process, because no
 * request only spends credits. Confined to one thread.
 */
final class Spends implements AutoCloseable {
  private static final int CONNECTIONS = 50;
  private static final int COUNTED = 50;
  private static final int TARGET = 500;

  private static final Duration BUDGET = Duration.ofSeconds(5);

  private static final Duration CONNECTING = Duration.ofSeconds(30);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(10);

  private final Database database;
  private final BenchOptions options;
  private final Report report;
  private final SqlCatalog catalog = SqlCatalog.load();
  private final Credits credits;
  private final HikariDataSource pool;
  private final Db db;

  Spends(Database database, BenchOptions options, Report report) {
    this.database = database;
    this.options = options;
    this.report = report;
    Ids ids = new Ids();
    Json json = new Json();
    this.credits =
        new Credits(
            new CreditConfig(0, 1_000_000, 50),
            ids,
            json,
            new Events(ids, json),
            new SimpleMeterRegistry());
    this.pool = pool(database.port(), CONNECTIONS);
    this.db = db(pool);
  }

  /** Grants credits to a user without any. */
  void grant(int user, int amount) {
    long there = db.read(actor(user), tx -> (long) credits.statement(tx).balance().total());
    if (there == 0) {
      db.write(
          actor(user),
          tx -> {
            tx.lockOwner();
            credits.grantKickstart(tx, amount);
            return "";
          });
    }
  }

  void run() throws IOException, SQLException {
    int user = Database.USERS - 1;
    grant(user, 100);
    // Two types of grants, as most paying users have.
    db.write(
        actor(user),
        tx -> {
          tx.lockOwner();
          credits.beginMonth(tx, "bench");
          return "";
        });
    report.print("");
    report.print("Spends of one user, target ≥ %d/s:", TARGET);
    spends(user, pool);
    // The size of the service's pool, and one connection without concurrency.
    for (int size : new int[] {Throughput.POOL, 1}) {
      try (HikariDataSource other = pool(database.port(), size)) {
        spends(user, other);
      }
    }
    roundTrips(user);
  }

  private void spends(int user, HikariDataSource over) throws IOException, SQLException {
    awaitConnections(over);
    window(user, over, options.warmUp().dividedBy(2));
    database.vacuum();
    Latencies latencies = window(user, over, options.window());
    double perSecond = latencies.size() / (double) options.seconds();
    report.print(
        "  over %2d connections: %5.0f/s %-6s  p50 %6.1f ms  p99 %6.1f ms",
        over.getMaximumPoolSize(),
        perSecond,
        perSecond >= TARGET ? "met" : "MISSED",
        latencies.percentile(0.5).toNanos() / 1e6,
        latencies.percentile(0.99).toNanos() / 1e6);
  }

  /** Waits until the pool is full: it opens connections one by one, and its time-out is short. */
  private static void awaitConnections(HikariDataSource pool) throws IOException {
    long begun = System.nanoTime();
    int size = pool.getMaximumPoolSize();
    // The pool starts to fill at the first use.
    try (Connection _ = pool.getConnection()) {
      while (pool.getHikariPoolMXBean().getTotalConnections() < size) {
        if (System.nanoTime() - begun > CONNECTING.toNanos()) {
          throw new IOException("the database does not accept " + size + " connections");
        }
        LockSupport.parkNanos(POLL_INTERVAL.toNanos());
      }
    } catch (SQLException e) {
      throw new IOException("the database cannot be reached", e);
    }
  }

  /** Each connection spends again as soon as its last spend has committed. */
  private Latencies window(int user, HikariDataSource over, Duration duration) throws IOException {
    Db through = db(over);
    Latencies all = new Latencies();
    long end = System.nanoTime() + duration.toNanos();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<Long>>> spenders = new ArrayList<>();
      for (int i = 0; i < over.getMaximumPoolSize(); i++) {
        spenders.add(threads.submit(() -> spendUntil(end, through, user)));
      }
      for (Future<List<Long>> spender : spenders) {
        spender.get().forEach(all::record);
      }
    } catch (ExecutionException e) {
      throw new IOException("a spend failed: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
    return all;
  }

  private List<Long> spendUntil(long end, Db through, int user) {
    List<Long> nanos = new ArrayList<>();
    for (long begun = System.nanoTime(); begun - end < 0; begun = System.nanoTime()) {
      spend(through, user);
      nanos.add(System.nanoTime() - begun);
    }
    return nanos;
  }

  private void spend(Db through, int user) {
    String ref = "bench:" + UUID.randomUUID();
    through.write(
        actor(user),
        tx -> {
          tx.openWithOwner();
          return credits.spend(tx, 1, ref, "A spend of the benchmark");
        });
  }

  /** Uses one connection and one spend at a time, after enough spends to prepare statements. */
  private void roundTrips(int user) throws IOException {
    try (RoundTrips counter = new RoundTrips(database.port());
        HikariDataSource one = pool(counter.port(), 1)) {
      Db counted = db(one);
      for (int i = 0; i < COUNTED; i++) {
        spend(counted, user);
      }
      long before = counter.busiest();
      for (int i = 0; i < COUNTED; i++) {
        spend(counted, user);
      }
      double trips = (counter.busiest() - before) / (double) COUNTED;
      report.print("  round trips of a spend: %.2f; target: 2", trips);
    }
  }

  private HikariDataSource pool(int port, int size) {
    DatabaseUrl url = DatabaseUrl.parse(database.url(port));
    HikariDataSource pool = Pool.open(new DatabaseConfig(url, url, size));
    // The service's pool opens connections when they are needed, which is not measured here.
    pool.setMinimumIdle(size);
    pool.setIdleTimeout(0);
    return pool;
  }

  private Db db(HikariDataSource from) {
    return new Db(from, catalog, Clock.systemUTC(), BUDGET, _ -> false);
  }

  private static Actor actor(int user) {
    return Actor.user(UUID.fromString(Database.user(user)), null);
  }

  @Override
  public void close() {
    pool.close();
  }
}
