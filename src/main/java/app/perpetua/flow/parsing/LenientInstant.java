package app.perpetua.flow.parsing;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Parses the instants of other companies, who change their notation without notice: ISO 8601 in its
 * calendar forms, RFC 1123, and seconds, milliseconds, microseconds or nanoseconds since 1970. A
 * time without an offset is in UTC. Throws nothing.
 */
public final class LenientInstant {
  private static final int MAX_LENGTH = 100;

  private static final Pattern ISO =
      Pattern.compile(
          "(?<year>\\d{4})(?<dash>-?)(?<month>\\d{2})\\k<dash>(?<day>\\d{2})(?:T|\\s+)"
              + "(?<hour>\\d{2})(?::?(?<minute>\\d{2}))(?::?(?<second>\\d{2})(?:[.,](?<fraction>\\d+))?)?"
              + "\\s*(?<offset>Z|UTC|GMT|[+-]\\d{2}(?::?\\d{2}(?::?\\d{2})?)?)?"
              + "\\s*(?:\\[(?<zone>[A-Z0-9/_+-]+)])?",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern NUMBER = Pattern.compile("\\d{1,25}(?:[.,]\\d{1,25})?");

  /** The year 5138 in seconds, and 1973 in milliseconds. */
  private static final BigDecimal MAX_SECONDS = BigDecimal.TEN.pow(11);

  private static final BigDecimal THOUSAND = BigDecimal.valueOf(1_000);
  private static final BigDecimal NANOS = BigDecimal.TEN.pow(9);

  private LenientInstant() {}

  /** Returns null if the text names no instant. Digits beyond nanoseconds are dropped. */
  public static @Nullable Instant parse(String text) {
    String value = text.strip().replace('\u2212', '-');
    if (value.length() > MAX_LENGTH) {
      return null;
    }
    if (NUMBER.matcher(value).matches()) {
      return ofEpoch(new BigDecimal(value.replace(',', '.')));
    }
    Matcher iso = ISO.matcher(value);
    try {
      return iso.matches()
          ? ofIso(iso)
          : OffsetDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
    } catch (DateTimeException e) {
      return null;
    }
  }

  /**
   * The time since 1970; its size tells the unit.
   *
   * @return null for a number that is negative or too large
   */
  public static @Nullable Instant ofEpoch(BigDecimal number) {
    if (number.signum() < 0 || number.precision() - number.scale() > 25) {
      return null;
    }
    BigDecimal seconds = number;
    for (int unit = 0; unit < 3 && seconds.compareTo(MAX_SECONDS) >= 0; unit++) {
      seconds = seconds.divide(THOUSAND);
    }
    if (seconds.compareTo(MAX_SECONDS) >= 0) {
      return null;
    }
    BigInteger[] parts =
        seconds
            .multiply(NANOS)
            .setScale(0, RoundingMode.DOWN)
            .toBigInteger()
            .divideAndRemainder(NANOS.toBigInteger());
    return Instant.ofEpochSecond(parts[0].longValue(), parts[1].longValue());
  }

  private static Instant ofIso(Matcher iso) {
    int hour = number(iso, "hour");
    int second = number(iso, "second");
    // 24:00 is the end of the day; a leap second is the last of its minute.
    LocalDateTime time =
        LocalDateTime.of(
                number(iso, "year"),
                number(iso, "month"),
                number(iso, "day"),
                hour == 24 ? 0 : hour,
                number(iso, "minute"),
                second == 60 ? 59 : second)
            .plusDays(hour == 24 ? 1 : 0)
            .plusNanos(nanos(iso.group("fraction")));
    if (hour == 24 && !time.toLocalTime().equals(LocalTime.MIDNIGHT)) {
      throw new DateTimeException("after the end of the day");
    }
    String offset = iso.group("offset");
    String zone = iso.group("zone");
    if (offset != null) {
      return time.toInstant(offset(offset));
    }
    return zone == null ? time.toInstant(ZoneOffset.UTC) : time.atZone(ZoneId.of(zone)).toInstant();
  }

  private static ZoneOffset offset(String text) {
    return Character.isLetter(text.charAt(0))
        ? ZoneOffset.UTC
        : ZoneOffset.of(text.toUpperCase(Locale.ROOT));
  }

  private static int number(Matcher iso, String group) {
    String digits = iso.group(group);
    return digits == null ? 0 : Integer.parseInt(digits);
  }

  private static long nanos(@Nullable String fraction) {
    return fraction == null ? 0 : Long.parseLong((fraction + "000000000").substring(0, 9));
  }
}
