package app.perpetua.flow.chaos.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.chaos.wire.CommitTrap.Point;
import app.perpetua.flow.chaos.wire.CommitTrap.Verdict;
import app.perpetua.flow.harness.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/** With a real server, and byte by byte. */
@Timeout(60)
class PgProxyTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  @BeforeEach
  void createTable() {
    database.run("drop table if exists public.committed");
    database.run("create table public.committed (n integer)");
  }

  private static PGSimpleDataSource through(PgProxy proxy, String mode, int prepareThreshold)
      throws SQLException {
    PGSimpleDataSource source = database.dataSource();
    source.setServerNames(new String[] {"127.0.0.1"});
    source.setPortNumbers(new int[] {proxy.port()});
    source.setProperty("preferQueryMode", mode);
    source.setPrepareThreshold(prepareThreshold);
    return source;
  }

  private static PgProxy proxy() throws IOException {
    return new PgProxy(database.dataSource().getPortNumbers()[0]);
  }

  private static long rows() {
    return database.number("select count(*) from public.committed where n < 100");
  }

  /** The server may still execute a statement of an earlier point, so each has its own. */
  private static int number(Point point) {
    return switch (point) {
      case BEFORE -> 100;
      case AT -> 101;
      case AFTER -> 102;
    };
  }

  private static String insert(Point point) {
    return "insert into public.committed values (" + number(point) + ")";
  }

  private static long rows(Point point) {
    return database.number("select count(*) from public.committed where n = ?", number(point));
  }

  @ParameterizedTest
  @ValueSource(strings = {"simple", "extended", "extendedForPrepared"})
  void a_cut_before_the_commit_loses_it_and_one_after_it_does_not(String mode) throws Exception {
    for (Point point : Point.values()) {
      try (PgProxy proxy = proxy();
          Connection connection = through(proxy, mode, 1).getConnection();
          Statement statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        // The first ones make the driver prepare COMMIT and send its name only.
        for (int i = 0; i < 8; i++) {
          statement.execute("insert into public.committed values (0)");
          connection.commit();
        }
        proxy.set(CommitTrap.at(point, 0, () -> Verdict.CUT));
        statement.execute(insert(point));
        assertThrows(SQLException.class, connection::commit);
        switch (point) {
          case BEFORE -> assertEquals(0, rows(point));
          case AFTER -> assertEquals(1, rows(point));
          case AT -> assertTrue(rows(point) <= 1);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_commit_sent_together_with_other_statements_is_recognized(Point point) throws Exception {
    try (PgProxy proxy = proxy();
        Connection connection = through(proxy, "extended", 5).getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(insert(point));
      proxy.set(CommitTrap.at(point, 0, () -> Verdict.CUT));
      assertThrows(SQLException.class, () -> statement.execute(insert(point) + ";\ncommit"));
    }
    if (point != Point.AT) {
      assertEquals(point == Point.AFTER ? 2 : 0, rows(point));
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_write_that_commits_by_itself_is_recognized(Point point) throws Exception {
    try (PgProxy proxy = proxy();
        Connection connection = through(proxy, "extended", 5).getConnection();
        Statement statement = connection.createStatement()) {
      statement.executeQuery("select 1 from public.committed").close();
      proxy.set(CommitTrap.at(point, 0, () -> Verdict.CUT));
      assertThrows(SQLException.class, () -> statement.execute(insert(point)));
    }
    if (point != Point.AT) {
      assertEquals(point == Point.AFTER ? 1 : 0, rows(point));
    }
  }

  @Test
  void commits_are_skipped_and_a_trap_springs_once() throws Exception {
    AtomicInteger sprung = new AtomicInteger();
    try (PgProxy proxy = proxy();
        Connection connection = through(proxy, "extended", 5).getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      proxy.set(
          CommitTrap.at(
              Point.BEFORE,
              2,
              () -> {
                sprung.incrementAndGet();
                return Verdict.PASS;
              }));
      for (int i = 0; i < 5; i++) {
        statement.execute("insert into public.committed values (1)");
        connection.commit();
        assertEquals(i < 2 ? 0 : 1, sprung.get());
      }
    }
    assertEquals(5, rows());
  }

  @Test
  void a_refused_network_breaks_connections_and_heals() throws Exception {
    try (PgProxy proxy = proxy();
        Connection connection = through(proxy, "extended", 5).getConnection()) {
      proxy.refuse();
      assertThrows(SQLException.class, () -> connection.createStatement().execute("select 1"));
      assertThrows(SQLException.class, () -> through(proxy, "extended", 5).getConnection());
      proxy.heal();
      through(proxy, "extended", 5).getConnection().close();
    }
  }

  @Test
  void a_silent_network_delays_what_was_sent_until_it_heals() throws Exception {
    try (PgProxy proxy = proxy();
        Connection connection = through(proxy, "extended", 5).getConnection();
        Statement statement = connection.createStatement()) {
      proxy.hold();
      connection.setNetworkTimeout(Runnable::run, 300);
      assertThrows(
          SQLException.class, () -> statement.execute("insert into public.committed values (1)"));
      assertEquals(0, rows());
      proxy.heal();
      through(proxy, "extended", 5).getConnection().close();
    }
  }

  @Test
  void a_slow_network_delays_each_direction() throws Exception {
    try (PgProxy proxy = proxy();
        Connection connection = through(proxy, "extended", 5).getConnection();
        Statement statement = connection.createStatement()) {
      proxy.slow(Duration.ofMillis(100));
      long begun = System.nanoTime();
      statement.execute("select 1");
      assertTrue(System.nanoTime() - begun >= Duration.ofMillis(200).toNanos());
    }
  }

  /** Frames arrive in pieces of one byte, as a network may deliver them. */
  @Test
  void a_commit_that_arrives_byte_by_byte_is_held_back_whole() throws Exception {
    ByteArrayOutputStream before = new ByteArrayOutputStream();
    DataOutputStream sent = new DataOutputStream(before);
    sent.writeInt(9);
    sent.writeInt(196_608);
    sent.writeByte(0);
    frame(sent, 'P', "\0insert into a.b values (1)\0\0\0");
    frame(sent, 'B', "\0\0\0\0\0\0\0\0");
    frame(sent, 'E', "\0\0\0\0\0");
    frame(sent, 'P', "\0commit\0\0\0");
    frame(sent, 'B', "\0\0\0\0\0\0\0\0");
    ByteArrayOutputStream commit = new ByteArrayOutputStream();
    frame(new DataOutputStream(commit), 'E', "\0\0\0\0\0");
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        PgProxy proxy = new PgProxy(server.getLocalPort())) {
      // A reset discards what the other side has not read yet.
      CountDownLatch read = new CountDownLatch(1);
      proxy.set(
          CommitTrap.at(
              Point.BEFORE,
              0,
              () -> {
                await(read);
                return Verdict.CUT;
              }));
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
        client.setTcpNoDelay(true);
        for (byte[] part : new byte[][] {before.toByteArray(), commit.toByteArray()}) {
          for (byte one : part) {
            client.getOutputStream().write(one);
            client.getOutputStream().flush();
          }
        }
        try (Socket accepted = server.accept()) {
          byte[] received = accepted.getInputStream().readNBytes(before.size());
          assertEquals(
              new String(before.toByteArray(), StandardCharsets.ISO_8859_1),
              new String(received, StandardCharsets.ISO_8859_1));
          read.countDown();
          assertThrows(IOException.class, () -> readOne(accepted), "reset without the commit");
        }
      }
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void readOne(Socket socket) throws IOException {
    if (socket.getInputStream().read() < 0) {
      throw new IOException("ended");
    }
  }

  private static void frame(DataOutputStream to, char type, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
    to.writeByte(type);
    to.writeInt(bytes.length + Integer.BYTES);
    to.write(bytes);
  }
}
