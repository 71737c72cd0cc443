package app.perpetua.flow.voice;

import java.time.Duration;

/** So many things a second, and so many at once. Confined to one thread. */
final class TokenBucket {
  private final long nanosEach;
  private final long most;
  private long spent;

  TokenBucket(int perSecond, int atOnce, long now) {
    this.nanosEach = Duration.ofSeconds(1).toNanos() / perSecond;
    this.most = nanosEach * atOnce;
    this.spent = now - most;
  }

  /** False if that is too much. */
  boolean tryTake(long now) {
    // What was saved up counts up to the most there can be.
    spent = Math.max(spent, now - most) + nanosEach;
    return spent - now <= 0;
  }
}
