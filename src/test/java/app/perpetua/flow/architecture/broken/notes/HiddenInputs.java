package app.perpetua.flow.architecture.broken.notes;

import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.UUID;

/** Reads time, randomness and the environment without a parameter. */
class HiddenInputs {
  List<Object> read() {
    return List.of(
        Instant.now(),
        LocalDate.now(Clock.systemUTC().getZone()),
        System.currentTimeMillis(),
        System.getenv(),
        UUID.randomUUID(),
        Math.random());
  }

  List<Object> allowed(Clock clock) {
    return List.of(Instant.now(clock), System.nanoTime());
  }
}
