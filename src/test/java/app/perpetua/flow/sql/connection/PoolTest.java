package app.perpetua.flow.sql.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.time.GrantedTime;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.Postgres;
import app.perpetua.flow.sql.TcpProxy;
import app.perpetua.flow.sql.startup.StartupWait;
import app.perpetua.flow.sql.startup.UnusableDatabaseException;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.PGConnection;

final class PoolTest {
  /** Limit for conditions whose delay is not measured. */
  private static final Duration HANGS = Duration.ofSeconds(60);

  private static final Duration ALIVE_BYPASS = Duration.ofMillis(550);

  private static Postgres postgres;

  @AutoClose private final GrantedTime time = new GrantedTime();

  @BeforeAll
  static void start() throws IOException {
    postgres = Postgres.durable();
  }

  @AfterAll
  static void stop() throws IOException {
    postgres.close();
  }

  @Test
  void connections_have_time_outs() throws SQLException {
    DatabaseUrl url = Postgres.url(postgres.port(), "postgres", "?options=-c%20geqo=off");
    try (HikariDataSource pool = Pool.open(new DatabaseConfig(url, url, 2));
        Connection connection = pool.getConnection()) {
      assertEquals("3s", setting(connection, "statement_timeout"));
      assertEquals("2s", setting(connection, "lock_timeout"));
      assertEquals("10s", setting(connection, "idle_in_transaction_session_timeout"));
      assertEquals("0", setting(connection, "max_parallel_workers_per_gather"));
      assertEquals("off", setting(connection, "jit"));
      assertEquals("perpetua-flow", setting(connection, "application_name"));
      assertEquals("off", setting(connection, "geqo"));
      assertEquals(6_000, connection.getNetworkTimeout());
      assertEquals(1_000, pool.getConnectionTimeout());
      assertEquals(500, pool.getValidationTimeout());
    }
  }

  @Test
  void behind_a_pooler_no_settings_of_the_session_are_used() throws SQLException {
    try (HikariDataSource pool = Pool.open(behindPooler(true));
        Connection connection = pool.getConnection()) {
      assertEquals("0", setting(connection, "statement_timeout"));
      assertEquals("0", setting(connection, "lock_timeout"));
    }
  }

  @ParameterizedTest
  @CsvSource({"false, false, 0", "false, true, 5", "true, false, 0", "true, true, 5"})
  void FR_111_statements_are_prepared_as_configured_with_and_without_a_pooler(
      boolean pooler, boolean prepared, int threshold) throws SQLException {
    DatabaseUrl url = Postgres.url(postgres.port(), "postgres", "");
    DatabaseConfig config =
        pooler ? behindPooler(prepared) : new DatabaseConfig(url, url, 2, prepared);
    try (HikariDataSource pool = Pool.open(config);
        Connection connection = pool.getConnection()) {
      assertEquals(threshold, connection.unwrap(PGConnection.class).getPrepareThreshold());
    }
  }

  private static DatabaseConfig behindPooler(boolean preparedStatements) {
    return new DatabaseConfig(
        Postgres.url(postgres.port(), "postgres", ""),
        Postgres.url(postgres.port(), "postgres", "?connectTimeout=9"),
        2,
        preparedStatements);
  }

