package app.perpetua.flow.quickadd.parser;

import java.time.Instant;
import java.time.LocalDate;

/** When a task is due. */
public sealed interface Due {
  /** All-day. */
  record On(LocalDate date) implements Due {
    @Override
    public String toString() {
      return date.toString();
    }
  }

  /** At a time. */
  record At(Instant instant) implements Due {
    @Override
    public String toString() {
      return instant.toString();
    }
  }
}
