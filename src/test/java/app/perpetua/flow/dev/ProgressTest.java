package app.perpetua.flow.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  @Test
  void a_long_step_is_reported_again_and_again() throws Exception {
    try (Progress _ = new Progress("Waiting", lines::add, Duration.ofSeconds(1))) {
      assertEquals("Waiting ...", lines.take());
      assertEquals("  ... 1 s", lines.take());
      assertEquals("  ... 2 s", lines.take());
    }
  }

  @Test
  void a_short_step_is_one_line() {
    try (Progress _ = new Progress("Waiting", lines::add, Duration.ofDays(1))) {
      assertEquals(List.of("Waiting ..."), List.copyOf(lines));
    }
  }
}
