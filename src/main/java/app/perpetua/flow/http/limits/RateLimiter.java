package app.perpetua.flow.http.limits;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.redis.Redis;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * Sliding-window rate limiter (FR-061): allows at most the limit per key in any 60 seconds, in this
 * process or, with Redis, in all processes together (FR-130). While Redis does not answer, this
 * process decides alone. Runs on real time, not on the injected clock. Thread-safe.
 */
public final class RateLimiter {
  private static final Duration WINDOW = Duration.ofSeconds(60);

  private static final HeaderName LIMIT = HeaderNames.create("X-RateLimit-Limit");
  private static final HeaderName REMAINING = HeaderNames.create("X-RateLimit-Remaining");
  private static final HeaderName RESET = HeaderNames.create("X-RateLimit-Reset");
  private static final HeaderName CURRENT = HeaderNames.create("RateLimit");
  private static final HeaderName POLICY = HeaderNames.create("RateLimit-Policy");

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

  private final Clock clock;
  private final LocalWindows local;
  private final Optional<SharedWindows> shared;
  private final ConcurrentHashMap<Policy, PolicyHeaders> policies = new ConcurrentHashMap<>();

  /**
   * @param clock only for the reset time in headers
   * @param redis shares the windows with other processes; empty if there are none
   */
  public RateLimiter(Clock clock, Optional<Redis> redis) {
    this(System::nanoTime, clock, redis.map(server -> new SharedWindows(server, WINDOW)));
  }

  RateLimiter(LongSupplier nanoTime, Clock clock, Optional<SharedWindows> shared) {
    this.clock = clock;
    this.local = new LocalWindows(nanoTime, WINDOW);
    this.shared = shared;
  }

  /**
   * Counts a request if it is allowed.
   *
   * @param policy the limit's name, such as {@code general}; each has its own windows
   * @param holder the user's id or the address
   * @param limit at least 1
   */
  public Decision tryAcquire(String policy, Object holder, int limit) {
    return attempt(policy, holder, limit).confirm();
  }

  /** Counts a request, as {@link #tryAcquire}, in this process alone until it is confirmed. */
  public Attempt attempt(String policy, Object holder, int limit) {
    return new Attempt(policy, holder, limit, local.tryAcquire(policy, holder, limit));
  }

  /** A request that may turn out not to count. Confirm or cancel it once. */
  public final class Attempt {
    private final String policy;
    private final Object holder;
    private final int limit;
    private final WindowState counted;

    private Attempt(String policy, Object holder, int limit, WindowState counted) {
      this.policy = policy;
      this.holder = holder;
      this.limit = limit;
      this.counted = counted;
    }

    /** Whether this process has counted the request. */
    public boolean isAllowed() {
      return counted.allowed();
    }

    /**
     * Counts the request in all processes. What this process has refused, all of them have: the
     * others are not asked.
     */
    public Decision confirm() {
      WindowState state = counted.allowed() ? everywhere().orElse(counted) : counted;
      if (counted.allowed() && !state.allowed()) {
        local.release(policy, holder);
      }
      return decision(policy, limit, state);
    }

    private Optional<WindowState> everywhere() {
      return shared.flatMap(windows -> windows.tryAcquire(policy, holder, limit));
    }

    /** Takes the request back. */
    public void cancel() {
      if (counted.allowed()) {
        local.release(policy, holder);
      }
    }
  }

  private Decision decision(String policy, int limit, WindowState state) {
    long reset = Math.ceilDiv(clock.millis() + state.millisUntilReset(), 1000L);
    PolicyHeaders headers = policies.computeIfAbsent(new Policy(policy, limit), PolicyHeaders::of);
    return new Decision(
        state.allowed(),
        limit,
        state.allowed() ? Duration.ZERO : Duration.ofMillis(state.millisUntilNext()),
        List.of(
            headers.limit(),
            HeaderValues.create(REMAINING, state.remaining()),
            HeaderValues.create(RESET, reset),
            HeaderValues.create(
                CURRENT,
                "\""
                    + policy
                    + "\";r="
                    + state.remaining()
                    + ";t="
                    + Math.ceilDiv(state.millisUntilNext(), 1000)),
            headers.policy()),
        headers.policy().get());
  }
}
