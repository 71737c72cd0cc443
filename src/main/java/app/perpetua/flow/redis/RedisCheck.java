package app.perpetua.flow.redis;

import app.perpetua.flow.base.CheckResult;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.resource.DefaultClientResources;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Tries a Redis server as the service would use it, for an operator. Thread-safe. */
public final class RedisCheck {
  /** Of these answers, the fastest is reported: the first ones load classes. */
  private static final int ROUNDS = 20;

  private final RedisUrl url;
  private final Duration timeout;

  /**
   * @param timeout for the connection, and for each answer
   */
  public RedisCheck(RedisUrl url, Duration timeout) {
    this.url = url;
    this.timeout = timeout;
  }

  /** Connects, and runs a script that writes a key, which expires within a minute. */
  public CheckResult run() throws InterruptedException {
    RedisURI uri = Redis.uri(url);
    DefaultClientResources resources = Redis.resources();
    RedisClient client = Redis.client(resources, uri);
    try (StatefulRedisConnection<String, String> connection =
        client.connectAsync(StringCodec.UTF8, uri).get(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
      return CheckResult.ok(
          String.format(
              Locale.ROOT,
              "runs scripts at %s, within %.1f ms",
              url.address(),
              fastest(connection.async()).toNanos() / 1e6));
    } catch (TimeoutException e) {
      return failed("no answer within " + timeout.toSeconds() + " s");
    } catch (ExecutionException e) {
      return failed(Redis.reason(e.getCause()));
    } catch (RedisException e) {
      return failed(Redis.reason(e));
    } finally {
      Redis.shutDown(client, resources);
    }
  }

  private Duration fastest(RedisAsyncCommands<String, String> commands)
      throws TimeoutException, ExecutionException, InterruptedException {
    Duration fastest = timeout;
    for (int i = 0; i < ROUNDS; i++) {
      long start = System.nanoTime();
      Redis.probe(commands, timeout);
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      fastest = took.compareTo(fastest) < 0 ? took : fastest;
    }
    return fastest;
  }

  private CheckResult failed(String reason) {
    return CheckResult.failed(
        "cannot be used at "
            + url.address()
            + ": "
            + reason
            + ". Check REDIS_URL; until it works, each process applies its limits alone");
  }
}
