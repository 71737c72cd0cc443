package app.perpetua.flow.http.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The sliding windows of this process. They store the time of each request, because counters per
 * interval would allow twice the limit around an interval's edge. Memory is bounded: the least used
 * keys are evicted first. Thread-safe.
 */
final class LocalWindows {
  private static final long NANOS_PER_MILLI = 1_000_000;

  /** Bytes of all windows. */
  private static final long MAX_WEIGHT = 48L * 1024 * 1024;

  /** Bytes of a key of 40 characters, its window without times, and the cache's bookkeeping. */
  private static final int ENTRY_WEIGHT = 256;

  private record Key(String policy, Object holder) {}

  private final LongSupplier nanoTime;
  private final int windowMillis;
  private final long start;
  private final Cache<Key, Window> windows;

  /**
   * @param nanoTime elapsed time in nanoseconds
   * @param window its length
   */
  LocalWindows(LongSupplier nanoTime, Duration window) {
    this.nanoTime = nanoTime;
    this.windowMillis = (int) window.toMillis();
    this.start = nanoTime.getAsLong();
    this.windows =
        Caffeine.newBuilder()
            .maximumWeight(MAX_WEIGHT)
            .weigher((Key _, Window entry) -> ENTRY_WEIGHT + entry.bytes())
            .expireAfterWrite(window)
            .ticker(nanoTime::getAsLong)
            // In the caller's thread, so that eviction keeps up with the load.
            .executor(Runnable::run)
            .build();
  }

  /**
   * Counts a request if it is allowed.
   *
   * @param limit at least 1
   */
  WindowState tryAcquire(String policy, Object holder, int limit) {
    AtomicReference<@Nullable WindowState> state = new AtomicReference<>();
    windows
        .asMap()
        .compute(
            new Key(policy, holder),
            (_, existing) -> {
              Window window = existing == null ? new Window() : existing;
              state.set(counted(window, limit));
              return window;
            });
    return Objects.requireNonNull(state.get());
  }

  /** Takes back the latest request of a holder, which has turned out not to count. */
  void release(String policy, Object holder) {
    windows
        .asMap()
        .computeIfPresent(
            new Key(policy, holder),
            (_, window) -> {
              window.dropNewest();
              return window;
            });
  }

  /** Runs one at a time per key, so times are recorded in order. */
  private WindowState counted(Window window, int limit) {
    long now = nanoTime.getAsLong() - start;
    int nowMillis = (int) Math.floorDiv(now, NANOS_PER_MILLI);
    window.dropUntil(nowMillis - windowMillis);
    boolean allowed = window.size() < limit;
    if (allowed) {
      // Rounded up, while now is rounded down: no request leaves its window early.
      window.add((int) Math.ceilDiv(now, NANOS_PER_MILLI), limit);
    }
    return new WindowState(
        allowed,
        Math.max(0, limit - window.size()),
        window.oldest() + windowMillis - nowMillis,
        Math.min(windowMillis, window.newest() + windowMillis - nowMillis));
  }

  /**
   * The times of one key's requests, oldest first, in a ring buffer that grows as needed.
   * Milliseconds in an int wrap around after 24 days, so times are compared by difference.
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

    void dropNewest() {
      if (size > 0) {
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
