package app.perpetua.flow.voice;

import org.jspecify.annotations.Nullable;

/**
 * The length of a session: the time from the first audio to the end, or the length of the audio by
 * its own timestamps or the provider's results, whichever is longest; in whole seconds, rounded
 * down. Thread-safe.
 */
final class Meter {
  /** A client that stops exactly at the maximum gets no error. */
  private static final double GRACE_SECONDS = 0.5;

  private static final double SECOND_NANOS = 1e9;

  private final int maxSeconds;
  private @Nullable Long startedAt;
  private @Nullable Long stoppedAt;
  private double audioSeconds;

  Meter(int maxSeconds) {
    this.maxSeconds = maxSeconds;
  }

  /** Only the first call has an effect. */
  synchronized void start(long now) {
    if (startedAt == null) {
      startedAt = now;
    }
  }

  synchronized boolean isStarted() {
    return startedAt != null;
  }

  synchronized void stop(long now) {
    if (stoppedAt == null) {
      stoppedAt = now;
    }
  }

  synchronized void audioReaches(double seconds) {
    if (startedAt != null && Double.isFinite(seconds)) {
      audioSeconds = Math.max(audioSeconds, seconds);
    }
  }

  /** The length so far, at most the maximum. */
  synchronized int seconds(long now) {
    return (int) Math.min(maxSeconds, exactSeconds(now));
  }

  synchronized boolean isExceeded(long now) {
    return exactSeconds(now) > maxSeconds + GRACE_SECONDS;
  }

  /** Whether the elapsed time alone exceeds the maximum. */
  synchronized boolean isTimeUp(long now) {
    return elapsedSeconds(now) > maxSeconds + GRACE_SECONDS;
  }

  private double exactSeconds(long now) {
    return Math.max(audioSeconds, elapsedSeconds(now));
  }

  private double elapsedSeconds(long now) {
    Long start = startedAt;
    if (start == null) {
      return 0;
    }
    long end = stoppedAt == null ? now : stoppedAt;
    return Math.max(0, end - start) / SECOND_NANOS;
  }
}
