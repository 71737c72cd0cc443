package app.perpetua.flow.bench;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.credits.CreditConfig;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseConfig;
import app.perpetua.flow.sql.DatabaseUrl;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Pool;
import app.perpetua.flow.sql.SqlCatalog;
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
 * Credits spent in this process by the code that the service runs, on the service's tables: a spend
 * alone is no request. Confined to one thread.
 */
final class Spends implements AutoCloseable {
  private static final int CONNECTIONS = 50;
  private static final int COUNTED = 50;
  private static final int AIM = 500;

  /** As the service's. */
  private static final Duration BUDGET = Duration.ofSeconds(5);

  private static final Duration CONNECTING = Duration.ofSeconds(30);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

  private final Database database;
  private final BenchOptions options;
  private final Queues.Report report;
  private final SqlCatalog catalog = SqlCatalog.load();
  private final Credits credits;
  private final HikariDataSource pool;
  private final Db db;

  Spends(Database database, BenchOptions options, Queues.Report report) {
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

  /** Gives a user, who has none yet, credits to start with. */
  void give(int user, int amount) {
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
    give(user, 100);
    // Grants of two types, as most users who pay have.
    db.write(
        actor(user),
        tx -> {
          tx.lockOwner();
          credits.beginMonth(tx, "bench");
          return "";
        });
    report.say("");
    report.say("Spends of one user, aim ≥ %d/s:", AIM);
    spends(user, pool);
    // As many as the service lets in, and nobody to wait for.
    for (int size : new int[] {Bench.POOL, 1}) {
      try (HikariDataSource other = pool(database.port(), size)) {
        spends(user, other);
      }
    }
    trips(user);
  }

  private void spends(int user, HikariDataSource over) throws IOException, SQLException {
    awaitConnections(over);
    window(user, over, options.warmUp().dividedBy(2));
    database.settle();
    Latencies latencies = window(user, over, options.window());
    double perSecond = latencies.size() / (double) options.seconds();
    report.say(
        "  over %2d connections: %5.0f/s %-6s  p50 %6.1f ms  p99 %6.1f ms",
        over.getMaximumPoolSize(),
        perSecond,
        perSecond >= AIM ? "met" : "MISSED",
        latencies.percentile(0.5).toNanos() / 1e6,
        latencies.percentile(0.99).toNanos() / 1e6);
  }

  /** The pool opens one after the other, and its users do not wait for long. */
  private static void awaitConnections(HikariDataSource pool) throws IOException {
    long begun = System.nanoTime();
    int wanted = pool.getMaximumPoolSize();
    // It begins with the first that is asked for.
    try (Connection _ = pool.getConnection()) {
      while (pool.getHikariPoolMXBean().getTotalConnections() < wanted) {
        if (System.nanoTime() - begun > CONNECTING.toNanos()) {
          throw new IOException("the database does not take " + wanted + " connections");
        }
        LockSupport.parkNanos(LOOK_AGAIN.toNanos());
      }
    } catch (SQLException e) {
      throw new IOException("the database cannot be reached", e);
    }
  }

  /** Everybody spends as soon as they have spent. */
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
          tx.lockOwner();
          return credits.spend(tx, 1, ref, "A spend of the benchmark");
        });
  }

  /** One connection, one spend at a time, often enough for statements to be prepared. */
  private void trips(int user) throws IOException {
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
      report.say(
          "  round trips of a spend: %.2f, of which one takes the lock that every write takes;"
              + " aim: 2 beyond it",
          trips);
    }
  }

  private HikariDataSource pool(int port, int size) {
    DatabaseUrl url = DatabaseUrl.parse(database.url(port));
    return Pool.open(new DatabaseConfig(url, url, size));
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
