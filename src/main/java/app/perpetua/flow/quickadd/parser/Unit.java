package app.perpetua.flow.quickadd.parser;

import java.time.LocalDate;
import java.time.temporal.ChronoUnit;

/** A unit of time in a text. */
enum Unit {
  MINUTE(ChronoUnit.MINUTES, 1, ""),
  HOUR(ChronoUnit.HOURS, 1, ""),
  DAY(ChronoUnit.DAYS, 1, "DAILY"),
  WEEK(ChronoUnit.WEEKS, 1, "WEEKLY"),
  MONTH(ChronoUnit.MONTHS, 1, "MONTHLY"),
  QUARTER(ChronoUnit.MONTHS, 3, "MONTHLY"),
  YEAR(ChronoUnit.YEARS, 1, "YEARLY");

  private final ChronoUnit chrono;
  private final int factor;
  private final String freq;

  Unit(ChronoUnit chrono, int factor, String freq) {
    this.chrono = chrono;
    this.factor = factor;
    this.freq = freq;
  }

  /** Whether it is shorter than a day; such a unit has no frequency of a rule. */
  boolean isOfTime() {
    return freq.isEmpty();
  }

  ChronoUnit chrono() {
    return chrono;
  }

  /** How many {@link #chrono} units it has. */
  int factor() {
    return factor;
  }

  /** {@code FREQ} of a rule; the factor is its interval. */
  String freq() {
    return freq;
  }

  /** A day later by a number of units of at least a day. */
  LocalDate after(LocalDate day, int count) {
    return day.plus((long) count * factor, chrono);
  }
}
