package app.perpetua.flow.imports.readers;

import app.perpetua.flow.base.TimeZoneNames;
import java.text.ParsePosition;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Dates as other programs write them. A day without a time ends at 23:59, so that a task is not
 * overdue before its day has passed.
 */
final class SourceDates {
  static final LocalTime END_OF_DAY = LocalTime.of(23, 59);

  private static final Instant EARLIEST = Instant.parse("0001-01-02T00:00:00Z");
  private static final Instant LATEST = Instant.parse("9999-12-30T00:00:00Z");
  private static final int MAX_LENGTH = 60;

  /** With an offset or Z. */
  private static final List<DateTimeFormatter> INSTANTS =
      List.of(
          DateTimeFormatter.ISO_OFFSET_DATE_TIME,
          strict("uuuu-MM-dd'T'HH:mm:ss[.SSS]XX"),
          strict("uuuu-MM-dd HH:mm:ssXXX"));

  private static final List<DateTimeFormatter> TIMES =
      List.of(
          DateTimeFormatter.ISO_LOCAL_DATE_TIME,
          strict("uuuu-MM-dd HH:mm[:ss]"),
          strict("d MMM uuuu HH:mm"),
          strict("MMM d uuuu HH:mm"),
          strict("uuuuMMdd'T'HHmmss"));

  private static final List<DateTimeFormatter> DAYS =
      List.of(
          DateTimeFormatter.ISO_LOCAL_DATE,
          strict("uuuuMMdd"),
          strict("d MMM uuuu"),
          strict("d MMMM uuuu"),
          strict("MMM d uuuu"),
          strict("MMMM d uuuu"),
          strict("MMM d, uuuu"),
          strict("MMMM d, uuuu"));

  private SourceDates() {}

  private static DateTimeFormatter strict(String pattern) {
    return new DateTimeFormatterBuilder()
        .parseCaseInsensitive()
        .appendPattern(pattern)
        .toFormatter(Locale.ENGLISH)
        .withResolverStyle(ResolverStyle.STRICT);
  }

  /**
   * Reads a date with a year, with or without time and zone; null if it is none.
   *
   * @param zone of dates without one
   */
  static @Nullable Instant parse(String text, ZoneId zone) {
    if (text.length() > MAX_LENGTH) {
      return null;
    }
    try {
      DateTimeFormatter instant = matching(INSTANTS, text);
      if (instant != null) {
        return inRange(OffsetDateTime.parse(text, instant).toInstant());
      }
      boolean utc = text.endsWith("Z");
      String local = utc ? text.substring(0, text.length() - 1) : text;
      DateTimeFormatter time = matching(TIMES, local);
      if (time != null) {
        ZoneId there = utc ? ZoneOffset.UTC : zone;
        return inRange(LocalDateTime.parse(local, time).atZone(there).toInstant());
      }
      LocalDate day = day(text);
      return day == null ? null : inRange(day.atTime(END_OF_DAY).atZone(zone).toInstant());
    } catch (DateTimeException e) {
      // Such as 30 February.
      return null;
    }
  }

  /** The first format of which the text has the form; without exceptions, which cost time. */
  private static @Nullable DateTimeFormatter matching(
      List<DateTimeFormatter> formats, String text) {
    for (DateTimeFormatter format : formats) {
      ParsePosition position = new ParsePosition(0);
      if (format.parseUnresolved(text, position) != null && position.getIndex() == text.length()) {
        return format;
      }
    }
    return null;
  }

  /** Reads a day with a year; null if it is none. */
  static @Nullable LocalDate day(String text) {
    DateTimeFormatter format = matching(DAYS, text);
    try {
      return format == null ? null : LocalDate.parse(text, format);
    } catch (DateTimeException e) {
      return null;
    }
  }

  /** In whole milliseconds; null outside of the years that the API shows. */
  static @Nullable Instant inRange(Instant instant) {
    return instant.isBefore(EARLIEST) || instant.isAfter(LATEST)
        ? null
        : instant.truncatedTo(ChronoUnit.MILLIS);
  }

  /** Reads the name of a time zone; null if it is none. */
  static @Nullable ZoneId zone(String name) {
    try {
      return TimeZoneNames.contains(name) ? ZoneId.of(name) : null;
    } catch (DateTimeException e) {
      return null;
    }
  }
}
