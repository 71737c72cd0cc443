package app.perpetua.flow.harness.time;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class GrantedTimeTest {
  @AutoClose private final GrantedTime time = new GrantedTime();

  @Test
  void granted_time_advances_no_faster_than_real_time() {
    long realBegun = System.nanoTime();
    long begun = time.nanoTime();
    while (time.since(begun).compareTo(Duration.ofMillis(500)) < 0) {
      Thread.onSpinWait();
    }
    assertTrue(System.nanoTime() - realBegun >= Duration.ofMillis(490).toNanos());
  }
}
