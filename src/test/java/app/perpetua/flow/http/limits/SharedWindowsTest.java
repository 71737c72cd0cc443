package app.perpetua.flow.http.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.TwoRedisClients;
import app.perpetua.flow.redis.Redis;
import app.perpetua.flow.sql.Eventually;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two processes with one Redis: two connections, and two limiters. */
class SharedWindowsTest {
  private static final Duration MINUTE = Duration.ofSeconds(60);
  private static final AtomicInteger HOLDERS = new AtomicInteger();

  @RegisterExtension static final TwoRedisClients redis = new TwoRedisClients();

  private final String holder = "holder " + HOLDERS.incrementAndGet();

  private static RateLimiter limiter(Redis client) {
    return new RateLimiter(Clock.systemUTC(), Optional.of(client));
  }

  private WindowState acquire(SharedWindows windows, int limit) {
    return windows.tryAcquire("general", holder, limit).orElseThrow();
  }

  @Test
  void FR_130_two_processes_admit_exactly_the_limit_together() throws Exception {
    List<RateLimiter> limiters = List.of(limiter(redis.first()), limiter(redis.second()));
    List<Callable<Boolean>> calls = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      RateLimiter limiter = limiters.get(i % 2);
      calls.add(() -> limiter.tryAcquire("general", holder, 100).allowed());
    }
    int allowed = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(32)) {
      for (Future<Boolean> call : threads.invokeAll(calls)) {
        allowed += call.get() ? 1 : 0;
      }
    }
    assertEquals(100, allowed);
  }

  @Test
  void FR_130_headers_are_those_of_all_processes() {
    limiter(redis.first()).tryAcquire("general", holder, 3);
    Map<String, String> headers =
        limiter(redis.second()).tryAcquire("general", holder, 3).headers();
    assertEquals("1", headers.get("X-RateLimit-Remaining"));
    assertEquals("\"general\";r=1;t=60", headers.get("RateLimit"));
    limiter(redis.first()).tryAcquire("general", holder, 3);
    RateLimiter.Decision refused = limiter(redis.second()).tryAcquire("general", holder, 3);
    assertFalse(refused.allowed());
    assertTrue(refused.retryAfter().compareTo(Duration.ofSeconds(50)) > 0, "of the first request");
    assertTrue(refused.retryAfter().compareTo(MINUTE) <= 0);
  }

  /** Also if both requests are in one millisecond, to which their times are rounded. */
  @Test
  void FR_130_no_wait_is_longer_than_the_window() {
    SharedWindows windows = new SharedWindows(redis.first(), MINUTE);
    for (int i = 0; i < 100; i++) {
      String own = holder + ", " + i;
      assertTrue(windows.tryAcquire("general", own, 1).orElseThrow().allowed());
      WindowState second = windows.tryAcquire("general", own, 1).orElseThrow();
      assertTrue(second.millisUntilNext() <= MINUTE.toMillis(), second::toString);
      assertTrue(second.millisUntilReset() <= MINUTE.toMillis(), second::toString);
    }
  }

  @Test
  void FR_130_policies_and_holders_are_independent() {
    SharedWindows windows = new SharedWindows(redis.first(), MINUTE);
    assertTrue(acquire(windows, 1).allowed());
    assertFalse(acquire(windows, 1).allowed());
    assertTrue(windows.tryAcquire("ai", holder, 1).orElseThrow().allowed());
    assertTrue(windows.tryAcquire("general", holder + "0", 1).orElseThrow().allowed());
  }

  @Test
  void FR_130_refused_requests_do_not_count() {
    SharedWindows windows = new SharedWindows(redis.first(), Duration.ofMillis(300));
    assertTrue(acquire(windows, 1).allowed());
    Eventually.within(MINUTE, () -> acquire(windows, 1).allowed());
    WindowState refused = acquire(windows, 1);
    assertFalse(refused.allowed());
    assertTrue(refused.millisUntilNext() <= 300, "the refused ones have not moved the window");
  }

  @Test
  void FR_130_a_cancelled_request_was_never_counted_by_others() {
    RateLimiter.Attempt attempt = limiter(redis.first()).attempt("general", holder, 1);
    assertTrue(attempt.isAllowed());
    assertTrue(limiter(redis.second()).tryAcquire("general", holder, 1).allowed());
    attempt.cancel();
    assertFalse(limiter(redis.first()).tryAcquire("general", holder, 1).allowed());
  }

  @Test
  void FR_130_a_request_that_others_have_used_up_is_not_counted_here() {
    RateLimiter limiter = limiter(redis.first());
    SharedWindows others = new SharedWindows(redis.second(), MINUTE);
    assertTrue(acquire(others, 1).allowed());
    for (int i = 0; i < 5; i++) {
      assertFalse(limiter.tryAcquire("general", holder, 1).allowed());
    }
    // Counted here alone, as while Redis is away.
    assertTrue(limiter.attempt("general", holder, 1).isAllowed());
  }

  /** One request of a process, with the time at which it was sent and at which it was answered. */
  private record Call(long sent, long answered) {}

  @Test
  void FR_130_no_period_as_long_as_the_window_exceeds_the_limit() throws Exception {
    Duration window = Duration.ofMillis(250);
    int limit = 20;
    ConcurrentLinkedQueue<Call> allowed = new ConcurrentLinkedQueue<>();
    long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
    List<Callable<Void>> clients = new ArrayList<>();
    for (Redis client : List.of(redis.first(), redis.second())) {
      SharedWindows windows = new SharedWindows(client, window);
      for (int i = 0; i < 3; i++) {
        Random random = new Random(i);
        clients.add(
            () -> {
              while (System.nanoTime() < end) {
                long sent = System.nanoTime();
                if (acquire(windows, limit).allowed()) {
                  allowed.add(new Call(sent, System.nanoTime()));
                }
                // Bursts at all offsets from the edges of windows.
                if (random.nextInt(30) == 0) {
                  LockSupport.parkNanos(random.nextLong(window.toNanos() / 10));
                }
              }
              return null;
            });
      }
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(clients.size())) {
      for (Future<Void> client : threads.invokeAll(clients)) {
        client.get();
      }
    }
    List<Call> calls = allowed.stream().sorted(Comparator.comparingLong(Call::sent)).toList();
    assertTrue(calls.size() > 3 * limit, "the window slides");
    for (int i = 0; i + limit < calls.size(); i++) {
      long earliest = calls.get(i).sent();
      long latest =
          calls.subList(i, i + limit + 1).stream().mapToLong(Call::answered).max().orElseThrow();
      assertTrue(latest - earliest >= window.toNanos(), "more than the limit in one window");
    }
  }
}
