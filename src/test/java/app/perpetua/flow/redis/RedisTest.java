package app.perpetua.flow.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.RedisServer;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.TcpProxy;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RedisTest {
  private static final RedisScript COUNT =
      new RedisScript(
          "count", "local n = redis.call('INCRBY', KEYS[1], ARGV[1]) return {n, n * 2}");

  /** Limit of waits; reached only if something hangs. */
  private static final Duration LONG = Duration.ofSeconds(60);

  /** What a call may add to a request. */
  private static final Duration FALLBACK = Duration.ofMillis(50);

  private static final Logger LOGGER = Logger.getLogger(Redis.class.getName());

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  /** The lines about the server of this test, of all threads. */
  private final List<String> lines = new CopyOnWriteArrayList<>();

  private String address = "";

  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord event) {
          if (event.getParameters()[0].equals(address)) {
            lines.add(event.getLevel() + " " + event.getMessage());
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    LOGGER.addHandler(handler);
  }

  @AfterEach
  void stopListening() {
    LOGGER.removeHandler(handler);
  }

  /** A client that only gives up answers that will not come. */
  private Redis open(RedisUrl url) {
    return open(url, Duration.ofSeconds(2));
  }

  private Redis open(RedisUrl url, Duration timeout) {
    address = url.address();
    Redis redis = new Redis(url, timeout, registry);
    redis.start();
    return redis;
  }

  private double available() {
    return registry.get("redis.available").gauge().value();
  }

  private List<Long> count(Redis redis, String key) {
    return redis.run(COUNT, key, "1").orElseThrow();
  }

  /** Runs the script until the server counts as away. */
  private static void untilAway(Redis redis) {
    while (redis.isAvailable()) {
      assertEquals(Optional.empty(), redis.run(COUNT, "k", "1"));
    }
  }

  @Test
  void a_script_returns_integers_and_is_loaded_again_after_a_restart() throws Exception {
    try (RedisServer server = new RedisServer();
        Redis redis = open(server.url())) {
      assertEquals(List.of(1L, 2L), count(redis, "k"));
      assertEquals(List.of(2L, 4L), count(redis, "k"));
      assertEquals(1, available());
      server.kill();
      untilAway(redis);
      server.restart();
      Eventually.within(LONG, redis::isAvailable);
      assertEquals(List.of(1L, 2L), count(redis, "k"));
    }
  }

  @Test
  void FR_131_a_frozen_server_is_reported_once_and_not_called_until_it_answers() throws Exception {
    try (RedisServer server = new RedisServer();
        Redis redis = open(server.url(), Duration.ofMillis(500))) {
      server.freeze();
      untilAway(redis);
      assertEquals(0, available());
      long start = System.nanoTime();
      for (int i = 0; i < 1_000; i++) {
        assertEquals(Optional.empty(), redis.run(COUNT, "k", "1"));
      }
      Duration skipped = Duration.ofNanos(System.nanoTime() - start);
      assertTrue(skipped.compareTo(Duration.ofMillis(500)) < 0, skipped::toString);
      server.thaw();
      Eventually.within(LONG, redis::isAvailable);
      assertEquals(
          List.of(
              "WARNING Redis at {0} is not usable: {1}; until it is, each process applies its"
                  + " limits alone",
              "INFO Redis at {0} answers again: limits apply to all processes together"),
          lines.subList(lines.size() - 2, lines.size()));
    }
  }

  @Test
  void FR_131_calls_of_a_frozen_server_end_within_50_ms() throws Exception {
    long fastest = Long.MAX_VALUE;
    try (RedisServer server = new RedisServer()) {
      // The fastest of several, because the machine may be busy with other tests.
      for (int i = 0; i < 10 && fastest > FALLBACK.toNanos(); i++) {
        try (Redis redis = open(server.url(), Redis.CALL_TIMEOUT)) {
          server.freeze();
          while (redis.isAvailable()) {
            long start = System.nanoTime();
            assertEquals(Optional.empty(), redis.run(COUNT, "k", "1"));
            fastest = Math.min(fastest, System.nanoTime() - start);
          }
          server.thaw();
        }
      }
    }
    assertTrue(fastest <= FALLBACK.toNanos(), fastest + " ns");
    assertTrue(fastest >= Redis.CALL_TIMEOUT.toNanos(), "the call waited for an answer");
  }

  @Test
  void FR_131_a_dead_connection_is_replaced() throws Exception {
    try (RedisServer server = new RedisServer();
        TcpProxy proxy = new TcpProxy(server.port());
        Redis redis = open(RedisUrl.parse("redis://127.0.0.1:" + proxy.port()))) {
      count(redis, "k");
      proxy.forget();
      untilAway(redis);
      Eventually.within(LONG, redis::isAvailable);
      count(redis, "k");
      proxy.cut();
      untilAway(redis);
      proxy.heal();
      Eventually.within(LONG, redis::isAvailable);
      count(redis, "k");
    }
  }

  @Test
  void a_single_failure_does_not_give_the_server_up() throws Exception {
    RedisScript wrong = new RedisScript("wrong", "return redis.error_reply('no')");
    try (RedisServer server = new RedisServer();
        Redis redis = open(server.url())) {
      assertEquals(Optional.empty(), redis.run(wrong, "k"));
      assertEquals(Optional.empty(), redis.run(wrong, "k"));
      count(redis, "k");
      assertEquals(Optional.empty(), redis.run(wrong, "k"));
      assertTrue(redis.isAvailable());
      assertEquals(List.of(), lines);
    }
  }

  @Test
  void FR_131_a_server_that_is_away_at_the_start_is_used_once_it_is_there() throws Exception {
    int port = FreePort.find();
    try (Redis redis = open(RedisUrl.parse("redis://127.0.0.1:" + port))) {
      assertFalse(redis.isAvailable());
      assertEquals(Optional.empty(), redis.run(COUNT, "k", "1"));
      assertEquals(1, lines.size());
    }
    try (RedisServer server = new RedisServer()) {
      server.kill();
      try (Redis redis = open(server.url())) {
        assertFalse(redis.isAvailable());
        server.restart();
        Eventually.within(LONG, redis::isAvailable);
      }
    }
  }

  @Test
  void a_server_that_refuses_writes_or_the_password_is_not_used() throws Exception {
    try (RedisServer full = new RedisServer("--maxmemory", "1");
        Redis redis = open(full.url())) {
      assertFalse(redis.isAvailable());
    }
    try (RedisServer closed = new RedisServer("--requirepass", "right")) {
      try (Redis redis = open(RedisUrl.parse("redis://:wrong@127.0.0.1:" + closed.port()))) {
        assertFalse(redis.isAvailable());
      }
      try (Redis redis = open(RedisUrl.parse("redis://:right@127.0.0.1:" + closed.port()))) {
        assertTrue(redis.isAvailable());
      }
    }
  }

  @Test
  void calls_are_measured_by_outcome() throws Exception {
    try (RedisServer server = new RedisServer();
        Redis redis = open(server.url())) {
      count(redis, "k");
      server.kill();
      untilAway(redis);
      assertEquals(Optional.empty(), redis.run(COUNT, "k", "1"));
      assertEquals(1, timer("ok").count());
      assertTrue(timer("ok").totalTime(TimeUnit.NANOSECONDS) > 0);
      assertEquals(3, timer("failed").count());
      assertEquals(1, timer("skipped").count());
    }
  }

  private Timer timer(String outcome) {
    return registry.get("redis.calls").tags("script", "count", "outcome", outcome).timer();
  }
}
