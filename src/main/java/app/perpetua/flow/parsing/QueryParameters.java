package app.perpetua.flow.parsing;

import app.perpetua.flow.base.FieldError;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.PageRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the parameters of a query string. Errors are collected and thrown together by {@link
 * #validate}, which also rejects parameters that were not read. Of a repeated parameter the first
 * value is used. Not thread-safe.
 */
public final class QueryParameters {
  /** The database compares each search word with the text of every row. */
  private static final int MAX_WORDS = 8;

  /** A query may have thousands of names; these many are reported. */
  private static final int MAX_UNKNOWN = 10;

  private static final int MAX_NAME = 64;

  private static final int DEFAULT_LIMIT = 25;
  private static final int MAX_LIMIT = 100;

  private final Set<String> names;
  private final Function<String, @Nullable String> values;
  private final Set<String> read = new HashSet<>();
  private final List<FieldError> errors = new ArrayList<>();

  /**
   * @param names of the parameters that are present
   * @param values decoded, by name; null for a parameter that is absent
   */
  public QueryParameters(Set<String> names, Function<String, @Nullable String> values) {
    this.names = names;
    this.values = values;
  }

  /** Reads {@code offset} and {@code limit}, by default the first 25 items. */
  public PageRequest page() {
    return new PageRequest(
        integer("offset", 0, 0, Integer.MAX_VALUE), integer("limit", DEFAULT_LIMIT, 1, MAX_LIMIT));
  }

  /**
   * A text of at most {@code max} code points, without white space at both ends; null if absent or
   * nothing else.
   */
  public @Nullable String text(String name, int max) {
    String value = read(name);
    String text = value == null ? "" : UnicodeText.trim(value);
    if (text.isEmpty()) {
      return null;
    }
    String error = Formats.textError(text, 1, max);
    if (error != null) {
      errors.add(new FieldError(name, error));
      return null;
    }
    return text;
  }

  /**
   * The distinct words of a text, parted by white space; empty if absent or nothing but white
   * space. The empty text is an error, as the contract demands a character.
   *
   * @param max code points of the text
   */
  public List<String> words(String name, int max) {
    if ("".equals(values.apply(name))) {
      errors.add(new FieldError(name, "must have 1 to " + max + " characters"));
    }
    String text = text(name, max);
    List<String> words =
        text == null ? List.of() : UnicodeText.words(text).stream().distinct().toList();
    if (words.size() > MAX_WORDS) {
      errors.add(new FieldError(name, "must have at most " + MAX_WORDS + " different words"));
    }
    return words;
  }

  /** {@code true} or {@code false}; null if absent. */
  public @Nullable Boolean bool(String name) {
    return value(
        name,
        "must be true or false",
        value ->
            switch (value) {
              case "true" -> true;
              case "false" -> false;
              default -> null;
            });
  }

  /** A whole number within bounds; {@code absent} if there is none. */
  public int integer(String name, int absent, int min, int max) {
    Integer number =
        value(name, Formats.rangeError(min, max), value -> Formats.integer(value, min, max));
    return number == null ? absent : number;
  }

  /** One of the allowed strings; null if absent. */
  public @Nullable String oneOf(String name, String... allowed) {
    return value(
        name,
        "must be " + Formats.alternatives(allowed),
        value -> Arrays.asList(allowed).contains(value) ? value : null);
  }

  /** A constant by its wire name; null if absent. */
  public <E extends Enum<E> & WireName> @Nullable E oneOf(String name, Class<E> type) {
    String wireName = oneOf(name, WireName.all(type));
    return wireName == null ? null : WireName.parse(type, wireName);
  }

  /** A UUID; null if absent. */
  public @Nullable UUID uuid(String name) {
    return value(name, Formats.INVALID_UUID, Formats::uuid);
  }

  /** An instant; null if absent. */
  public @Nullable Instant instant(String name) {
    return value(name, InstantFormat.INVALID, InstantFormat::parse);
  }

  private <T> @Nullable T value(String name, String error, Function<String, @Nullable T> parse) {
    String value = read(name);
    if (value == null) {
      return null;
    }
    T parsed = parse.apply(value);
    if (parsed == null) {
      errors.add(new FieldError(name, error));
    }
    return parsed;
  }

  private @Nullable String read(String name) {
    read.add(name);
    return values.apply(name);
  }

  /**
   * Call after all parameters have been read.
   *
   * @throws Refusal {@code VALIDATION_ERROR} with all errors, one for each parameter that was not
   *     read
   */
  public void validate() {
    names.stream()
        .filter(name -> !read.contains(name))
        .sorted()
        .limit(MAX_UNKNOWN)
        .forEach(name -> errors.add(new FieldError(shortened(name), "is not a parameter here")));
    if (!errors.isEmpty()) {
      throw Refusal.invalid(errors);
    }
  }

  private static String shortened(String name) {
    return name.length() <= MAX_NAME ? name : name.substring(0, MAX_NAME) + "…";
  }
}
