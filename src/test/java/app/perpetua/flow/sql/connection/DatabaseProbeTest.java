package app.perpetua.flow.sql.connection;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.time.GrantedTime;
import app.perpetua.flow.sql.Postgres;
import app.perpetua.flow.sql.TcpProxy;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class DatabaseProbeTest {
  private static final Duration A_SECOND_AND_A_BIT = Duration.ofMillis(1_300);

  @AutoClose private final GrantedTime time = new GrantedTime();

  private static Postgres postgres;

  @BeforeAll
  static void start() throws IOException {
    postgres = Postgres.durable();
  }

  @AfterAll
  static void stop() throws IOException {
    postgres.close();
  }

  @Test
  void promise_6_a_frozen_database_is_detected_within_a_second() throws IOException {
    try (TcpProxy proxy = new TcpProxy(postgres.port());
        DatabaseProbe probe = new DatabaseProbe(Postgres.config(proxy.port(), 1))) {
      assertTrue(probe.isAvailable());
      assertTrue(probe.isAvailable());
      proxy.freeze();
      assertDown(probe);
      // Now it has no connection and tries to open one.
      assertDown(probe);
      proxy.heal();
      assertTrue(probe.isAvailable());
    }
  }

  @Test
  void promise_6_a_database_that_is_available_again_is_detected() throws IOException {
    try (TcpProxy proxy = new TcpProxy(postgres.port());
        DatabaseProbe probe = new DatabaseProbe(Postgres.config(proxy.port(), 1))) {
      assertTrue(probe.isAvailable());
      proxy.cut();
      assertDown(probe);
      assertDown(probe);
      proxy.heal();
      assertTrue(probe.isAvailable());
    }
  }

  @Test
  void a_connection_that_was_closed_while_idle_is_replaced_at_once() throws IOException {
    try (TcpProxy proxy = new TcpProxy(postgres.port());
        DatabaseProbe probe = new DatabaseProbe(Postgres.config(proxy.port(), 1))) {
      assertTrue(probe.isAvailable());
      proxy.cut();
      proxy.heal();
      assertTrue(probe.isAvailable());
    }
  }

  private void assertDown(DatabaseProbe probe) {
    long start = time.nanoTime();
    assertFalse(probe.isAvailable());
    Duration took = time.since(start);
    assertTrue(took.compareTo(A_SECOND_AND_A_BIT) < 0, took.toString());
  }
}
