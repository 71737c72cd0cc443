package app.perpetua.flow.http.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DeadlineClockTest {
  private final AtomicLong source = new AtomicLong(-5_000);
  private final DeadlineClock clock = new DeadlineClock(source::get, Duration.ofNanos(500));

  @Test
  void time_between_ticks_counts() {
    assertEquals(0, clock.nanoTime());
    source.addAndGet(200);
    assertEquals(200, clock.nanoTime());
    assertEquals(200, clock.tick());
    source.addAndGet(500);
    assertEquals(700, clock.nanoTime());
    assertEquals(700, clock.tick());
  }

  @Test
  void of_a_pause_only_the_longest_interval_counts() {
    source.addAndGet(200);
    clock.tick();
    source.addAndGet(60_000);
    assertEquals(700, clock.nanoTime());
    assertEquals(700, clock.tick());
    assertEquals(700, clock.nanoTime());
    source.addAndGet(100);
    assertEquals(800, clock.nanoTime());
  }

  @Test
  void it_never_decreases() {
    source.addAndGet(200);
    clock.tick();
    source.addAndGet(-100);
    assertEquals(200, clock.nanoTime());
    assertEquals(200, clock.tick());
  }
}
