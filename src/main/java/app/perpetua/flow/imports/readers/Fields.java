package app.perpetua.flow.imports.readers;

import app.perpetua.flow.parsing.Formats;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Reads the members of an object of this service's document, which somebody may have edited. */
record Fields(JsonNode object) {
  /** An object that cannot be stored. */
  static final class InvalidFieldException extends Exception {
    private static final long serialVersionUID = 1L;

    private InvalidFieldException(String problem) {
      super(problem, null, false, false);
    }

    String problem() {
      return String.valueOf(getMessage());
    }
  }

  /** The error for an object that cannot be stored although its members can be read. */
  static InvalidFieldException unusable(String problem) {
    return new InvalidFieldException(problem);
  }

  static InvalidFieldException invalid(String member, String problem) {
    return new InvalidFieldException("The member " + member + " " + problem + ".");
  }

  boolean has(String member) {
    JsonNode value = object.get(member);
    return value != null && !value.isNull();
  }

  /** A text of so many code points; {@code absent} if there is none. */
  String text(String member, int min, int max, String absent) throws InvalidFieldException {
    String text = has(member) ? JsonDocument.text(object, member) : absent;
    if (text == null || (has(member) && !object.path(member).isString())) {
      throw invalid(member, "must be a text");
    }
    if (text.codePointCount(0, text.length()) < min || !Texts.fits(text, max)) {
      throw invalid(member, "must have " + min + " to " + max + " characters");
    }
    return text;
  }

  String oneOf(String member, Set<String> allowed, String absent) throws InvalidFieldException {
    String text = text(member, 0, 100, absent);
    if (!allowed.contains(text)) {
      throw invalid(
          member, "must be one of " + String.join(", ", allowed.stream().sorted().toList()));
    }
    return text;
  }

  @Nullable Integer integer(String member, int min, int max) throws InvalidFieldException {
    if (!has(member)) {
      return null;
    }
    JsonNode value = object.get(member);
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw invalid(member, "must be an integer");
    }
    if (value.intValue() < min || value.intValue() > max) {
      throw invalid(member, "must be from " + min + " to " + max);
    }
    return value.intValue();
  }

  int integer(String member, int min, int max, int absent) throws InvalidFieldException {
    Integer value = integer(member, min, max);
    return value == null ? absent : value;
  }

  boolean bool(String member) throws InvalidFieldException {
    if (!has(member)) {
      return false;
    }
    if (!object.get(member).isBoolean()) {
      throw invalid(member, "must be true or false");
    }
    return object.get(member).booleanValue();
  }

  @Nullable Instant instant(String member) throws InvalidFieldException {
    if (!has(member)) {
      return null;
    }
    try {
      Instant instant = SourceDates.inRange(Instant.parse(text(member, 1, 40, "")));
      if (instant != null) {
        return instant;
      }
    } catch (DateTimeException e) {
      // Refused below.
    }
    throw invalid(member, "must be a time such as 2026-01-19T10:30:00.000Z");
  }

  /** A day such as 2026-01-19, as text; null if it is absent. */
  @Nullable String day(String member) throws InvalidFieldException {
    if (!has(member)) {
      return null;
    }
    LocalDate day = Formats.date(text(member, 1, 40, ""));
    if (day == null || day.getYear() > 9998) {
      throw invalid(member, "must be a date such as 2026-01-19");
    }
    return day.toString();
  }

  Instant instant(String member, Instant absent) throws InvalidFieldException {
    Instant instant = instant(member);
    return instant == null ? absent : instant;
  }

  /** A time in the form in which PostgreSQL writes it into JSON, which is also read. */
  String instantText(String member) throws InvalidFieldException {
    String text = text(member, 1, 40, "");
    try {
      return OffsetDateTime.parse(text).toString();
    } catch (DateTimeException e) {
      throw invalid(member, "must be a time");
    }
  }

  @Nullable String id(String member) throws InvalidFieldException {
    if (!has(member)) {
      return null;
    }
    String text = text(member, 1, 200, "");
    try {
      return UUID.fromString(text).toString();
    } catch (IllegalArgumentException e) {
      throw invalid(member, "must be a UUID");
    }
  }
}
