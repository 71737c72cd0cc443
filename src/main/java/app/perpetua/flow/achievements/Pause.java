package app.perpetua.flow.achievements;

import java.time.LocalDate;
import java.util.UUID;

/** Days, both inclusive, that break no streak and on which no reminder notifies. */
record Pause(UUID id, LocalDate from, LocalDate to) {
  boolean contains(LocalDate day) {
    return !day.isBefore(from) && !day.isAfter(to);
  }
}
