package app.perpetua.flow.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import app.perpetua.flow.sql.connection.Listener;
import app.perpetua.flow.sql.connection.Pool;
import app.perpetua.flow.sql.startup.StartupWait;
import app.perpetua.flow.sql.startup.UnusableDatabaseException;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Transaction pooling by a real PgBouncer, where it is installed. */
class PgBouncerTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String CHANNEL = "pooler_test";

  /** More than the driver needs before it prepares a statement. */
  private static final int ROUNDS = 12;

  private static final int CLIENTS = 6;

  private static PgBouncer bouncer;
  private static String program;

  @BeforeAll
  static void start() throws IOException {
    program = PgBouncer.program().orElse("");
    assumeTrue(!program.isEmpty(), "skipped: pgbouncer is missing (apt-get install pgbouncer)");
    bouncer = new PgBouncer(program, port(database.url()));
  }

  @AfterAll
  static void stop() {
    if (bouncer != null) {
      bouncer.close();
    }
  }

  private static int port(DatabaseUrl url) {
    return URI.create(url.jdbcUrl().substring("jdbc:".length())).getPort();
  }

  private static DatabaseUrl pooler() {
    return new DatabaseUrl(
        database.url().jdbcUrl().replaceFirst("//[^/]+/", "//127.0.0.1:" + bouncer.port() + "/"),
        database.url().user(),
        database.url().password());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void FR_111_transactions_of_many_clients_share_few_sessions(boolean prepared) throws Exception {
    assumeTrue(
        !prepared || PgBouncer.supportsPreparedStatements(program),
        "skipped: PgBouncer before 1.21 does not support prepared statements");
    DatabaseConfig config = new DatabaseConfig(pooler(), database.url(), CLIENTS, prepared);
    UUID user = database.newUser().save();
    Actor actor = Actor.user(user, "test");
    try (HikariDataSource pool = Pool.open(config);
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS)) {
      Db db =
          new Db(pool, SqlCatalog.load(), new MutableClock(), Duration.ofMinutes(1), _ -> false);
      StartupWait.atMost(LIMIT).connect(pool, config);
      List<Future<Integer>> clients =
          IntStream.range(0, CLIENTS)
              .mapToObj(_ -> threads.submit(() -> rounds(db, actor)))
              .toList();
      for (Future<Integer> client : clients) {
        assertEquals(ROUNDS, client.get());
      }
    }
    // The limits of a transaction end with it: the sessions are as they were.
    try (Connection connection = pooler().source("test", LIMIT, LIMIT, LIMIT).getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("show statement_timeout")) {
      row.next();
      assertEquals("0", row.getString(1));
    }
  }

  private static int rounds(Db db, Actor actor) {
    for (int i = 0; i < ROUNDS; i++) {
      LockedUser owner =
          db.write(
              actor,
              tx -> {
                LockedUser locked = tx.lockOwner();
                tx.sql("jobs.cancel").bind("kind", "x").bind("key", "y").atCommit();
                return locked;
              });
      assertNotNull(owner);
      db.read(actor, tx -> tx.sql("jobs.cancel").bind("kind", "x").bind("key", "y").run());
    }
    return ROUNDS;
  }

  @Test
  void FR_111_a_transaction_behind_a_pooler_has_the_time_limits_of_the_server() throws Exception {
    UUID user = database.newUser().save();
    DatabaseConfig config = new DatabaseConfig(pooler(), database.url(), 2, false);
    try (HikariDataSource pool = Pool.open(config);
        Connection other = database.dataSource().getConnection();
        Statement lock = other.createStatement()) {
      Db db =
          new Db(pool, SqlCatalog.load(), new MutableClock(), Duration.ofMinutes(1), _ -> false);
      StartupWait.atMost(LIMIT).connect(pool, config);
      other.setAutoCommit(false);
      lock.execute("select from auth.users where id = '" + user + "' for update");
      DatabaseException busy =
          assertThrows(
              DatabaseException.class, () -> db.write(Actor.user(user, "test"), Tx::lockOwner));
      assertEquals(DatabaseException.Kind.BUSY, busy.kind());
    }
  }

  @Test
  void FR_111_a_pooler_without_a_direct_url_is_named_at_once() {
    DatabaseConfig config = new DatabaseConfig(pooler(), pooler(), 2, false);
    try (HikariDataSource pool = Pool.open(config)) {
      StartupWait wait = StartupWait.atMost(LIMIT);
      UnusableDatabaseException refused =
          assertThrows(UnusableDatabaseException.class, () -> wait.connect(pool, config));
      String message = String.valueOf(refused.getMessage());
      assertTrue(message.contains("DATABASE_DIRECT_URL"), message);
    }
  }

  @Test
  void FR_110_a_listener_behind_a_pooler_knows_that_notifications_do_not_arrive()
      throws SQLException {
    Semaphore called = new Semaphore(0);
    try (Listener listener =
        new Listener(new DatabaseConfig(pooler(), pooler(), 2), CHANNEL, called::release)) {
      assertTrue(acquired(called));
      assertFalse(listener.isListening());
    }
    try (Listener listener =
            new Listener(
                new DatabaseConfig(pooler(), database.url(), 2), CHANNEL, called::release);
        Connection sender = pooler().source("test", LIMIT, LIMIT, LIMIT).getConnection();
        Statement statement = sender.createStatement()) {
      assertTrue(acquired(called));
      Eventually.within(LIMIT, listener::isListening);
      statement.execute("notify " + CHANNEL);
      assertTrue(acquired(called));
    }
  }

  private static boolean acquired(Semaphore semaphore) {
    try {
      return semaphore.tryAcquire(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
