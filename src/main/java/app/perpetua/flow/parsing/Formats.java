package app.perpetua.flow.parsing;

import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Parses and checks the value formats of the contract; throws nothing. */
public final class Formats {
  public static final String INVALID_UUID = "must be a UUID";
  public static final String INVALID_DATE = "must be a date from 1970 on, such as 2026-03-01";

  private static final Pattern DATE = Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}");

  private Formats() {}

  /**
   * Returns why a text is invalid, or null; {@code min} and {@code max} are code points. A text of
   * at least one must be visible.
   */
  static @Nullable String textError(String value, int min, int max) {
    if (value.indexOf('\0') >= 0) {
      return "must not contain NUL";
    }
    if (value.codePoints().anyMatch(c -> Character.getType(c) == Character.SURROGATE)) {
      return "must not contain unpaired surrogates";
    }
    int length = value.codePointCount(0, value.length());
    if (min > 0 && UnicodeText.isBlank(value)) {
      return "must not be blank";
    }
    if (length < min || length > max) {
      return "must have " + (min == 0 ? "at most " : min + " to ") + max + " characters";
    }
    return null;
  }

  /** A date of four-digit years from 1970 on; null if the value is none. */
  public static @Nullable LocalDate date(String value) {
    if (!DATE.matcher(value).matches()) {
      return null;
    }
    try {
      LocalDate date = LocalDate.parse(value);
      return date.getYear() < 1970 ? null : date;
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  /** Returns null unless the value has the usual form of 36 characters (RFC 9562, section 4). */
  public static @Nullable UUID uuid(String value) {
    if (value.length() != 36) {
      return null;
    }
    try {
      UUID uuid = UUID.fromString(value);
      // It also accepts groups of other lengths and digits of other scripts.
      return uuid.toString().equalsIgnoreCase(value) ? uuid : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** Returns null unless the value is a decimal number from {@code min} to {@code max}. */
  static @Nullable Integer integer(String value, int min, int max) {
    // Ten digits suffice for every int and fit a long.
    if (value.matches("[0-9]{1,10}")) {
      long number = Long.parseLong(value);
      if (number >= min && number <= max) {
        return (int) number;
      }
    }
    return null;
  }

  /** The error for a number out of range; {@link Integer#MAX_VALUE} means no upper bound. */
  static String rangeError(int min, int max) {
    return max == Integer.MAX_VALUE
        ? "must be a whole number of at least " + min
        : "must be a whole number from " + min + " to " + max;
  }

  /** Joins to "a, b or c". */
  static String alternatives(String... words) {
    List<String> all = Arrays.asList(words);
    return all.size() == 1
        ? all.getFirst()
        : String.join(", ", all.subList(0, all.size() - 1)) + " or " + all.getLast();
  }
}
