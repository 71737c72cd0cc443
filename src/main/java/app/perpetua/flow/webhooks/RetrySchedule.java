package app.perpetua.flow.webhooks;

import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * When failed deliveries are attempted again: ten attempts over three days, each delay up to a
 * tenth longer, so that deliveries that failed together are not all repeated together. Thread-safe
 * if the generator is.
 */
final class RetrySchedule {
  private static final double JITTER = 0.1;

  /** The sum is more than three days, so that the last attempt finds the endpoint failing. */
  private static final List<Duration> DELAYS =
      List.of(
          Duration.ofSeconds(10),
          Duration.ofMinutes(2),
          Duration.ofMinutes(10),
          Duration.ofHours(1),
          Duration.ofHours(4),
          Duration.ofHours(8),
          Duration.ofHours(13),
          Duration.ofHours(21),
          Duration.ofHours(25));

  static final int ATTEMPTS = DELAYS.size() + 1;

  private final RandomGenerator random;

  RetrySchedule(RandomGenerator random) {
    this.random = random;
  }

  /**
   * The delay after a failed attempt, in whole milliseconds.
   *
   * @param remaining number of attempts that are left, at least 1
   */
  Duration delay(int remaining) {
    Duration delay = DELAYS.get(ATTEMPTS - remaining - 1);
    return Duration.ofMillis(Math.round(delay.toMillis() * (1 + JITTER * random.nextDouble())));
  }
}
