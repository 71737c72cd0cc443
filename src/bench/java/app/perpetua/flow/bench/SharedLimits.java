package app.perpetua.flow.bench;

import app.perpetua.flow.bench.load.Latencies;
import app.perpetua.flow.bench.load.Operation;
import app.perpetua.flow.bench.load.Requests;
import app.perpetua.flow.bench.process.Programs;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import app.perpetua.flow.harness.RedisServer;
import java.io.IOException;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Alternates between two processes on one database, one of which counts each request in Redis as
 * well; the difference is what Redis adds. Confined to one thread.
 */
final class SharedLimits {
  /** What Redis may add at the median. */
  private static final double TARGET_MILLIS = 0.5;

  private static final int ROUNDS = 4;

  /** One request after the other, and as many as a busy process has. */
  private static final int[] CONNECTIONS = {1, 8};

  /** Starts a service with variables of its own. */
  @FunctionalInterface
  interface Starter {
    Service start(Map<String, String> overrides) throws IOException;
  }

  private final BenchOptions options;
  private final Report report;

  SharedLimits(BenchOptions options, Report report) {
    this.options = options;
    this.report = report;
  }

  /**
   * Reads single tasks.
   *
   * @param requests for a number of connections
   */
  void run(Starter starter, IntFunction<Requests> requests) throws IOException {
    if (!Programs.isInstalled("redis-server")) {
      report.print("Skipping redis: redis-server is not installed (apt-get install redis-server)");
      return;
    }
    try (RedisServer redis = new RedisServer();
        Service alone = starter.start(Map.of());
        Service shared = starter.start(Map.of("REDIS_URL", "redis://127.0.0.1:" + redis.port()))) {
      report.print("");
      report.print("Single tasks with limits in this process, and shared through Redis:");
      for (int connections : CONNECTIONS) {
        Driver withoutRedis = new Driver(alone.port(), connections, requests.apply(connections));
        Driver withRedis = new Driver(shared.port(), connections, requests.apply(connections));
        withoutRedis.atFullSpeed(Operation.SHOW, options.warmUp());
        withRedis.atFullSpeed(Operation.SHOW, options.warmUp());
        Latencies without = new Latencies();
        Latencies with = new Latencies();
        for (int i = 0; i < ROUNDS; i++) {
          without.add(withoutRedis.atFullSpeed(Operation.SHOW, options.window()));
          with.add(withRedis.atFullSpeed(Operation.SHOW, options.window()));
        }
        print(connections, without, with);
      }
    }
  }

  private void print(int connections, Latencies without, Latencies with) {
    double added = millis(with, 0.5) - millis(without, 0.5);
    report.print(
        "  %d at once: p50 %.2f and %.2f ms, p99 %.2f and %.2f ms; Redis adds %.2f ms at p50,"
            + " target %.1f%s",
        connections,
        millis(without, 0.5),
        millis(with, 0.5),
        millis(without, 0.99),
        millis(with, 0.99),
        added,
        TARGET_MILLIS,
        added <= TARGET_MILLIS ? "" : ", missed");
  }

  private static double millis(Latencies latencies, double share) {
    return latencies.percentile(share).toNanos() / 1e6;
  }
}
