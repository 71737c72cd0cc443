package app.perpetua.flow.parsing;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.FieldError;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.WireName;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads a client's JSON object field by field. Errors are collected and thrown together by {@link
 * #validate} (FR-058); call it before using the values, because getters return null for an invalid
 * field. Not thread-safe.
 */
public final class JsonReader {
  private final ObjectNode fields;
  private final String prefix;
  private final List<FieldError> errors;
  private final List<FieldError> errorsOfNow;
  private final Set<String> known = new HashSet<>();
  private final List<JsonReader> objects = new ArrayList<>();
  private boolean ignoresUnknown;

  private JsonReader(ObjectNode fields) {
    this(fields, "", new ArrayList<>(), new ArrayList<>());
  }

  private JsonReader(
      ObjectNode fields, String prefix, List<FieldError> errors, List<FieldError> errorsOfNow) {
    this.fields = fields;
    this.prefix = prefix;
    this.errors = errors;
    this.errorsOfNow = errorsOfNow;
  }

  /**
   * Parses a body; an empty one counts as {@code {}}.
   *
   * @throws Refusal {@code VALIDATION_ERROR} unless it is one JSON object in UTF-8
   */
  public static JsonReader parse(Json json, byte[] bytes) {
    if (bytes.length == 0) {
      return new JsonReader(JsonNodeFactory.instance.objectNode());
    }
    if (tree(json, bytes) instanceof ObjectNode object) {
      return new JsonReader(object);
    }
    throw Refusal.of(ErrorCode.VALIDATION_ERROR, "the body must be a JSON object");
  }

  /** Reads the members of an object. */
  public static JsonReader of(ObjectNode object) {
    return new JsonReader(object);
  }

  /**
   * Parses a body of any type.
   *
   * @throws Refusal {@code VALIDATION_ERROR} unless it is JSON in UTF-8
   */
  public static JsonNode tree(Json json, byte[] bytes) {
    String text = decode(bytes);
    try {
      return json.parse(text);
    } catch (JacksonException e) {
      throw JsonDiagnosis.of(text, e);
    }
  }

