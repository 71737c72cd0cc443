package app.perpetua.flow.observability;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.PlainServer;
import app.perpetua.flow.harness.time.GrantedTime;
import app.perpetua.flow.sql.DatabaseProbe;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.Postgres;
import app.perpetua.flow.sql.TcpProxy;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class HealthTest {
  private static final String READY = "/health/ready";
  private static final Duration AT_ONCE = Duration.ofMillis(500);

  /** The database is checked every second, with a time-out of a second. */
  private static final Duration NOTICED = Duration.ofSeconds(3);

  /** Reached only if a condition never becomes true. */
  private static final Duration HANGS = Duration.ofSeconds(60);

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
  void promise_6_with_a_frozen_database_the_service_is_live_but_not_ready() throws IOException {
    try (TcpProxy proxy = new TcpProxy(postgres.port());
        Health health = new Health(new DatabaseProbe(Postgres.config(proxy.port(), 1)));
        PlainServer server = new PlainServer(health.routes(), _ -> {});
        Api api = server.api()) {
      becomes(200, api);
      assertEquals(
          "{\"status\":\"ok\",\"checks\":{\"database\":\"ok\"}}",
          quick(api, "/api/v1/health/ready").expect(200).text());
      proxy.freeze();
      becomes(503, api);
      Api.Answer unready = quick(api, "/api/v1/health/ready").expect(503);
      assertEquals("{\"status\":\"error\",\"checks\":{\"database\":\"error\"}}", unready.text());
      assertEquals("1", unready.header("Retry-After").orElseThrow());
      assertEquals(
          "{\"status\":\"ok\",\"checks\":{\"process\":\"ok\"}}",
          quick(api, "/health/live").expect(200).text());
      quick(api, "/api/v1/health/live").expect(200);
      proxy.heal();
      becomes(200, api);
      proxy.cut();
      becomes(503, api);
      proxy.heal();
      becomes(200, api);
    }
  }

  @Test
  void during_shutdown_the_service_is_not_ready() throws IOException {
    try (Health health = new Health(new DatabaseProbe(Postgres.config(postgres.port(), 1)));
        PlainServer server = new PlainServer(health.routes(), _ -> {});
        Api api = server.api()) {
      becomes(200, api);
      health.shuttingDown();
      assertEquals(
          "{\"status\":\"error\",\"checks\":{\"database\":\"ok\",\"process\":\"error\"}}",
          quick(api, READY).expect(503).text());
      quick(api, "/health/live").expect(200);
    }
  }

  private void becomes(int status, Api api) {
    long start = time.nanoTime();
    Eventually.within(HANGS, () -> quick(api, READY).status() == status);
    assertTrue(time.since(start).compareTo(NOTICED) < 0, time.since(start).toString());
  }

  /** A probe never waits for the database. */
  private Api.Answer quick(Api api, String path) {
    long start = time.nanoTime();
    Api.Answer answer = api.get(path);
    Duration took = time.since(start);
    assertTrue(took.compareTo(AT_ONCE) < 0, took.toString());
    return answer;
  }
}
