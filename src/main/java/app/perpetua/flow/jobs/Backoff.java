package app.perpetua.flow.jobs;

import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Delays before retries: 10 s, 60 s, 5 min, 30 min, then 2 h, each with a jitter of 20 % so that
 * jobs that failed together are not retried together. Thread-safe if the generator is.
 */
public final class Backoff {
  private static final double JITTER = 0.2;

  private static final List<Duration> STEPS =
      List.of(
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofMinutes(5),
          Duration.ofMinutes(30),
          Duration.ofHours(2));

  private final RandomGenerator random;

  public Backoff(RandomGenerator random) {
    this.random = random;
  }

  /** The delay after this failed attempt (from 1), in whole milliseconds. */
  Duration after(int attempt) {
    Duration step = STEPS.get(Math.min(attempt, STEPS.size()) - 1);
    double factor = 1 - JITTER + 2 * JITTER * random.nextDouble();
    return Duration.ofMillis(Math.round(step.toMillis() * factor));
  }
}
