package app.perpetua.flow.parsing;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Parses the date-time of RFC 3339, section 5.6: letters in either case, any number of fraction
 * digits, any offset, leap seconds.
 */
public final class InstantFormat {
  static final String INVALID =
      "must be an instant of RFC 3339 in the years 0001 to 9999,"
          + " such as 2026-01-19T10:30:00.000Z or 2026-01-19T11:30:00+01:00";

  private static final Pattern FORMAT =
      Pattern.compile(
          "(?<date>\\d{4}-\\d{2}-\\d{2})[Tt](?<minute>([01]\\d|2[0-3]):[0-5]\\d)"
              + ":(?<second>[0-5]\\d|60)(\\.(?<fraction>\\d+))?"
              + "([Zz]|(?<sign>[+-])(?<hours>[01]\\d|2[0-3]):(?<minutes>[0-5]\\d))");

  /** The contract's precision. */
  private static final int MILLIS_DIGITS = 3;

  private static final String LEAP_SECOND = "60";
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999Z");

  private InstantFormat() {}

  /** Truncated to milliseconds; null if the text is not such an instant. */
  public static @Nullable Instant parse(String text) {
    Matcher parts = FORMAT.matcher(text);
    if (!parts.matches()) {
      return null;
    }
    LocalDateTime minute;
    try {
      minute =
          LocalDateTime.of(
              LocalDate.parse(parts.group("date")), LocalTime.parse(parts.group("minute")));
    } catch (DateTimeException e) {
      return null;
    }
    LocalDateTime utc = minute.minusMinutes(offsetMinutes(parts));
    String second = parts.group("second");
    if (second.equals(LEAP_SECOND) && !mayHaveLeapSecond(utc)) {
      return null;
    }
    Instant instant =
        utc.toInstant(ZoneOffset.UTC)
            // A leap second is the same as the one that follows it, as in POSIX and PostgreSQL.
            .plusSeconds(Integer.parseInt(second))
            .plusMillis(millis(parts.group("fraction")));
    return instant.isBefore(FIRST) || instant.isAfter(LAST) ? null : instant;
  }

  private static int offsetMinutes(Matcher parts) {
    String sign = parts.group("sign");
    if (sign == null) {
      return 0;
    }
    int minutes =
        60 * Integer.parseInt(parts.group("hours")) + Integer.parseInt(parts.group("minutes"));
    return sign.equals("-") ? -minutes : minutes;
  }

  /** Leap seconds are inserted at the end of a month, in UTC. */
  private static boolean mayHaveLeapSecond(LocalDateTime utc) {
    LocalDateTime next = utc.plusMinutes(1);
    return next.getDayOfMonth() == 1 && next.truncatedTo(ChronoUnit.DAYS).equals(next);
  }

  private static int millis(@Nullable String fraction) {
    if (fraction == null) {
      return 0;
    }
    String digits = (fraction + "00").substring(0, MILLIS_DIGITS);
    return Integer.parseInt(digits);
  }
}
