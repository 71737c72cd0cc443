package app.perpetua.flow.architecture.broken.notes;

import java.time.Instant;
import java.util.Date;

/** Creates a date. */
class Dates {
  @SuppressWarnings("JavaUtilDate")
  Date created() {
    return new Date();
  }

  Instant allowed(Instant instant) {
    return Date.from(instant).toInstant();
  }
}
