package app.perpetua.flow.http.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Measures the heap in a separate JVM that contains only the rate limiter. */
@Order(1)
final class RateLimiterMemoryTest {
  private static final int ADDRESSES = 5_000_000;

  @Test
  void promise_22_five_million_addresses_fit_into_64_MB() throws Exception {
    Process flood =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                RateLimiterMemoryTest.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<String> results;
    try {
      results = flood.inputReader().readAllLines();
      assertEquals(0, flood.waitFor(), results.toString());
    } finally {
      flood.destroyForcibly();
    }
    long heap = Long.parseLong(results.get(0));
    int allowed = Integer.parseInt(results.get(1));
    System.out.println("5 million addresses: " + heap / 1024 / 1024 + " MiB");
    assertTrue(heap < 64L * 1024 * 1024, heap + " bytes");
    assertEquals("true", results.get(2), "a new address is allowed");
    // The frequent address is not evicted in favor of addresses that are seen once.
    assertTrue(allowed <= 20, allowed + " requests of the frequent address were allowed");
  }

  /**
   * Prints the largest growth of the heap in bytes, how many requests of one frequent address were
   * allowed, and whether a new address is allowed.
   */
  public static void main(String[] arguments) {
    // The clock does not advance: all requests are within one window.
    RateLimiter limiter = new RateLimiter(() -> 0, Clock.systemUTC(), Optional.empty());
    long before = usedHeap();
    int allowed = 0;
    long growth = 0;
    for (int i = 1; i <= ADDRESSES; i++) {
      limiter.tryAcquire(
          "auth", "2001:db8:" + Integer.toHexString(i >> 16) + ":" + (i & 0xffff) + "::/64", 10);
      if (i % 1_000 == 0 && limiter.tryAcquire("auth", "203.0.113.7", 10).allowed()) {
        allowed++;
      }
      if (i % 1_000_000 == 0) {
        growth = Math.max(growth, usedHeap() - before);
      }
    }
    System.out.println(growth);
    System.out.println(allowed);
    System.out.println(limiter.tryAcquire("auth", "198.51.100.1", 1).allowed());
  }

  private static long usedHeap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
