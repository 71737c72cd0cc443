package app.perpetua.flow.parsing;

import app.perpetua.flow.base.FieldError;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.PageRequest;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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

  /** Parameters that select a part of a list and do not change its content or order. */
  private static final Set<String> PAGING = Set.of("offset", "limit", "cursor");

  private final Set<String> names;
  private final Function<String, @Nullable String> values;
  private final Cursors cursors;
  private final Set<String> read = new HashSet<>();
  private final Map<String, String> filters = new TreeMap<>();
  private final List<FieldError> errors = new ArrayList<>();

  /**
   * @param names of the parameters that are present
   * @param values decoded, by name; null for a parameter that is absent
   * @param cursors of the list that the request reads
   */
  public QueryParameters(
      Set<String> names, Function<String, @Nullable String> values, Cursors cursors) {
    this.names = names;
    this.values = values;
    this.cursors = cursors;
  }

  /** Reads {@code offset} and {@code limit}, by default the first 25 items. */
  public PageRequest.ByOffset page() {
    return new PageRequest.ByOffset(integer("offset", 0, 0, Integer.MAX_VALUE), limit());
  }

  /**
   * Reads the page of a list with cursors: {@code cursor} and {@code limit}, or {@code offset} and
   * {@code limit}. Call it after the parameters that filter and sort the list have been read,
   * because a cursor is valid only with the same ones.
   */
  public PageRequest pageOrCursor() {
    String cursor = read("cursor");
    if (cursor == null) {
      return page();
    }
    if (read("offset") != null) {
      errors.add(new FieldError("cursor", "cannot be combined with offset"));
    }
    return byCursor(cursor);
  }

  /** As {@link #pageOrCursor}, of a list without offsets: the first page needs no cursor. */
  public PageRequest.ByCursor pageByCursor() {
    String cursor = read("cursor");
    return byCursor(cursor == null ? "" : cursor);
  }

  /** Whether a parameter is present, read or not. */
  public boolean has(String name) {
    return names.contains(name);
  }

  private PageRequest.ByCursor byCursor(String cursor) {
    String filter = filter();
    PageRequest.Position after =
        position("cursor", cursor, "must be next_cursor of this list, with these filters and sort");
    return new PageRequest.ByCursor(after, limit(), position -> cursors.render(position, filter));
  }

  /**
   * Reads a signed position. Call it after the parameters that select what the position is of have
   * been read, because it is valid only with the same ones.
   *
   * @param error says what the parameter must be
   * @return null if the parameter is absent or empty
   */
  public PageRequest.@Nullable Position signed(String name, String error) {
    String value = read(name);
    return value == null ? null : position(name, value, error);
  }

  /** Signs positions for {@link #signed}; likewise. */
  public Function<PageRequest.Position, String> signer() {
    String filter = filter();
    return position -> cursors.render(position, filter);
  }

  /** As {@link #signed}, of a text that is not a parameter; null if it is not valid here. */
  public PageRequest.@Nullable Position verified(String text) {
    return cursors.parse(text, filter());
  }

  /** The parameters of a request to the same path that has none. */
  public QueryParameters none() {
    return new QueryParameters(Set.of(), _ -> null, cursors);
  }

  private PageRequest.@Nullable Position position(String name, String value, String error) {
    PageRequest.Position position = value.isEmpty() ? null : cursors.parse(value, filter());
    if (position == null && !value.isEmpty()) {
      errors.add(new FieldError(name, error));
    }
    return position;
  }

  /**
   * Reads names of a set, separated by commas.
   *
   * @return all of them if the parameter is absent
   */
  public Set<String> anyOf(String name, Set<String> allowed) {
    Set<String> named =
        value(
            name,
            "must be some of " + String.join(", ", new TreeSet<>(allowed)) + ", with commas",
            value ->
                Optional.of(new TreeSet<>(List.of(value.split(",", -1))))
                    .filter(allowed::containsAll)
                    .orElse(null));
    return named == null ? allowed : named;
  }

  /** Reads {@code limit}, by default 25. */
  public int limit() {
    return integer("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
  }

  /** The values that filter and sort the list, with their lengths, so that no two are the same. */
  private String filter() {
    StringBuilder filter = new StringBuilder();
    filters.forEach(
        (name, value) ->
            filter.append(name).append('=').append(value.length()).append(':').append(value));
    return filter.toString();
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
    filters.put(name, text);
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
    filters.put(name, words.toString());
    return words;
  }

  /**
   * As {@link #words}, at least one.
   *
   * @param max code points of the text
   */
  public List<String> someWords(String name, int max) {
    int before = errors.size();
    List<String> words = words(name, max);
    if (words.isEmpty() && errors.size() == before) {
      errors.add(new FieldError(name, "must have a word"));
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

  /** {@code true} or {@code false}; false if absent. */
  public boolean flag(String name) {
    Boolean flag = bool(name);
    filters.putIfAbsent(name, "false");
    return Boolean.TRUE.equals(flag);
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

  /** One of the allowed strings; the first if absent. */
  public String choice(String name, String... allowed) {
    String choice = Objects.requireNonNullElse(oneOf(name, allowed), allowed[0]);
    filters.put(name, choice);
    return choice;
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

  /** A date from 1970 to {@code last}; null if absent. */
  public @Nullable LocalDate date(String name, LocalDate last) {
    return value(
        name,
        "must be a date from 1970-01-01 to " + last,
        value -> {
          LocalDate date = Formats.date(value);
          return date == null || date.isAfter(last) ? null : date;
        });
  }

  /** A UUID, or the given one for a word that stands for it; null if absent. */
  public @Nullable UUID uuidOr(String name, String word, UUID ofWord) {
    return value(
        name,
        Formats.INVALID_UUID + " or " + word,
        value -> value.equals(word) ? ofWord : Formats.uuid(value));
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
    } else if (!PAGING.contains(name)) {
      filters.put(name, parsed.toString());
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
        .map(QueryParameters::shortened)
        .forEach(name -> errors.add(new FieldError(name, unknown(name))));
    if (!errors.isEmpty()) {
      throw Refusal.invalid(errors);
    }
  }

  private String unknown(String name) {
    String nearest = NearestName.of(name, read);
    return "is not a parameter here; "
        + (nearest != null
            ? "did you mean " + nearest + "?"
            : read.isEmpty()
                ? "there are none"
                : "known: " + String.join(", ", new TreeSet<>(read)));
  }

  private static String shortened(String name) {
    return name.length() <= MAX_NAME ? name : name.substring(0, MAX_NAME) + "…";
  }
}
