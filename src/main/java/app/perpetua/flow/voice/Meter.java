package app.perpetua.flow.voice;

import org.jspecify.annotations.Nullable;

/**
 * How long somebody has talked: from the first audio to the end, or as long as the audio is that
 * the provider has understood, whichever is longer; whole seconds, rounded down. Thread-safe.
 */
final class Meter {
  /** Who stops at the very end is not told that it is over. */
  private static final double GRACE_SECONDS = 0.5;

  private static final double SECOND_NANOS = 1e9;

  private final int maxSeconds;
  private @Nullable Long begun;
  private @Nullable Long stopped;
  private double audio;

  Meter(int maxSeconds) {
    this.maxSeconds = maxSeconds;
  }

  synchronized void begin(long now) {
    begun = now;
  }

  synchronized boolean isBegun() {
    return begun != null;
  }

  synchronized void stop(long now) {
    if (stopped == null) {
      stopped = now;
    }
  }

  /** The provider has understood so many seconds of audio. */
  synchronized void understood(double seconds) {
    if (begun != null && Double.isFinite(seconds)) {
      audio = Math.max(audio, seconds);
    }
  }

  /** Up to that time, or to the end; no more than the maximum. */
  synchronized int seconds(long now) {
    return (int) Math.min(maxSeconds, exact(now));
  }

  /** True once the maximum is over. */
  synchronized boolean isOver(long now) {
    return exact(now) > maxSeconds + GRACE_SECONDS;
  }

  private double exact(long now) {
    Long start = begun;
    if (start == null) {
      return 0;
    }
    long end = stopped == null ? now : stopped;
    return Math.max(audio, Math.max(0, end - start) / SECOND_NANOS);
  }
}
