package app.perpetua.flow.harness;

import app.perpetua.flow.redis.Redis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The connections of two processes to one Redis server, for one test class. They wait so long for
 * an answer that a busy machine is never taken for a server that is away.
 */
public final class TwoRedisClients implements BeforeAllCallback, AfterAllCallback {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private @Nullable RedisServer server;
  private @Nullable Redis first;
  private @Nullable Redis second;

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    RedisServer started = new RedisServer();
    server = started;
    first = connect(started);
    second = connect(started);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    // Null if the test was skipped.
    if (server != null) {
      first().close();
      second().close();
      server.close();
    }
  }

  /** Connects to a server, as these do. */
  public static Redis connect(RedisServer server) {
    Redis redis = new Redis(server.url(), TIMEOUT, new SimpleMeterRegistry());
    redis.start();
    return redis;
  }

  /** The connection of one process. */
  public Redis first() {
    return Objects.requireNonNull(first, "only between beforeAll and afterAll");
  }

  /** The connection of the other process. */
  public Redis second() {
    return Objects.requireNonNull(second, "only between beforeAll and afterAll");
  }
}
