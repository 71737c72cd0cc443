package app.perpetua.flow.observability;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.PlainServer;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.time.GrantedTime;
import app.perpetua.flow.harness.time.MovableNanos;
import app.perpetua.flow.http.Lifecycle;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.Postgres;
import app.perpetua.flow.sql.TcpProxy;
import app.perpetua.flow.sql.connection.DatabaseProbe;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class HealthTest {
  private static final String READY = "/health/ready";
  private static final Duration AT_ONCE = Duration.ofMillis(500);

  /** Readiness waits up to a second for the database. */
  private static final Duration READY_LIMIT = Duration.ofMillis(1_500);

  /** A result is reused for a second, and a check has a time-out of a second. */
  private static final Duration NOTICED = Duration.ofSeconds(4);

  /** Reached only if a condition never becomes true. */
  private static final Duration HANGS = Duration.ofSeconds(60);

  private static Postgres postgres;

  @AutoClose private final GrantedTime time = new GrantedTime();

  @BeforeAll
  static void start() throws IOException {
    postgres = Postgres.durable();
    // The client's first request loads the contract, which takes longer than the limits below.
    try (Health health = new Health(probe(postgres.port()), Lifecycle.started());
        PlainServer server = new PlainServer(health.routes(), _ -> {});
        Api api = server.api()) {
      api.get("/health/live").expect(200);
    }
  }

  @AfterAll
  static void stop() throws IOException {
    postgres.close();
  }

  @Test
  void promise_6_with_a_frozen_database_the_service_is_live_but_not_ready() throws IOException {
    try (TcpProxy proxy = new TcpProxy(postgres.port());
        Health health = new Health(probe(proxy.port()), Lifecycle.started());
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
    Lifecycle lifecycle = Lifecycle.started();
    try (Health health = new Health(probe(postgres.port()), lifecycle);
        PlainServer server = new PlainServer(health.routes(), _ -> {});
        Api api = server.api()) {
      becomes(200, api);
      lifecycle.stop();
      assertEquals(
          "{\"status\":\"error\",\"checks\":{\"database\":\"ok\",\"process\":\"error\"}}",
          quick(api, READY).expect(503).text());
      quick(api, "/health/live").expect(200);
    }
  }

  @Test
  void a_service_that_starts_is_live_but_not_ready() throws IOException {
    Lifecycle lifecycle = new Lifecycle();
    try (Health health = new Health(probe(postgres.port()), lifecycle);
        PlainServer server = new PlainServer(health.routes(), _ -> {}, lifecycle);
        Api api = server.api()) {
      Eventually.within(HANGS, () -> quick(api, READY).text().contains("\"database\":\"ok\""));
      assertEquals(
          "{\"status\":\"error\",\"checks\":{\"database\":\"ok\",\"migrations\":\"error\"}}",
          quick(api, READY).expect(503).text());
      quick(api, "/health/live").expect(200);
      lifecycle.serve();
      becomes(200, api);
    }
  }

  private void becomes(int status, Api api) {
    long start = time.nanoTime();
    Eventually.within(HANGS, () -> quick(api, READY).status() == status);
    assertTrue(time.since(start).compareTo(NOTICED) < 0, time.since(start).toString());
  }

  /** Liveness never waits for the database, and readiness about a second. */
  private Api.Answer quick(Api api, String path) {
    Duration limit = path.endsWith("ready") ? READY_LIMIT : AT_ONCE;
    long start = time.nanoTime();
    Api.Answer answer = api.get(path);
    Duration took = time.since(start);
    assertTrue(took.compareTo(limit) < 0, took.toString());
    return answer;
  }

  @Test
  void FR_109_the_database_is_checked_only_when_somebody_asks_for_readiness() throws IOException {
    AtomicInteger messages = new AtomicInteger();
    MovableNanos nanos = new MovableNanos();
    try (Tap tap = tap(messages);
        Health health = new Health(probe(tap.port()), Lifecycle.started(), nanos);
        PlainServer server = new PlainServer(health.routes(), _ -> {});
        Api api = server.api()) {
      quick(api, "/health/live").expect(200);
      quick(api, "/api/v1/health/live").expect(200);
      assertEquals(0, messages.get());
      becomes(200, api);
      int afterLogin = messages.get();
      quick(api, READY).expect(200);
      assertEquals(afterLogin, messages.get(), "the result is reused");
      nanos.advance(Duration.ofMillis(1_001));
      quick(api, READY).expect(200);
      assertEquals(afterLogin + 1, messages.get(), "one message per check");
    }
  }

  @Test
  void FR_109_concurrent_probes_share_one_check() throws Exception {
    AtomicInteger messages = new AtomicInteger();
    try (Tap tap = tap(messages);
        Health health = new Health(probe(tap.port()), Lifecycle.started(), new MovableNanos());
        PlainServer server = new PlainServer(health.routes(), _ -> {});
        Api api = server.api()) {
      int login = messagesOfALogin();
      CountDownLatch start = new CountDownLatch(1);
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<Integer>> answers =
            Stream.generate(
                    () ->
                        threads.submit(
                            () -> {
                              start.await();
                              return api.get(READY).status();
                            }))
                .limit(20)
                .toList();
        start.countDown();
        for (Future<Integer> answer : answers) {
          assertEquals(200, answer.get());
        }
      }
      assertEquals(login, messages.get());
    }
  }

  @Test
  void FR_109_the_first_probe_after_a_quiet_time_replaces_a_connection_that_was_closed()
      throws IOException {
    MovableNanos nanos = new MovableNanos();
    try (TcpProxy proxy = new TcpProxy(postgres.port());
        Health health = new Health(probe(proxy.port()), Lifecycle.started(), nanos);
        PlainServer server = new PlainServer(health.routes(), _ -> {});
        Api api = server.api()) {
      becomes(200, api);
      proxy.cut();
      proxy.heal();
      nanos.advance(Duration.ofMinutes(10));
      quick(api, READY).expect(200);
    }
  }

  private static DatabaseProbe probe(int port) {
    return new DatabaseProbe(Postgres.config(port, 1));
  }

  private static Tap tap(AtomicInteger messages) throws IOException {
    return new Tap(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), postgres.port()),
        (_, direction, _) -> {
          if (direction == Tap.Direction.TO_SERVER) {
            messages.incrementAndGet();
          }
          return true;
        });
  }

  private static int messagesOfALogin() throws IOException {
    AtomicInteger messages = new AtomicInteger();
    try (Tap tap = tap(messages);
        DatabaseProbe probe = probe(tap.port())) {
      assertTrue(probe.isAvailable());
      return messages.get();
    }
  }
}
