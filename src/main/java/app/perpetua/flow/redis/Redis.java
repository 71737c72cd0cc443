package app.perpetua.flow.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.resource.DefaultClientResources;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Runs scripts on a Redis or Valkey server, each in one round trip. The service works without the
 * server: a call that is not answered in time has no result, and after several in a row the server
 * is not called until it answers again, which a thread of its own finds out. Thread-safe.
 */
public final class Redis implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Redis.class.getName());

  /** Callers fall back within 50 ms (FR-131); the rest is for the scheduler. */
  public static final Duration CALL_TIMEOUT = Duration.ofMillis(40);

  /** One late answer may be a pause of this process. */
  private static final int FAILURES_UNTIL_AWAY = 3;

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration PROBE_INTERVAL = Duration.ofSeconds(1);

  /**
   * Consecutive answers in time, so that a server that is merely slow is not tried all the time.
   */
  private static final int ANSWERS_UNTIL_BACK = 3;

  /** Commands that wait for the server; it is away long before there are as many. */
  private static final int MAX_QUEUE = 10_000;

  private static final String PROBE_KEY = "perpetua:probe";
  private static final RedisScript PROBE =
      new RedisScript("probe", "redis.call('SET', KEYS[1], 1, 'PX', 60000) return {1}");

  private final String address;
  private final RedisURI uri;
  private final Duration timeout;
  private final DefaultClientResources resources;
  private final RedisClient client;
  private final MeterRegistry registry;
  private final AtomicInteger failures = new AtomicInteger();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread prober = Thread.ofVirtual().name("redis probe").unstarted(this::keepTrying);
  private volatile @Nullable StatefulRedisConnection<String, String> connection;

  /** Whether scripts are run. */
  private volatile boolean isAvailable;

  /** Whether the log says that the server is away. */
  private boolean isReported;

  /**
   * Opens no connection yet.
   *
   * @param timeout of a call, such as {@link #CALL_TIMEOUT}
   */
  public Redis(RedisUrl url, Duration timeout, MeterRegistry registry) {
    this.address = url.address();
    this.uri = uri(url);
    this.timeout = timeout;
    this.registry = registry;
    this.resources = resources();
    this.client = client(resources, uri);
    Gauge.builder("redis.available", () -> isAvailable ? 1 : 0)
        .description("1 while limits and the circuit breaker are shared through Redis")
        .register(registry);
  }

  static DefaultClientResources resources() {
    // One connection, and small commands: a single thread is never the bottleneck.
    return DefaultClientResources.builder()
        .ioThreadPoolSize(1)
        .computationThreadPoolSize(2)
        .build();
  }

  static RedisClient client(DefaultClientResources resources, RedisURI uri) {
    RedisClient client = RedisClient.create(resources, uri);
    client.setOptions(
        ClientOptions.builder()
            // The prober connects; meanwhile commands fail at once instead of being queued.
            .autoReconnect(false)
            .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
            .requestQueueSize(MAX_QUEUE)
            .socketOptions(
                SocketOptions.builder().connectTimeout(CONNECT_TIMEOUT).tcpNoDelay(true).build())
            .timeoutOptions(TimeoutOptions.enabled(CONNECT_TIMEOUT))
            .build());
    return client;
  }

  static void shutDown(RedisClient client, DefaultClientResources resources) {
    client.shutdown(Duration.ZERO, CONNECT_TIMEOUT);
    resources
        .shutdown(0, CONNECT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(CONNECT_TIMEOUT.toMillis());
  }

  static RedisURI uri(RedisUrl url) {
    RedisURI.Builder builder =
        RedisURI.Builder.redis(url.host(), url.port())
            .withSsl(url.tls())
            .withDatabase(url.database())
            .withClientName("perpetua-flow")
            .withTimeout(CONNECT_TIMEOUT);
    url.password()
        .ifPresent(
            password ->
                url.user()
                    .ifPresentOrElse(
                        user -> builder.withAuthentication(user, password.value()),
                        () -> builder.withPassword(password.value().toCharArray())));
    return builder.build();
  }

  /** Connects, for two seconds at most, and keeps trying from then on. */
  public void start() {
    tryToReturn();
    prober.start();
  }

  /**
   * Runs a script.
   *
   * @return its integers; empty if the server has not answered in time or is away
   */
  public Optional<List<Long>> run(RedisScript script, String key, String... arguments) {
    StatefulRedisConnection<String, String> current = connection;
    if (!isAvailable || current == null) {
      record(script, "skipped", 0);
      return Optional.empty();
    }
    long start = System.nanoTime();
    try {
      List<Long> result = run(current.async(), script, key, arguments, start);
      failures.set(0);
      record(script, "ok", System.nanoTime() - start);
      return Optional.of(result);
    } catch (TimeoutException e) {
      failed(noAnswer());
    } catch (ExecutionException e) {
      failed(reason(e.getCause()));
    } catch (RedisException e) {
      failed(reason(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    record(script, "failed", System.nanoTime() - start);
    return Optional.empty();
  }

  private List<Long> run(
      RedisAsyncCommands<String, String> commands,
      RedisScript script,
      String key,
      String[] arguments,
      long start)
      throws TimeoutException, ExecutionException, InterruptedException {
    String[] keys = {key};
    try {
      return await(
          commands.<List<Long>>evalsha(
              commands.digest(script.text()), ScriptOutputType.MULTI, keys, arguments),
          start);
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof RedisNoScriptException)) {
        throw e;
      }
      // The first call since the server was started.
      return await(
          commands.<List<Long>>eval(script.text(), ScriptOutputType.MULTI, keys, arguments), start);
    }
  }

  private <T> T await(Future<T> answer, long start)
      throws TimeoutException, ExecutionException, InterruptedException {
    return answer.get(timeout.toNanos() - (System.nanoTime() - start), TimeUnit.NANOSECONDS);
  }

  private void failed(String reason) {
    if (failures.incrementAndGet() >= FAILURES_UNTIL_AWAY) {
      away(reason);
    }
  }

  private synchronized void away(String reason) {
    isAvailable = false;
    if (!isReported && closed.getCount() > 0) {
      isReported = true;
      LOG.log(
          System.Logger.Level.WARNING,
          "Redis at {0} is not usable: {1}; until it is, each process applies its limits alone",
          address,
          reason);
    }
  }

  private void keepTrying() {
    try {
      while (!closed.await(PROBE_INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
        if (!isAvailable) {
          tryToReturn();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Uses the server if it can be connected to and answers in time. */
  private void tryToReturn() {
    try {
      RedisAsyncCommands<String, String> commands = connected().async();
      for (int i = 0; i < ANSWERS_UNTIL_BACK; i++) {
        probe(commands, timeout);
      }
      back();
      return;
    } catch (TimeoutException e) {
      away(noAnswer());
    } catch (ExecutionException e) {
      away(reason(e.getCause()));
    } catch (RedisException e) {
      away(reason(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // A connection on which an answer is missing may be dead, so the next attempt opens another.
    disconnect();
  }

  private StatefulRedisConnection<String, String> connected()
      throws TimeoutException, ExecutionException, InterruptedException {
    StatefulRedisConnection<String, String> current = connection;
    if (current != null && current.isOpen()) {
      return current;
    }
    disconnect();
    StatefulRedisConnection<String, String> opened =
        client
            .connectAsync(StringCodec.UTF8, uri)
            .get(CONNECT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    connection = opened;
    // The first answer may take longer, because classes are loaded.
    probe(opened.async(), CONNECT_TIMEOUT);
    return opened;
  }

  /** Writes, because a replica or a full server answers a mere ping. */
  static void probe(RedisAsyncCommands<String, String> commands, Duration timeout)
      throws TimeoutException, ExecutionException, InterruptedException {
    commands
        .eval(PROBE.text(), ScriptOutputType.MULTI, PROBE_KEY)
        .get(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void disconnect() {
    StatefulRedisConnection<String, String> current = connection;
    connection = null;
    if (current != null) {
      // Not awaited: the server may be the reason why it takes long.
      CompletableFuture<Void> _ = current.closeAsync();
    }
  }

  private synchronized void back() {
    failures.set(0);
    isAvailable = true;
    if (isReported) {
      isReported = false;
      LOG.log(
          System.Logger.Level.INFO,
          "Redis at {0} answers again: limits apply to all processes together",
          address);
    }
  }

  private String noAnswer() {
    return "no answer within " + timeout.toMillis() + " ms";
  }

  /** One line; messages of the server contain neither keys nor credentials. */
  static String reason(@Nullable Throwable failure) {
    Throwable cause = failure;
    while (cause != null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause == null) {
      return "unknown failure";
    }
    String message = cause.getMessage();
    return message == null
        ? cause.getClass().getSimpleName()
        : message.lines().findFirst().orElse("");
  }

  private void record(RedisScript script, String outcome, long nanos) {
    Timer.builder("redis.calls")
        .description("Scripts run on Redis; skipped ones while it was away")
        .tag("script", script.name())
        .tag("outcome", outcome)
        .register(registry)
        .record(nanos, TimeUnit.NANOSECONDS);
  }

  /** Whether scripts are run at present. */
  boolean isAvailable() {
    return isAvailable;
  }

  @Override
  public void close() {
    closed.countDown();
    isAvailable = false;
    disconnect();
    shutDown(client, resources);
  }
}
