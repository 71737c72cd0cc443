package app.perpetua.flow.dev.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceClockTest {
  private final List<Instant> days = new ArrayList<>();
  private int moves;
  private ServiceClock clock;

  @BeforeEach
  void make(@TempDir Path directory) {
    clock =
        new ServiceClock(OffsetClock.movable(directory.resolve("clock")), days::add, () -> moves++);
  }

  @Test
  void a_move_prepares_the_days_around_its_target() {
    assertTrue(clock.move(() -> Duration.ofDays(-30)));
    assertEquals(Duration.ofDays(-30), clock.offset());
    assertFalse(days.getFirst().isAfter(clock.instant()));
    assertEquals(1, moves);
  }

  @Test
  void a_move_out_of_bounds_changes_nothing() {
    assertFalse(clock.move(() -> Duration.ofDays(-365_000)));
    assertEquals(Duration.ZERO, clock.offset());
    assertEquals(List.of(), days);
    assertEquals(0, moves);
  }

  @Test
  void a_return_needs_no_preparation() {
    clock.restore(Duration.ofHours(5));
    assertEquals(Duration.ofHours(5), clock.offset());
    assertEquals(List.of(), days);
    assertEquals(1, moves);
  }

  @Test
  void only_one_thread_holds_the_clock() throws Exception {
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      Callable<Boolean> hold = clock::tryHold;
      assertTrue(clock.tryHold());
      assertTrue(clock.move(() -> Duration.ofHours(1)));
      assertFalse(other.submit(hold).get());
      clock.release();
      assertTrue(other.submit(hold).get());
      assertFalse(clock.tryHold());
    }
  }
}
