package app.perpetua.flow.base;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * Writes instants as the contract does, about ten times as fast as the formatter of the same
 * pattern, which writes what is outside of the years 0000 to 9999.
 */
final class InstantText {
  static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private static final long FIRST = Instant.parse("0000-01-01T00:00:00Z").getEpochSecond();
  private static final long LAST = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();
  private static final int SECONDS_PER_DAY = 86_400;
  private static final int NANOS_PER_MILLI = 1_000_000;

  /** Days of 400 years, after which the calendar repeats. */
  private static final int DAYS_PER_ERA = 146_097;

  /** From the start of an era, 0000-03-01, to 1970-01-01. */
  private static final int DAYS_TO_1970 = 719_468;

  private InstantText() {}

  static String of(Instant instant) {
    return new String(ascii(instant), StandardCharsets.ISO_8859_1);
  }

  static byte[] ascii(Instant instant) {
    long second = instant.getEpochSecond();
    if (second < FIRST || second > LAST) {
      return FORMAT.format(instant).getBytes(StandardCharsets.ISO_8859_1);
    }
    int day = (int) Math.floorDiv(second, SECONDS_PER_DAY);
    int time = Math.floorMod(second, SECONDS_PER_DAY);
    byte[] text = "0000-00-00T00:00:00.000Z".getBytes(StandardCharsets.ISO_8859_1);
    date(text, day);
    two(text, 11, time / 3_600);
    two(text, 14, time / 60 % 60);
    two(text, 17, time % 60);
    int millis = instant.getNano() / NANOS_PER_MILLI;
    text[20] = (byte) ('0' + millis / 100);
    two(text, 21, millis % 100);
    return text;
  }

  /** Counts years from 1 March, so that the leap day is the last of its year. */
  private static void date(byte[] text, int epochDay) {
    int days = epochDay + DAYS_TO_1970;
    int era = Math.floorDiv(days, DAYS_PER_ERA);
    int dayOfEra = days - era * DAYS_PER_ERA;
    int yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
    int dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    int monthFromMarch = (5 * dayOfYear + 2) / 153;
    int month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
    int year = yearOfEra + 400 * era + (month <= 2 ? 1 : 0);
    two(text, 0, year / 100);
    two(text, 2, year % 100);
    two(text, 5, month);
    two(text, 8, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1);
  }

  private static void two(byte[] text, int at, int value) {
    text[at] = (byte) ('0' + value / 10);
    text[at + 1] = (byte) ('0' + value % 10);
  }
}
