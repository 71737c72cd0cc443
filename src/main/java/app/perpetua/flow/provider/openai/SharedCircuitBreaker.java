package app.perpetua.flow.provider.openai;

import app.perpetua.flow.redis.Redis;
import app.perpetua.flow.redis.RedisScript;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A circuit breaker that the processes of the service share, in Redis and by its clock. A probe
 * whose process reports no result in time is followed by another. While Redis does not answer, a
 * breaker of this process decides. Thread-safe.
 */
final class SharedCircuitBreaker implements CircuitBreaker {
  private static final System.Logger LOG = System.getLogger(SharedCircuitBreaker.class.getName());

  private static final RedisScript SCRIPT = RedisScript.load("circuit_breaker");
  private static final Duration AFTER_PROBE = Duration.ofSeconds(1);

  /** The answer of the script. */
  private record Reply(
      State state, long generation, Duration remaining, boolean isAdmitted, boolean isChanged) {
    static Reply of(List<Long> values) {
      return new Reply(
          switch (Math.toIntExact(values.get(0))) {
            case 0 -> State.CLOSED;
            case 1 -> State.OPEN;
            default -> State.PROBING;
          },
          values.get(1),
          Duration.ofMillis(values.get(2)),
          values.get(3) == 1,
          values.get(4) == 1);
    }
  }

  private final String provider;
  private final Redis redis;
  private final CircuitBreaker local;
  private final Duration minPause;
  private final Duration maxPause;
  private final Duration probeLimit;

  /**
   * @param local decides while Redis does not answer
   * @param probeLimit the longest time that a call may take
   */
  SharedCircuitBreaker(String provider, Redis redis, CircuitBreaker local, Duration probeLimit) {
    this(provider, redis, local, MIN_PAUSE, MAX_PAUSE, probeLimit);
  }

  SharedCircuitBreaker(
      String provider,
      Redis redis,
      CircuitBreaker local,
      Duration minPause,
      Duration maxPause,
      Duration probeLimit) {
    this.provider = provider;
    this.redis = redis;
    this.local = local;
    this.minPause = minPause;
    this.maxPause = maxPause;
    this.probeLimit = probeLimit;
  }

  private final class SharedPermit implements Permit {
    private final long generation;
    private final AtomicBoolean isReported = new AtomicBoolean();

    private SharedPermit(long generation) {
      this.generation = generation;
    }

    @Override
    public void succeeded() {
      report("succeeded");
    }

    @Override
    public void failed(boolean permanent) {
      report(permanent ? "failed_permanently" : "failed");
    }

    @Override
    public void released() {
      report("released");
    }

    private void report(String result) {
      if (isReported.compareAndSet(false, true)) {
        run(result, generation).filter(Reply::isChanged).ifPresent(SharedCircuitBreaker.this::log);
      }
    }
  }

  @Override
  public Admission admit() {
    return run("admit", 0).map(this::admission).orElseGet(local::admit);
  }

  private Admission admission(Reply reply) {
    return reply.isAdmitted()
        ? new Admission.Admitted(new SharedPermit(reply.generation()))
        : new Admission.Paused(reply.remaining().toSeconds() > 0 ? reply.remaining() : AFTER_PROBE);
  }

  @Override
  public State state() {
    return run("state", 0).map(Reply::state).orElseGet(local::state);
  }

  private Optional<Reply> run(String operation, long generation) {
    return redis
        .run(
            SCRIPT,
            "perpetua:breaker:" + provider,
            operation,
            Long.toString(generation),
            Integer.toString(FAILURE_THRESHOLD),
            Long.toString(minPause.toMillis()),
            Long.toString(maxPause.toMillis()),
            Long.toString(probeLimit.toMillis()))
        .map(Reply::of);
  }

  private void log(Reply changed) {
    if (changed.state() == State.CLOSED) {
      LOG.log(
          System.Logger.Level.INFO,
          "circuit breaker for {0} closed in all processes: calls succeed again",
          provider);
    } else if (!changed.remaining().isZero()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "circuit breaker for {0} opened in all processes for {1} s",
          provider,
          Long.toString(changed.remaining().toSeconds()));
    }
  }
}
