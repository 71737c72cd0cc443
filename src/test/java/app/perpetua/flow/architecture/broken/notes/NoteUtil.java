package app.perpetua.flow.architecture.broken.notes;

import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Date;
import java.util.List;
import java.util.UUID;

/** Reads the time, randomness and the environment by itself. */
class NoteUtil {
  @SuppressWarnings("JavaUtilDate")
  List<Object> hiddenInputs() {
    return List.of(
        new Date(),
        Instant.now(),
        LocalDate.now(Clock.systemUTC().getZone()),
        System.currentTimeMillis(),
        System.getenv(),
        UUID.randomUUID(),
        Math.random());
  }

  List<Object> allowed(Clock clock, Instant instant) {
    return List.of(Instant.now(clock), Date.from(instant).toInstant(), System.nanoTime());
  }
}
