package app.perpetua.flow.agenda;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.stream.IntStream;

/**
 * The days of an agenda, which begin as the zone says: a day has 23, 24, 24.5 or 25 hours, and one
 * that the zone skips has none.
 *
 * @param now decides what is overdue if it is on {@code date}
 */
record AgendaDays(LocalDate date, ZoneId zone, Instant now) {
  /** Days after {@code date}. */
  static final int UPCOMING = 7;

  /** The last day whose agenda ends in a year of four digits. */
  static final LocalDate LAST = LocalDate.of(9999, 12, 23);

  static AgendaDays today(ZoneId zone, Instant now) {
    return new AgendaDays(now.atZone(zone).toLocalDate(), zone, now);
  }

  /** When a day begins: 0 is {@code date}, {@code UPCOMING + 1} ends the agenda. */
  Instant start(int day) {
    return date.plusDays(day).atStartOfDay(zone).toInstant();
  }

  /** The starts of all days, and the end, as the database reads instants. */
  String[] starts() {
    return IntStream.rangeClosed(0, UPCOMING + 1)
        .mapToObj(this::start)
        .map(Instant::toString)
        .toArray(String[]::new);
  }

  /** A task that is due at a time before this is overdue. */
  Instant overdueBefore() {
    return now.atZone(zone).toLocalDate().equals(date) ? now : start(0);
  }
}