  private static String decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    // In UTF-8, a text has at most as many characters as bytes.
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(in, out, true);
    // The first character of JSON is ASCII, so a zero in it is half of one in UTF-16 or UTF-32.
    boolean wide = bytes.length > 1 && (bytes[0] == 0) != (bytes[1] == 0);
    if (wide || result.isError()) {
      throw Refusal.of(
          ErrorCode.VALIDATION_ERROR,
          wide || isUtf16(bytes)
              ? "the body must be in UTF-8, not in UTF-16 or UTF-32"
              : "the body is not valid UTF-8 at byte " + (in.position() + 1));
    }
    return out.flip().toString();
  }

  /** Whether it begins with a byte order mark of UTF-16, which UTF-8 cannot contain. */
  private static boolean isUtf16(byte[] bytes) {
    return bytes.length > 1 && (bytes[0] & bytes[1] & 0xfe) == 0xfe && bytes[0] != bytes[1];
  }

  /** Whether the field is present, even if null. */
  public boolean has(String name) {
    known.add(name);
    return fields.has(name);
  }

  /**
   * A string of {@code min} to {@code max} code points, without white space at both ends; null if
   * absent or null. At least one character must be visible if {@code min} is positive.
   */
  public @Nullable String text(String name, int min, int max) {
    String text = string(name);
    return text == null ? null : checkedText(name, UnicodeText.trim(text), min, max);
  }

  /** As {@link #text}, but keeps leading and trailing white space. */
  public @Nullable String untrimmedText(String name, int min, int max) {
    String text = string(name);
    return text == null ? null : checkedText(name, text, min, max);
  }

  private @Nullable String string(String name) {
    return value(name, "must be a string", node -> node.isString() ? node.stringValue() : null);
  }

  private @Nullable String checkedText(String name, String text, int min, int max) {
    String error = Formats.textError(text, min, max);
    if (error != null) {
      addError(name, error);
      return null;
    }
    return text;
  }

  /** One of the allowed strings; null if absent or null. */
  public @Nullable String oneOf(String name, String... allowed) {
    return value(
        name,
        "must be " + Formats.alternatives(allowed),
        node ->
            node.isString() && Arrays.asList(allowed).contains(node.stringValue())
                ? node.stringValue()
                : null);
  }

  /** A constant by its wire name; null if absent or null. */
  public <E extends Enum<E> & WireName> @Nullable E oneOf(String name, Class<E> type) {
    String wireName = oneOf(name, WireName.all(type));
    return wireName == null ? null : WireName.parse(type, wireName);
  }

  /**
   * A list of strings as {@link #text} reads them, each of 1 to {@code length} code points; null if
   * absent or null.
   */
  public @Nullable List<String> texts(String name, int max, int length) {
    return list(
        name,
        "must be a list of 1 to " + max + " strings of 1 to " + length + " characters",
        1,
        max,
        node -> {
          String text = node.isString() ? UnicodeText.trim(node.stringValue()) : null;
          return text == null || Formats.textError(text, 1, length) != null ? null : text;
        });
  }

  /** A list of one or more constants by their wire names; null if absent or null. */
  public <E extends Enum<E> & WireName> @Nullable List<E> someOf(String name, Class<E> type) {
    List<String> allowed = Arrays.asList(WireName.all(type));
    String error = "must be a list of one or more of " + String.join(", ", allowed);
    return constants(name, type, error, 1, allowed.size());
  }

  /** A list of at most {@code max} constants by their wire names; null if absent or null. */
  public <E extends Enum<E> & WireName> @Nullable List<E> atMost(
      String name, int max, Class<E> type) {
    String error =
        "must be a list of at most " + max + " of " + String.join(", ", WireName.all(type));
    return constants(name, type, error, 0, max);
  }

  private <E extends Enum<E> & WireName> @Nullable List<E> constants(
      String name, Class<E> type, String error, int min, int max) {
    List<String> allowed = Arrays.asList(WireName.all(type));
    return list(
        name,
        error,
        min,
        max,
        node ->
            node.isString() && allowed.contains(node.stringValue())
                ? WireName.parse(type, node.stringValue())
                : null);
  }

  /**
   * A whole number within bounds; null if absent or null. As in JSON Schema, 30.0 and 3e1 are
   * whole.
   */
  public @Nullable Integer integer(String name, int min, int max) {
    return value(
        name,
        Formats.rangeError(min, max),
        node -> {
          Integer number = node.isNumber() ? whole(node.decimalValue()) : null;
          return number != null && number >= min && number <= max ? number : null;
        });
  }

  /** The field {@code version}, the version that a change is based on; null if absent or null. */
  public @Nullable Integer version() {
    return integer("version", Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /** Computes no more digits than an int has, whatever the exponent is. */
  private static @Nullable Integer whole(BigDecimal number) {
    try {
      return number.intValueExact();
    } catch (ArithmeticException e) {
      return null;
    }
  }

  /** True or false; null if absent or null. */
  public @Nullable Boolean bool(String name) {
    return value(
        name, "must be true or false", node -> node.isBoolean() ? node.booleanValue() : null);
  }

  /** An instant, truncated to milliseconds; null if absent or null. */
  public @Nullable Instant instant(String name) {
    return value(
        name,
        InstantFormat.INVALID,
        node -> node.isString() ? InstantFormat.parse(node.stringValue()) : null);
  }

  /** A date from 1970 to 9999; null if absent or null. */
  public @Nullable LocalDate date(String name) {
    return value(
        name,
        Formats.INVALID_DATE,
        node -> node.isString() ? Formats.date(node.stringValue()) : null);
  }

  /** A UUID; null if absent or null. */
  public @Nullable UUID uuid(String name) {
    return value(name, Formats.INVALID_UUID, JsonReader::uuid);
  }

  private static @Nullable UUID uuid(JsonNode node) {
    return node.isString() ? Formats.uuid(node.stringValue()) : null;
  }

  /** A list of at most {@code max} UUIDs; null if absent or null. */
  public @Nullable List<UUID> uuids(String name, int max) {
    return list(name, "must be a list of at most " + max + " UUIDs", 0, max, JsonReader::uuid);
  }

  /** A list of 1 to {@code max} of the allowed strings; null if absent or null. */
  public @Nullable List<String> listOf(String name, int max, Collection<String> allowed) {
    return list(
        name,
        "must be a list of 1 to " + max + " of: " + String.join(", ", allowed),
        1,
        max,
        node ->
            node.isString() && allowed.contains(node.stringValue()) ? node.stringValue() : null);
  }

  /** A nested object; null if absent or null. {@link #validate} of this object includes it. */
  public @Nullable JsonReader object(String name) {
    ObjectNode inner = value(name, "must be an object", JsonReader::object);
    if (inner == null) {
      return null;
    }
    JsonReader reader = new JsonReader(inner, prefix + name + ".", errors, errorsOfNow);
    objects.add(reader);
    return reader;
  }

  private static @Nullable ObjectNode object(JsonNode node) {
    return node instanceof ObjectNode object ? object : null;
  }

  /** A nested object that another reader will read; null if absent or null. */
  public @Nullable ObjectNode unread(String name) {
    return value(name, "must be an object", JsonReader::object);
  }

  /** A list of {@code min} to {@code max} nested objects; null if absent or null. */
  public @Nullable List<JsonReader> objects(String name, int min, int max) {
    String error = "must be a list of " + min + " to " + max + " objects";
    List<ObjectNode> items = list(name, error, min, max, JsonReader::object);
    if (items == null) {
      return null;
    }
    List<JsonReader> readers = new ArrayList<>();
    for (ObjectNode item : items) {
      String place = prefix + name + "[" + readers.size() + "].";
      readers.add(new JsonReader(item, place, errors, errorsOfNow));
    }
    objects.addAll(readers);
    return readers;
  }

  /** Adds an error for each field that is absent or null. */
  public JsonReader required(String... names) {
    for (String name : names) {
      if (!fields.hasNonNull(name)) {
        known.add(name);
        addError(name, "is required");
      }
    }
    return this;
  }

  /** Adds an error for each field that is null; in PATCH, null would clear it. */
  public JsonReader notNull(String... names) {
    for (String name : names) {
      known.add(name);
      if (fields.has(name) && fields.get(name).isNull()) {
        addError(name, "must not be null");
      }
    }
    return this;
  }

  /** Ignores unknown fields of this object: for objects that another party defines and extends. */
  public JsonReader ignoreUnknown() {
    ignoresUnknown = true;
    return this;
  }

  public void addError(String name, String message) {
    errors.add(new FieldError(prefix + name, message));
  }

  /**
   * Adds an error that follows from the current time. A repeated request whose first one succeeded
   * must get the stored answer at any time, so if there is no other error, {@link #checkTime}
   * reports it.
   */
  public void addErrorOfNow(String name, String message) {
    errorsOfNow.add(new FieldError(prefix + name, message));
  }

  /**
   * Also adds an error for each unknown field that is not ignored, so call it after all fields have
   * been read.
   *
   * @throws Refusal {@code VALIDATION_ERROR} with all errors
   */
  public void validate() {
    rejectUnknownFields();
    if (!errors.isEmpty()) {
      errors.addAll(errorsOfNow);
      throw Refusal.invalid(errors);
    }
  }

  /**
   * Call it in the transaction, which finds the answers of repeated requests.
   *
   * @throws Refusal {@code VALIDATION_ERROR} with all errors that follow from the time of the
   *     request
   */
  public void checkTime() {
    if (!errorsOfNow.isEmpty()) {
      throw Refusal.invalid(errorsOfNow);
    }
  }

  private void rejectUnknownFields() {
    for (String name : fields.propertyNames()) {
      if (!ignoresUnknown && !known.contains(name) && errors.size() < 100) {
        addError(printable(name), "is not a known field");
      }
    }
    objects.forEach(JsonReader::rejectUnknownFields);
  }

  /** At most 100 characters, and none that could corrupt a log line. */
  static String printable(String name) {
    return name.codePoints()
        .limit(100)
        .map(
            c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '?' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private <T> @Nullable List<T> list(
      String name, String error, int min, int max, Function<JsonNode, @Nullable T> parse) {
    return value(
        name,
        error,
        node -> {
          if (!node.isArray() || node.size() < min || node.size() > max) {
            return null;
          }
          List<T> items = new ArrayList<>();
          for (JsonNode child : node) {
            T item = parse.apply(child);
            if (item == null) {
              return null;
            }
            items.add(item);
          }
          return List.copyOf(items);
        });
  }

  private <T> @Nullable T value(String name, String error, Function<JsonNode, @Nullable T> parse) {
    known.add(name);
    JsonNode node = fields.get(name);
    if (node == null || node.isNull()) {
      return null;
    }
    T value = parse.apply(node);
    if (value == null) {
      addError(name, error);
    }
    return value;
  }
}
