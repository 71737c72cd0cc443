package app.perpetua.flow.http.limits;

import app.perpetua.flow.redis.Redis;
import app.perpetua.flow.redis.RedisScript;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The sliding windows that the processes of the service share, in Redis and by its clock
 * (docs/decisions/several-processes.md). Thread-safe.
 */
final class SharedWindows {
  private static final RedisScript SCRIPT = RedisScript.load("sliding_window");

  private final Redis redis;
  private final String windowMillis;

  /**
   * @param window its length
   */
  SharedWindows(Redis redis, Duration window) {
    this.redis = redis;
    this.windowMillis = Long.toString(window.toMillis());
  }

  /**
   * Counts a request if it is allowed.
   *
   * @param limit at least 1
   * @return empty if Redis does not answer in time
   */
  Optional<WindowState> tryAcquire(String policy, Object holder, int limit) {
    return redis
        .run(
            SCRIPT, "perpetua:rate:" + policy + ":" + holder, Integer.toString(limit), windowMillis)
        .map(SharedWindows::state);
  }

  private static WindowState state(List<Long> reply) {
    return new WindowState(
        reply.get(0) == 1,
        Math.toIntExact(reply.get(1)),
        Math.toIntExact(reply.get(2)),
        Math.toIntExact(reply.get(3)));
  }
}
