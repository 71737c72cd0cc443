package app.perpetua.flow.account;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.credits.CreditConfig;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.notifications.Pages;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.Tx;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The account feature over a real database, as the service wires it. */
final class AccountFixture {
  static final int CONNECTIONS = 12;
  static final ClientInfo CLIENT = new ClientInfo("Firefox", "192.0.2.7");

  final MutableClock clock = new MutableClock();
  final Ids ids = new Ids();
  final Json json = new Json();
  final Events events = new Events(ids, json);
  final Db db;

  /** The time of the session check, in nanoseconds. */
  final AtomicLong realNanos = new AtomicLong();

  final CachedSessionCheck sessionCheck;
  final Sessions sessions;
  final RefreshTokens refreshTokens;
  final Credits credits;
  final FormerAccounts formerAccounts;
  final Users users;
  final Export export;

  AccountFixture(TestDatabase database, HikariDataSource pool) {
    this(database, pool, "secret");
  }

  AccountFixture(TestDatabase database, HikariDataSource pool, String refreshSecret) {
    this(database, pool, refreshSecret, List.of(new Secret("hash key")));
  }

  AccountFixture(
      TestDatabase database, HikariDataSource pool, String refreshSecret, List<Secret> hashKeys) {
    db =
        new Db(
            pool,
            SqlCatalog.load(
                List.of(
                    "owner", "events", "account", "credits", "export", "notifications", "jobs")),
            clock,
            Duration.ofMinutes(1),
            now -> {
              database.makeDays(now);
              return true;
            });
    sessionCheck = new CachedSessionCheck(db, realNanos::get);
    sessions =
        new Sessions(
            events,
            new Notifications(ids, new Jobs(ids, json), new Pages("/{task_id}", "/a", "/s")),
            sessionCheck);
    refreshTokens =
        new RefreshTokens(
            new Secret(refreshSecret), Duration.ofDays(7), new SecureRandom(), ids, sessions);
    credits =
        new Credits(new CreditConfig(10, 100, 50), ids, json, events, new SimpleMeterRegistry());
    formerAccounts = new FormerAccounts(new SubjectHashes(hashKeys));
    users = new Users(refreshTokens, formerAccounts, credits, 5, ids, events);
    export = new Export(db, users, json);
  }

  /** A pool whose connections are all open, so that no caller has to open one. */
  static HikariDataSource warmPool(TestDatabase database) throws SQLException {
    HikariDataSource pool = database.pool(CONNECTIONS);
    List<Connection> open = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS; i++) {
      open.add(pool.getConnection());
    }
    for (Connection connection : open) {
      connection.close();
    }
    return pool;
  }

  /** Runs work like a request without authentication. */
  <T> T system(Function<Tx, T> work) {
    return db.write(Actor.system("request-1"), work);
  }

  /** Runs work like a write of that user. */
  <T> T write(UUID userId, Function<Tx, T> work) {
    return db.write(
        Actor.user(userId, "request-1"),
        tx -> {
          tx.lockOwner();
          return work.apply(tx);
        });
  }

  <T> T read(UUID userId, Function<Tx, T> work) {
    return db.read(Actor.user(userId, "request-1"), work);
  }

  /** Signs in without a device. */
  Users.SignedIn signIn(GoogleIdentity identity) {
    return signIn(identity, null);
  }

  Users.SignedIn signIn(GoogleIdentity identity, @Nullable Device device) {
    return system(tx -> users.signIn(tx, identity, CLIENT, device));
  }

  /** The successor; empty if the token was refused. */
  Optional<String> refresh(String token) {
    return system(tx -> refreshTokens.rotate(tx, token, CLIENT)).map(RefreshTokens.Rotated::token);
  }

  void logout(String token) {
    system(
        tx -> {
          refreshTokens.logOut(tx, token);
          return "";
        });
  }

  static GoogleIdentity identity(String subject) {
    return GoogleIdentity.of(subject, subject + "@example.com", "Ada Example", null);
  }

  /**
   * Starts the calls while the user's row is locked, and unlocks it when as many of them wait as
   * there are connections. Returns the results in order.
   */
  static <T> List<T> atOnceBehind(TestDatabase database, UUID userId, List<Callable<T>> calls)
      throws Exception {
    try (Connection lock = database.dataSource().getConnection();
        var statement = lock.prepareStatement("select id from auth.users where id = ? for update");
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      lock.setAutoCommit(false);
      statement.setObject(1, userId);
      statement.execute();
      Future<List<T>> results = threads.submit(() -> atOnce(calls));
      Eventually.within(
          Duration.ofSeconds(30),
          () ->
              database.number(
                      """
                      select count(*) from pg_stat_activity
                      where datname = current_database() and wait_event_type = 'Lock'
                      """)
                  == CONNECTIONS);
      lock.rollback();
      return results.get();
    }
  }

  /** Runs the calls concurrently. Returns the results in order. */
  static <T extends @Nullable Object> List<T> atOnce(List<Callable<T>> calls) throws Exception {
    CountDownLatch start = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<T>> running = new ArrayList<>();
      for (Callable<T> call : calls) {
        running.add(
            threads.submit(
                () -> {
                  start.await();
                  return call.call();
                }));
      }
      start.countDown();
      List<T> results = new ArrayList<>();
      for (Future<T> result : running) {
        results.add(result.get());
      }
      return results;
    }
  }
}
