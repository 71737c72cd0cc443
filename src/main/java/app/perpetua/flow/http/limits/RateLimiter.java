package app.perpetua.flow.http.limits;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sliding-window rate limiter (FR-061): allows at most the limit per key in any 60 seconds. It
 * stores the time of each request, because counters per interval would allow twice the limit around
 * an interval's edge. Memory is bounded: the least used keys are evicted first. Runs on real time,
 * not on the injected clock. Thread-safe.
 */
public final class RateLimiter {
  private static final Duration WINDOW = Duration.ofSeconds(60);
  private static final int WINDOW_MILLIS = (int) WINDOW.toMillis();
  private static final long NANOS_PER_MILLI = 1_000_000;

  private static final HeaderName LIMIT = HeaderNames.create("X-RateLimit-Limit");
  private static final HeaderName REMAINING = HeaderNames.create("X-RateLimit-Remaining");
  private static final HeaderName RESET = HeaderNames.create("X-RateLimit-Reset");
  private static final HeaderName CURRENT = HeaderNames.create("RateLimit");
  private static final HeaderName POLICY = HeaderNames.create("RateLimit-Policy");

  /** Bytes of all windows. */
  private static final long MAX_WEIGHT = 48L * 1024 * 1024;

  /** Bytes of a key of 40 characters, its window without times, and the cache's bookkeeping. */
  private static final int ENTRY_WEIGHT = 256;

  /**
   * The result of a request.
   *
   * @param limit requests in any 60 seconds
   * @param retryAfter when the next request is allowed; zero if this one is
   * @param fields headers of the response: the common X-RateLimit headers, whose reset is the time
   *     at which the whole limit is available, and structured fields
   *     (draft-ietf-httpapi-ratelimit-headers-10), whose {@code t} is the time until the next
   *     request becomes available
   * @param policy the value of {@code RateLimit-Policy}, which is one of the headers
   */
  public record Decision(
      boolean allowed, int limit, Duration retryAfter, List<Header> fields, String policy) {
    /** The headers of the response, by name. */
    public Map<String, String> headers() {
      return fields.stream().collect(Collectors.toMap(Header::name, Header::get));
    }

    /**
     * Refuses a request that is not allowed.
     *
     * @throws Refusal {@code RATE_LIMIT_EXCEEDED}
     */
    public void check() {
      if (!allowed) {
        throw refusal();
      }
    }

    /** The refusal of a request that is not allowed. */
    public Refusal refusal() {
      return Refusal.of(ErrorCode.RATE_LIMIT_EXCEEDED, "more than " + limit + " requests a minute")
          .retryAfter(retryAfter);
    }
  }

  private record Key(String policy, Object holder) {}

  private record Policy(String name, int limit) {}

  /** The headers of a policy that do not change. */
  private record PolicyHeaders(Header limit, Header policy) {
    static PolicyHeaders of(Policy policy) {
      return new PolicyHeaders(
          HeaderValues.createCached(LIMIT, policy.limit()),
          HeaderValues.createCached(
              POLICY,
              "\"" + policy.name() + "\";q=" + policy.limit() + ";w=" + WINDOW.toSeconds()));
    }
  }

  private final LongSupplier nanoTime;
  private final Clock clock;
  private final long start;
  private final Cache<Key, Window> windows;
  private final ConcurrentHashMap<Policy, PolicyHeaders> policies = new ConcurrentHashMap<>();

  /**
   * @param clock only for the reset time in headers
   */
  public RateLimiter(Clock clock) {
    this(System::nanoTime, clock);
  }

  RateLimiter(LongSupplier nanoTime, Clock clock) {
    this.nanoTime = nanoTime;
    this.clock = clock;
    this.start = nanoTime.getAsLong();
    this.windows =
        Caffeine.newBuilder()
            .maximumWeight(MAX_WEIGHT)
            .weigher((Key _, Window window) -> ENTRY_WEIGHT + window.bytes())
            .expireAfterWrite(WINDOW)
            .ticker(nanoTime::getAsLong)
            // In the caller's thread, so that eviction keeps up with the load.
            .executor(Runnable::run)
            .build();
  }

  /**
   * Counts a request if it is allowed.
   *
   * @param policy the limit's name, such as {@code general}; each has its own windows
   * @param holder the user's id or the address
   * @param limit at least 1
   */
  public Decision tryAcquire(String policy, Object holder, int limit) {
    AtomicReference<@Nullable Decision> decision = new AtomicReference<>();
    windows
        .asMap()
        .compute(
            new Key(policy, holder),
            (_, existing) -> {
              Window window = existing == null ? new Window() : existing;
              decision.set(decision(window, policy, limit));
              return window;
            });
    return Objects.requireNonNull(decision.get());
  }

  /** Takes back the latest request of a holder, which has turned out not to count. */
  public void release(String policy, Object holder) {
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
  private Decision decision(Window window, String policy, int limit) {
    long now = nanoTime.getAsLong() - start;
    int nowMillis = (int) Math.floorDiv(now, NANOS_PER_MILLI);
    window.dropUntil(nowMillis - WINDOW_MILLIS);
    boolean allowed = window.size() < limit;
    if (allowed) {
      // Rounded up, while now is rounded down: no request leaves its window early.
      window.add((int) Math.ceilDiv(now, NANOS_PER_MILLI), limit);
    }
    int untilNext = window.oldest() + WINDOW_MILLIS - nowMillis;
    int untilReset = Math.min(WINDOW_MILLIS, window.newest() + WINDOW_MILLIS - nowMillis);
    int remaining = Math.max(0, limit - window.size());
    long reset = Math.ceilDiv(clock.millis() + untilReset, 1000L);
    PolicyHeaders headers = policies.computeIfAbsent(new Policy(policy, limit), PolicyHeaders::of);
    return new Decision(
        allowed,
        limit,
        allowed ? Duration.ZERO : Duration.ofMillis(untilNext),
        List.of(
            headers.limit(),
            HeaderValues.create(REMAINING, remaining),
            HeaderValues.create(RESET, reset),
            HeaderValues.create(
                CURRENT,
                "\"" + policy + "\";r=" + remaining + ";t=" + Math.ceilDiv(untilNext, 1000)),
            headers.policy()),
        headers.policy().get());
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
