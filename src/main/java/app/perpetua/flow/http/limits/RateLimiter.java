package app.perpetua.flow.http.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sliding windows (FR-061): of each key, never more than its limit is let through in any 60
 * seconds. It remembers when each request came, since counters per interval would let twice the
 * limit through around an interval's edge. Memory is bounded: when addresses are made up by the
 * million, those seen least are forgotten first. Real time, not the injected clock. Thread-safe.
 */
public final class RateLimiter {
  private static final Duration WINDOW = Duration.ofSeconds(60);
  private static final int WINDOW_MILLIS = (int) WINDOW.toMillis();
  private static final long NANOS_PER_MILLI = 1_000_000;

  /** What all windows together may weigh, in bytes. */
  private static final long MAX_WEIGHT = 48L * 1024 * 1024;

  /** A key of 40 characters, its window and the cache's own bookkeeping, without the times. */
  private static final int ENTRY_WEIGHT = 256;

  /**
   * What became of a request.
   *
   * @param allowed whether it may pass
   * @param limit requests in any 60 seconds
   * @param remaining how many more may pass now
   * @param resetEpochSecond when the whole allowance is free again, in Unix seconds
   * @param retryAfter when the next may pass; zero if this one may
   * @param headers what the answer carries: the customary headers, and the same as structured
   *     fields (draft-ietf-httpapi-ratelimit-headers-10)
   */
  public record Verdict(
      boolean allowed,
      int limit,
      int remaining,
      long resetEpochSecond,
      Duration retryAfter,
      Map<String, String> headers) {}

  private final LongSupplier nanoTime;
  private final Clock clock;
  private final long start;
  private final Cache<String, Window> windows;

  /**
   * Nothing has been let through yet.
   *
   * @param clock tells clients when to come back; windows themselves run on real time
   */
  public RateLimiter(Clock clock) {
    this(System::nanoTime, clock);
  }

  /**
   * @param nanoTime measures the windows
   * @param clock tells clients when to come back
   */
  RateLimiter(LongSupplier nanoTime, Clock clock) {
    this.nanoTime = nanoTime;
    this.clock = clock;
    this.start = nanoTime.getAsLong();
    this.windows =
        Caffeine.newBuilder()
            .maximumWeight(MAX_WEIGHT)
            .weigher((String _, Window window) -> ENTRY_WEIGHT + window.bytes())
            .expireAfterWrite(WINDOW)
            .ticker(nanoTime::getAsLong)
            // Evicting in the caller's thread keeps up with any flood.
            .executor(Runnable::run)
            .build();
  }

  /**
   * Lets a request pass, or not; one that may not does not count.
   *
   * @param policy the limit's name, such as {@code general}; each counts by itself
   * @param who whose requests are counted
   * @param limit at least 1
   */
  public Verdict take(String policy, String who, int limit) {
    AtomicReference<@Nullable Verdict> verdict = new AtomicReference<>();
    windows
        .asMap()
        .compute(
            policy + " " + who,
            (_, present) -> {
              Window window = present == null ? new Window() : present;
              verdict.set(verdict(window, policy, limit));
              return window;
            });
    return Objects.requireNonNull(verdict.get());
  }

  /** Runs alone for its key, so times are recorded in order. */
  private Verdict verdict(Window window, String policy, int limit) {
    long now = nanoTime.getAsLong() - start;
    int nowMillis = (int) Math.floorDiv(now, NANOS_PER_MILLI);
    window.dropUntil(nowMillis - WINDOW_MILLIS);
    boolean allowed = window.size() < limit;
    if (allowed) {
      // Rounded up, where the present is rounded down: no request leaves its window early.
      window.add((int) Math.ceilDiv(now, NANOS_PER_MILLI), limit);
    }
    int untilNext = window.oldest() + WINDOW_MILLIS - nowMillis;
    int untilReset = Math.min(WINDOW_MILLIS, window.newest() + WINDOW_MILLIS - nowMillis);
    int remaining = Math.max(0, limit - window.size());
    long reset = Math.ceilDiv(clock.millis() + untilReset, 1000L);
    return new Verdict(
        allowed,
        limit,
        remaining,
        reset,
        allowed ? Duration.ZERO : Duration.ofMillis(untilNext),
        headers(policy, limit, remaining, reset, Math.ceilDiv(untilReset, 1000)));
  }

  private static Map<String, String> headers(
      String policy, int limit, int remaining, long reset, int untilReset) {
    return Map.of(
        "X-RateLimit-Limit", Integer.toString(limit),
        "X-RateLimit-Remaining", Integer.toString(remaining),
        "X-RateLimit-Reset", Long.toString(reset),
        "RateLimit", "\"" + policy + "\";r=" + remaining + ";t=" + untilReset,
        "RateLimit-Policy", "\"" + policy + "\";q=" + limit + ";w=" + WINDOW.toSeconds());
  }

  /**
   * The times of one key's requests, oldest first, in a ring that grows as needed. Milliseconds in
   * an int wrap around after 24 days; compared by difference that does not matter.
   */
  private static final class Window {
    private int[] times = new int[2];
    private int first;
    private int size;

    int size() {
      return size;
    }

    int bytes() {
      return times.length * Integer.BYTES;
    }

    int oldest() {
      return times[first];
    }

    int newest() {
      return times[(first + size - 1) % times.length];
    }

    void dropUntil(int time) {
      while (size > 0 && times[first] - time <= 0) {
        first = (first + 1) % times.length;
        size--;
      }
    }

    void add(int time, int limit) {
      if (size == times.length) {
        int[] larger = new int[Math.min(2 * size, Math.max(limit, size + 1))];
        for (int i = 0; i < size; i++) {
          larger[i] = times[(first + i) % size];
        }
        times = larger;
        first = 0;
      }
      times[(first + size) % times.length] = time;
      size++;
    }
  }
}
