package app.perpetua.flow.voice;

import java.time.Duration;

/** A rate limit with bursts. Confined to one thread. */
final class TokenBucket {
  private final long nanosPerToken;
  private final long burstNanos;

  /** The time up to which tokens are used up; a full bucket is one burst behind now. */
  private long usedUntil;

  TokenBucket(int perSecond, int burst, long now) {
    this.nanosPerToken = Duration.ofSeconds(1).toNanos() / perSecond;
    this.burstNanos = nanosPerToken * burst;
    this.usedUntil = now - burstNanos;
  }

  boolean tryTake(long now) {
    usedUntil = Math.max(usedUntil, now - burstNanos) + nanosPerToken;
    return usedUntil - now <= 0;
  }
}