  @Test
  void a_pool_recovers_if_its_first_connection_is_lost_while_it_is_set_up() throws Exception {
    try (Tap tap =
            new Tap(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), postgres.port()),
                (connection, direction, message) ->
                    connection > 1
                        || direction == Tap.Direction.TO_CLIENT
                        || !new String(message, StandardCharsets.ISO_8859_1)
                            .contains("TRANSACTION ISOLATION"));
        HikariDataSource pool = Pool.open(Postgres.config(tap.port(), 1))) {
      Eventually.within(HANGS, () -> connects(pool));
    }
  }

  private static boolean connects(HikariDataSource pool) {
    try (Connection connection = pool.getConnection()) {
      return connection.isValid(1);
    } catch (SQLException e) {
      return false;
    }
  }

  @Test
  void FR_110_an_idle_pool_sends_nothing_and_shrinks() {
    try (HikariDataSource pool = Pool.open(Postgres.config(postgres.port(), 12))) {
      assertEquals(0, pool.getKeepaliveTime());
      assertEquals(0, pool.getMinimumIdle());
      assertEquals(Duration.ofMinutes(2).toMillis(), pool.getIdleTimeout());
    }
  }

  @Test
  void idle_connections_are_probed_by_the_operating_system() throws Exception {
    try (Socket socket = new KeepAliveSocketFactory().createSocket()) {
      assertTrue(socket.getKeepAlive());
      assertEquals(15, socket.getOption(ExtendedSocketOptions.TCP_KEEPIDLE));
      assertEquals(5, socket.getOption(ExtendedSocketOptions.TCP_KEEPINTERVAL));
      assertEquals(3, socket.getOption(ExtendedSocketOptions.TCP_KEEPCOUNT));
    }
    DatabaseUrl url = Postgres.url(postgres.port(), "postgres", "");
    assertEquals(
        KeepAliveSocketFactory.class.getName(),
        url.source("test", HANGS, HANGS, HANGS).getSocketFactory());
  }

  @Test
  void a_burst_after_a_quiet_time_does_not_suffer_from_connections_that_were_closed()
      throws Exception {
    int size = 12;
    try (TcpProxy proxy = new TcpProxy(postgres.port());
        HikariDataSource pool = Pool.open(Postgres.config(proxy.port(), size))) {
      fill(pool, size);
      proxy.cut();
      proxy.heal();
      // HikariCP does not check a connection that was used within this time.
      LockSupport.parkNanos(ALIVE_BYPASS.toNanos());
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<Boolean>> burst =
            Stream.generate(() -> threads.submit(() -> usable(pool))).limit(size).toList();
        for (Future<Boolean> request : burst) {
          assertTrue(request.get());
        }
      }
    }
  }

  @Test
  void a_connection_that_a_router_forgot_is_replaced_within_a_request() throws Exception {
    try (TcpProxy proxy = new TcpProxy(postgres.port());
        HikariDataSource pool = Pool.open(Postgres.config(proxy.port(), 4))) {
      pool.getConnection().close();
      proxy.forget();
      LockSupport.parkNanos(ALIVE_BYPASS.toNanos());
      assertTrue(usable(pool));
    }
  }

  /** Opens all connections. */
  private static void fill(HikariDataSource pool, int size) throws SQLException {
    List<Connection> all = new ArrayList<>();
    Eventually.within(
        HANGS,
        () -> {
          try {
            all.add(pool.getConnection());
          } catch (SQLException e) {
            // The machine is busy.
          }
          return all.size() == size;
        });
    for (Connection connection : all) {
      connection.close();
    }
  }

  /** Its first connections fail. */
  private static final class SlowPool extends HikariDataSource {
    private final SQLException failure;
    private final int failures;
    private int attempts;

    SlowPool(int failures, SQLException failure) {
      this.failures = failures;
      this.failure = failure;
      setDataSource(
          Postgres.url(postgres.port(), "postgres", "").source("test", HANGS, HANGS, HANGS));
    }

    @Override
    public Connection getConnection() throws SQLException {
      attempts++;
      if (attempts <= failures) {
        throw failure;
      }
      return super.getConnection();
    }
  }

  @Test
  void the_first_connection_may_take_longer_than_a_request_may_wait() {
    SQLException timeout = new SQLTransientConnectionException("simulated time-out");
    SQLException unreachable = new SQLException("simulated failure", "08001");
    for (SQLException passing :
        List.of(timeout, new SQLTransientConnectionException("x", null, 0, unreachable))) {
      try (SlowPool pool = new SlowPool(2, passing)) {
        assertTrue(StartupWait.atMost(HANGS).connect(pool, config()));
        assertEquals(3, pool.attempts);
      }
    }
  }

  @Test
  void waiting_for_the_first_connection_ends_at_the_limit_and_when_it_cannot_help() {
    SQLException timeout = new SQLTransientConnectionException("simulated time-out");
    try (SlowPool pool = new SlowPool(2, timeout)) {
      StartupWait none = StartupWait.atMost(Duration.ZERO);
      assertThrows(UnusableDatabaseException.class, () -> none.connect(pool, config()));
      assertEquals(1, pool.attempts);
    }
    SQLException password = new SQLException("simulated failure", "28P01");
    for (SQLException hopeless :
        List.of(password, new SQLTransientConnectionException("x", null, 0, password))) {
      try (SlowPool pool = new SlowPool(2, hopeless)) {
        StartupWait wait = StartupWait.atMost(HANGS);
        assertThrows(UnusableDatabaseException.class, () -> wait.connect(pool, config()));
        assertEquals(1, pool.attempts);
      }
    }
  }

  @Test
  void an_unknown_host_of_the_pooler_is_reported_at_once() {
    DatabaseUrl main =
        new DatabaseUrl(
            "jdbc:postgresql://no-such-host.invalid/x", Optional.empty(), Optional.empty());
    DatabaseConfig config = new DatabaseConfig(main, config().direct(), 1);
    try (HikariDataSource pool = Pool.open(config)) {
      StartupWait wait = StartupWait.atMost(HANGS);
      UnusableDatabaseException failed =
          assertThrows(UnusableDatabaseException.class, () -> wait.connect(pool, config));
      String message = String.valueOf(failed.getMessage());
      assertTrue(message.contains("is unknown"), message);
    }
  }

  private static DatabaseConfig config() {
    return Postgres.config(postgres.port(), 1);
  }

  @Test
  void opening_the_pool_does_not_wait_for_the_database() throws Exception {
    try (TcpProxy proxy = new TcpProxy(postgres.port())) {
      proxy.cut();
      long begun = time.nanoTime();
      try (HikariDataSource pool = Pool.open(Postgres.config(proxy.port(), 2))) {
        long start = time.nanoTime();
        assertThrows(SQLException.class, pool::getConnection);
        assertTrue(time.since(start).compareTo(Duration.ofMillis(1_500)) < 0);
      }
      // Closing cancels the attempts in progress.
      assertTrue(time.since(begun).compareTo(Duration.ofSeconds(3)) < 0);
    }
  }

  @Test
  void promise_6_a_database_is_used_as_soon_as_it_is_available_again() throws Exception {
    try (TcpProxy proxy = new TcpProxy(postgres.port());
        HikariDataSource pool = Pool.open(Postgres.config(proxy.port(), 4))) {
      pool.getConnection().close();
      proxy.cut();
      Eventually.within(HANGS, () -> !usable(pool));
      // By now HikariCP's own back-off would be five seconds.
      Eventually.within(HANGS, () -> !usable(pool) && proxy.refused() >= 24);
      proxy.heal();
      long start = time.nanoTime();
      pool.getConnection().close();
      assertTrue(time.since(start).compareTo(Duration.ofSeconds(1)) < 0);
    }
  }

  @Test
  void promise_6_requests_do_not_wait_for_a_frozen_database() throws Exception {
    try (TcpProxy proxy = new TcpProxy(postgres.port());
        HikariDataSource pool = Pool.open(Postgres.config(proxy.port(), 2))) {
      try (Connection connection = pool.getConnection();
          Statement statement = connection.createStatement()) {
        statement.execute("select 1");
        proxy.freeze();
        long start = time.nanoTime();
        assertThrows(SQLException.class, () -> statement.execute("select 1"));
        assertTrue(time.since(start).compareTo(Duration.ofSeconds(7)) < 0);
      }
      long start = time.nanoTime();
      assertThrows(SQLException.class, pool::getConnection);
      assertTrue(
          time.since(start).compareTo(Duration.ofMillis(1_900)) < 0, time.since(start).toString());
      proxy.heal();
      long healed = time.nanoTime();
      Eventually.within(HANGS, () -> usable(pool));
      assertTrue(time.since(healed).compareTo(Duration.ofSeconds(5)) < 0);
    }
  }

  private static boolean usable(HikariDataSource pool) {
    try (Connection connection = pool.getConnection()) {
      return connection.isValid(1);
    } catch (SQLException e) {
      return false;
    }
  }

  private static String setting(Connection connection, String name) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("show " + name)) {
      row.next();
      return row.getString(1);
    }
  }
}
