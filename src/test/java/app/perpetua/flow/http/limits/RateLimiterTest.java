package app.perpetua.flow.http.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class RateLimiterTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_768_896_900);

  /** Starts just before an overflow, as {@code System.nanoTime()} may. */
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - Duration.ofSeconds(5).toNanos());

  private final RateLimiter limiter =
      new RateLimiter(nanos::get, Clock.fixed(NOW, ZoneOffset.UTC), Optional.empty());

  @Test
  void FR_061_each_request_leaves_the_window_on_its_own() {
    assertTrue(limiter.tryAcquire("general", "a", 3).allowed());
    pass(Duration.ofSeconds(20));
    assertTrue(limiter.tryAcquire("general", "a", 3).allowed());
    pass(Duration.ofSeconds(20));
    assertTrue(limiter.tryAcquire("general", "a", 3).allowed());
    RateLimiter.Decision refused = limiter.tryAcquire("general", "a", 3);
    assertFalse(refused.allowed());
    assertEquals(Duration.ofSeconds(20), refused.retryAfter());
    pass(Duration.ofSeconds(20).minusNanos(1));
    assertFalse(limiter.tryAcquire("general", "a", 3).allowed());
    pass(Duration.ofNanos(1));
    assertTrue(limiter.tryAcquire("general", "a", 3).allowed());
    assertFalse(limiter.tryAcquire("general", "a", 3).allowed());
  }

  @Test
  void FR_061_a_burst_at_the_edge_of_a_window_is_not_doubled() {
    pass(Duration.ofSeconds(59));
    assertEquals(10, allowed("a", 10, 15));
    pass(Duration.ofSeconds(2));
    assertEquals(0, allowed("a", 10, 15));
    pass(Duration.ofSeconds(58));
    assertEquals(10, allowed("a", 10, 15));
  }

  @Test
  void FR_061_no_60_seconds_exceed_the_limit() {
    Random random = new Random(61);
    Deque<Long> passed = new ArrayDeque<>();
    long window = Duration.ofSeconds(60).toNanos();
    for (int i = 0; i < 200_000; i++) {
      pass(Duration.ofNanos((long) (Math.abs(random.nextGaussian()) * 2_000_000_000L)));
      boolean allowed = limiter.tryAcquire("general", "a", 20).allowed();
      long now = nanos.get();
      while (!passed.isEmpty() && now - passed.getFirst() >= window) {
        passed.removeFirst();
      }
      if (allowed) {
        passed.addLast(now);
      } else {
        // Rounding to milliseconds may reject slightly too long, never too short.
        long hair = Duration.ofMillis(1).toNanos();
        assertTrue(passed.size() == 20 || now - passed.getLast() < window + hair);
      }
      assertTrue(passed.size() <= 20);
    }
  }

  @Test
  void FR_061_rejected_requests_do_not_count() {
    assertEquals(2, allowed("a", 2, 2));
    for (int i = 0; i < 60; i++) {
      pass(Duration.ofMillis(999));
      assertFalse(limiter.tryAcquire("general", "a", 2).allowed());
    }
    pass(Duration.ofMillis(60));
    assertTrue(limiter.tryAcquire("general", "a", 2).allowed());
  }

  @Test
  void FR_061_a_cancelled_request_does_not_count() {
    limiter.attempt("general", "a", 2).cancel();
    assertEquals(2, allowed("a", 2, 3));
    limiter.attempt("general", "a", 2).cancel();
    assertFalse(limiter.tryAcquire("general", "a", 2).allowed(), "was not counted to begin with");
    RateLimiter.Attempt third = limiter.attempt("general", "a", 3);
    assertFalse(limiter.tryAcquire("general", "a", 3).allowed());
    third.cancel();
    assertTrue(limiter.tryAcquire("general", "a", 3).allowed());
    pass(Duration.ofSeconds(60));
    assertEquals(2, allowed("a", 2, 3));
  }

  @Test
  void the_structured_fields_name_the_time_until_the_next_request() {
    for (int i = 0; i < 3; i++) {
      limiter.tryAcquire("general", "a", 3);
      pass(Duration.ofMillis(10_500));
    }
    RateLimiter.Decision refused = limiter.tryAcquire("general", "a", 3);
    assertEquals(Duration.ofMillis(28_500), refused.retryAfter());
    assertEquals("\"general\";r=0;t=29", refused.headers().get("RateLimit"));
    assertEquals(29L, refused.refusal().extras().get("retry_after"));
    assertEquals(
        NOW.plusMillis(49_500).plusSeconds(1).getEpochSecond(),
        Long.parseLong(refused.headers().get("X-RateLimit-Reset")));
  }

  @Test
  void FR_061_keys_have_independent_limits() {
    assertEquals(1, allowed("a", 1, 5));
    assertEquals(1, allowed("b", 1, 5));
    assertTrue(limiter.tryAcquire("ai", "a", 1).allowed());
  }

  @Test
  void FR_061_concurrent_requests_get_exactly_the_limit() throws InterruptedException {
    RateLimiter real = new RateLimiter(nanos::get, Clock.systemUTC(), Optional.empty());
    AtomicInteger allowed = new AtomicInteger();
    CountDownLatch go = new CountDownLatch(1);
    Thread[] threads = new Thread[200];
    for (int i = 0; i < threads.length; i++) {
      threads[i] =
          Thread.ofPlatform()
              .start(
                  () -> {
                    await(go);
                    for (int j = 0; j < 20; j++) {
                      if (real.tryAcquire("general", "a", 100).allowed()) {
                        allowed.incrementAndGet();
                      }
                    }
                  });
    }
    go.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(100, allowed.get());
  }

  @Test
  void FR_061_headers_contain_the_state_of_the_limit() {
    limiter.tryAcquire("general", "a", 100);
    pass(Duration.ofSeconds(15));
    RateLimiter.Decision decision = limiter.tryAcquire("general", "a", 100);
    assertEquals(
        Map.of(
            "X-RateLimit-Limit", "100",
            "X-RateLimit-Remaining", "98",
            "X-RateLimit-Reset", "1768896960",
            "RateLimit", "\"general\";r=98;t=45",
            "RateLimit-Policy", "\"general\";q=100;w=60"),
        decision.headers());
  }

  private int allowed(String key, int limit, int attempts) {
    int allowed = 0;
    for (int i = 0; i < attempts; i++) {
      if (limiter.tryAcquire("general", key, limit).allowed()) {
        allowed++;
      }
    }
    return allowed;
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
