package app.perpetua.flow.filters;

import app.perpetua.flow.filters.Expression.Comparator;
import app.perpetua.flow.filters.Expression.Level;
import app.perpetua.flow.filters.Expression.NumberField;
import app.perpetua.flow.filters.Expression.Reference;
import app.perpetua.flow.filters.Expression.State;
import app.perpetua.flow.filters.Expression.TextField;
import app.perpetua.flow.filters.Expression.TimeField;
import app.perpetua.flow.parsing.NearestName;
import app.perpetua.flow.parsing.UnicodeText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Parses a filter by recursive descent. docs/decisions/filter-language.md has the grammar. */
final class Parser {
  /** Nesting of parentheses and negations. */
  static final int MAX_DEPTH = 20;

  /** Values that a filter compares with. */
  static final int MAX_VALUES = 50;

  private static final Map<String, Object> FIELDS = fields();
  private static final List<String> RESERVED = List.of("and", "or", "not", "in", "none");
  private static final Set<String> KNOWN =
      Stream.concat(FIELDS.keySet().stream(), RESERVED.stream())
          .collect(Collectors.toUnmodifiableSet());
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,6}");

  private enum Other {
    PRIORITY,
    LIST,
    LABEL,
    TEMPLATE
  }

  private final Tokens tokens;
  private final MomentReader moments;
  private int depth;
  private int values;

  private Parser(Tokens tokens) {
    this.tokens = tokens;
    this.moments = new MomentReader(tokens);
  }

  private static Map<String, Object> fields() {
    Map<String, Object> fields = new TreeMap<>();
    for (Enum<?>[] group :
        List.of(
            State.values(),
            TimeField.values(),
            NumberField.values(),
            TextField.values(),
            Other.values())) {
      Arrays.stream(group).forEach(field -> fields.put(Tokens.lowerCase(field.name()), field));
    }
    return fields;
  }

  /**
   * @throws FilterException if the text is not a filter
   */
  static Expression parse(String text) throws FilterException {
    Parser parser = new Parser(new Tokens(text, KNOWN));
    Expression expression = parser.any();
    if (parser.tokens.peek().kind() != Token.Kind.END) {
      throw parser.tokens.expected("'and', 'or' or the end");
    }
    return expression;
  }

  private Expression any() throws FilterException {
    List<Expression> parts = new ArrayList<>(List.of(all()));
    while (tokens.acceptWord("or")) {
      parts.add(all());
    }
    return parts.size() == 1 ? parts.getFirst() : new Expression.Any(List.copyOf(parts));
  }

  private Expression all() throws FilterException {
    List<Expression> parts = new ArrayList<>(List.of(term()));
    while (tokens.acceptWord("and")) {
      parts.add(term());
    }
    return parts.size() == 1 ? parts.getFirst() : new Expression.All(List.copyOf(parts));
  }

  private Expression term() throws FilterException {
    depth++;
    if (depth > MAX_DEPTH) {
      throw new FilterException(
          tokens.peek().position(),
          "expected at most " + MAX_DEPTH + " nested parentheses and negations");
    }
    Expression term;
    if (tokens.acceptWord("not")) {
      term = new Expression.Not(term());
    } else if (tokens.accept("(")) {
      term = any();
      if (!tokens.accept(")")) {
        throw tokens.expected("'and', 'or' or ')'");
      }
    } else {
      term = condition();
    }
    depth--;
    return term;
  }

  private Expression condition() throws FilterException {
    Token token = tokens.peek();
    Object field =
        token.kind() == Token.Kind.WORD ? FIELDS.get(Tokens.lowerCase(token.text())) : null;
    if (field == null) {
      String nearest =
          token.kind() == Token.Kind.WORD
              ? NearestName.of(Tokens.lowerCase(token.text()), FIELDS.keySet())
              : null;
      throw tokens.expected(
          "a field ("
              + (nearest != null
                  ? "did you mean " + nearest + "?"
                  : String.join(", ", FIELDS.keySet()))
              + "), 'not' or '('");
    }
    tokens.skip();
    return switch (field) {
      case State state -> state(state);
      case TimeField time ->
          compared(
              time != TimeField.CREATED && time != TimeField.UPDATED
                  ? new Expression.TimeMissing(time)
                  : null,
              (comparator, moment) -> new Expression.TimeIs(time, comparator, moment),
              "a date such as today, today + 7d, now or 2026-01-19",
              moments::read);
      case NumberField number ->
          compared(
              number == NumberField.ESTIMATE ? new Expression.NumberMissing(number) : null,
              (comparator, value) -> new Expression.NumberIs(number, comparator, value),
              "a number of up to six digits",
              this::number);
      case TextField text -> text(text);
      case Other.PRIORITY ->
          compared(null, Expression.PriorityIs::new, "one of low, medium and high", Parser::level);
      case Other.LIST ->
          equal(
              new Expression.InInbox(),
              "inbox",
              Expression.InList::new,
              "a list: a name, in double quotes if it has other characters than letters and"
                  + " digits, an id, or inbox",
              Parser::reference);
      case Other.LABEL ->
          equal(
              new Expression.HasNoLabel(),
              "none",
              Expression.HasLabel::new,
              "a label: a name, in double quotes if it has other characters than letters and"
                  + " digits, an id, or none",
              Parser::reference);
      default ->
          equal(
              new Expression.Not(new Expression.Is(State.RECURRING)),
              "none",
              Expression.FromTemplate::new,
              "the id of a template, or none",
              token1 -> token1.kind() == Token.Kind.UUID ? UUID.fromString(token1.text()) : null);
    };
  }

  private Expression state(State state) throws FilterException {
    Expression is = new Expression.Is(state);
    boolean equal = tokens.accept("=");
    if (!equal && !tokens.accept("!=")) {
      return is;
    }
    count();
    boolean value = tokens.acceptWord("true");
    if (!value && !tokens.acceptWord("false")) {
      throw tokens.expected("true or false");
    }
    return value == equal ? is : new Expression.Not(is);
  }

  private Expression text(TextField field) throws FilterException {
    if (!tokens.accept("~")) {
      throw tokens.expected("'~'");
    }
    Token token = tokens.peek();
    List<String> words =
        token.kind() == Token.Kind.QUOTED || isName(token)
            ? UnicodeText.words(token.text()).stream().distinct().toList()
            : List.of();
    if (words.isEmpty()) {
      throw tokens.expected("words, in double quotes if there are several");
    }
    tokens.skip();
    List<Expression> parts = new ArrayList<>();
    for (String word : words) {
      count();
      parts.add(new Expression.Contains(field, word));
    }
    return parts.size() == 1 ? parts.getFirst() : new Expression.All(List.copyOf(parts));
  }

  /** Reads the value of one or more tokens; null, with nothing read, if there is none. */
  @FunctionalInterface
  private interface Reader<T> {
    @Nullable T read(Token first) throws FilterException;
  }

  @FunctionalInterface
  private interface Comparison<T> {
    Expression of(Comparator comparator, T value);
  }

  /**
   * Reads the rest of a condition on a field whose values have an order.
   *
   * @param missing what {@code = none} means; null if every task has the field
   */
  private <T> Expression compared(
      @Nullable Expression missing, Comparison<T> comparison, String what, Reader<T> reader)
      throws FilterException {
    for (Comparator comparator : Comparator.values()) {
      if (comparator != Comparator.EQUAL && tokens.accept(comparator.symbol())) {
        return comparison.of(comparator, value(what, reader));
      }
    }
    return equal(
        missing,
        "none",
        value -> comparison.of(Comparator.EQUAL, value),
        missing == null ? what : what + ", or none",
        reader,
        "'=', '!=', '<', '<=', '>', '>=', 'in' or 'not in'");
  }

  private <T> Expression equal(
      Expression missing,
      String missingWord,
      Function<T, Expression> equal,
      String what,
      Reader<T> reader)
      throws FilterException {
    return equal(missing, missingWord, equal, what, reader, "'=', '!=', 'in' or 'not in'");
  }

  private <T> Expression equal(
      @Nullable Expression missing,
      String missingWord,
      Function<T, Expression> equal,
      String what,
      Reader<T> reader,
      String operators)
      throws FilterException {
    Reader<Expression> alternative =
        token -> {
          if (missing != null && Tokens.isWord(token, missingWord)) {
            tokens.skip();
            return missing;
          }
          T value = read(reader);
          return value == null ? null : equal.apply(value);
        };
    if (tokens.accept("=")) {
      return value(what, alternative);
    }
    if (tokens.accept("!=")) {
      return new Expression.Not(value(what, alternative));
    }
    boolean negated = tokens.acceptWord("not");
    if (!tokens.acceptWord("in")) {
      throw tokens.expected(negated ? "'in'" : operators);
    }
    Expression in = values(what, alternative);
    return negated ? new Expression.Not(in) : in;
  }

  private Expression values(String what, Reader<Expression> reader) throws FilterException {
    if (!tokens.accept("[")) {
      throw tokens.expected("'['");
    }
    List<Expression> alternatives = new ArrayList<>();
    do {
      alternatives.add(value(what, reader));
    } while (tokens.accept(","));
    if (!tokens.accept("]")) {
      throw tokens.expected("',' or ']'");
    }
    return alternatives.size() == 1
        ? alternatives.getFirst()
        : new Expression.Any(List.copyOf(alternatives));
  }

  private <T> T value(String what, Reader<T> reader) throws FilterException {
    count();
    T value = read(reader);
    if (value == null) {
      throw tokens.expected(what);
    }
    return value;
  }

  /** Readers of one token leave it to this method to go on. */
  private <T> @Nullable T read(Reader<T> reader) throws FilterException {
    int before = tokens.read();
    T value = reader.read(tokens.peek());
    if (value != null && tokens.read() == before) {
      tokens.skip();
    }
    return value;
  }

  private void count() throws FilterException {
    values++;
    if (values > MAX_VALUES) {
      throw new FilterException(
          tokens.peek().position(), "expected at most " + MAX_VALUES + " values");
    }
  }

  private @Nullable Integer number(Token token) {
    return token.kind() == Token.Kind.WORD && NUMBER.matcher(token.text()).matches()
        ? Integer.valueOf(token.text())
        : null;
  }

  private static @Nullable Level level(Token token) {
    for (Level level : Level.values()) {
      if (Tokens.isWord(token, Tokens.lowerCase(level.name()))) {
        return level;
      }
    }
    return null;
  }

  private static @Nullable Reference reference(Token token) {
    if (token.kind() == Token.Kind.UUID) {
      return new Reference.ById(UUID.fromString(token.text()));
    }
    String name =
        token.kind() == Token.Kind.QUOTED || isName(token) ? UnicodeText.trim(token.text()) : "";
    return name.isEmpty() ? null : new Reference.ByName(name, token.position());
  }

  private static boolean isName(Token token) {
    return token.kind() == Token.Kind.WORD && !RESERVED.contains(Tokens.lowerCase(token.text()));
  }
}
