package app.perpetua.flow.bench.load;

import java.time.Duration;

/**
 * Histogram of latencies in steps of 10 µs up to 10 s; longer ones count as 10 s. Confined to one
 * thread.
 */
public final class Latencies {
  private static final long STEP_NANOS = 10_000;
  private static final int STEPS = 1_000_000;

  private final int[] counts = new int[STEPS + 1];
  private long size;
  private long refused;

  public void record(long nanos) {
    counts[(int) Math.clamp(nanos / STEP_NANOS, 0L, STEPS)]++;
    size++;
  }

  /** Counts a request that was rejected for overload; its latency is not recorded. */
  public void refuse() {
    refused++;
  }

  public void add(Latencies other) {
    for (int i = 0; i <= STEPS; i++) {
      counts[i] += other.counts[i];
    }
    size += other.size;
    refused += other.refused;
  }

  /** Number of answered requests. */
  public long size() {
    return size;
  }

  /** Number of requests rejected for overload. */
  public long refused() {
    return refused;
  }

  /**
   * The latency that a share of the requests did not exceed.
   *
   * @param share from 0 to 1
   */
  public Duration percentile(double share) {
    long rank = Math.max(1, (long) Math.ceil(size * share));
    long seen = 0;
    for (int i = 0; i <= STEPS; i++) {
      seen += counts[i];
      if (seen >= rank) {
        return Duration.ofNanos((i + 1) * STEP_NANOS);
      }
    }
    return Duration.ZERO;
  }
}
