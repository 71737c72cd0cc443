package app.perpetua.flow.filters;

import app.perpetua.flow.filters.Expression.Comparator;
import app.perpetua.flow.filters.Expression.Level;
import app.perpetua.flow.filters.Expression.Moment;
import app.perpetua.flow.filters.Expression.NumberField;
import app.perpetua.flow.filters.Expression.Reference;
import app.perpetua.flow.filters.Expression.State;
import app.perpetua.flow.filters.Expression.TextField;
import app.perpetua.flow.filters.Expression.TimeField;
import app.perpetua.flow.filters.Expression.Unit;
import app.perpetua.flow.parsing.InstantFormat;
import app.perpetua.flow.parsing.NearestName;
import app.perpetua.flow.parsing.UnicodeText;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Parses a filter by recursive descent. docs/decisions/filter-language.md has the grammar. */
final class Parser {
  /** Nesting of parentheses and negations. */
  static final int MAX_DEPTH = 20;

  /** Values that a filter compares with. */
  static final int MAX_VALUES = 50;

  private static final Map<String, Object> FIELDS = fields();
  private static final List<String> RESERVED = List.of("and", "or", "not", "in", "none");
  private static final Pattern PERIOD = Pattern.compile("([0-9]{1,3})([hdwm])");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,6}");

  private enum Other {
    PRIORITY,
    LIST,
    LABEL,
    TEMPLATE
  }

  private final List<Token> tokens;
  private int next;
  private int depth;
  private int values;

  private Parser(List<Token> tokens) {
    this.tokens = tokens;
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
      Arrays.stream(group).forEach(field -> fields.put(lowerCase(field.name()), field));
    }
    return fields;
  }

  /**
   * @throws FilterException if the text is not a filter
   */
  static Expression parse(String text) throws FilterException {
    Parser parser = new Parser(Lexer.tokens(text));
    Expression expression = parser.any();
    if (parser.peek().kind() != Token.Kind.END) {
      throw parser.expected("'and', 'or' or the end");
    }
    return expression;
  }

  private Expression any() throws FilterException {
    List<Expression> parts = new ArrayList<>(List.of(all()));
    while (acceptWord("or")) {
      parts.add(all());
    }
    return parts.size() == 1 ? parts.getFirst() : new Expression.Any(List.copyOf(parts));
  }

  private Expression all() throws FilterException {
    List<Expression> parts = new ArrayList<>(List.of(term()));
    while (acceptWord("and")) {
      parts.add(term());
    }
    return parts.size() == 1 ? parts.getFirst() : new Expression.All(List.copyOf(parts));
  }

  private Expression term() throws FilterException {
    depth++;
    if (depth > MAX_DEPTH) {
      throw new FilterException(
          peek().position(), "expected at most " + MAX_DEPTH + " nested parentheses and negations");
    }
    Expression term;
    if (acceptWord("not")) {
      term = new Expression.Not(term());
    } else if (accept("(")) {
      term = any();
      if (!accept(")")) {
        throw expected("'and', 'or' or ')'");
      }
    } else {
      term = condition();
    }
    depth--;
    return term;
  }

  private Expression condition() throws FilterException {
    Token token = peek();
    Object field = token.kind() == Token.Kind.WORD ? FIELDS.get(lowerCase(token.text())) : null;
    if (field == null) {
      String nearest =
          token.kind() == Token.Kind.WORD
              ? NearestName.of(lowerCase(token.text()), FIELDS.keySet())
              : null;
      throw expected(
          "a field ("
              + (nearest != null
                  ? "did you mean " + nearest + "?"
                  : String.join(", ", FIELDS.keySet()))
              + "), 'not' or '('");
    }
    next++;
    return switch (field) {
      case State state -> state(state);
      case TimeField time ->
          compared(
              time != TimeField.CREATED && time != TimeField.UPDATED
                  ? new Expression.TimeMissing(time)
                  : null,
              (comparator, moment) -> new Expression.TimeIs(time, comparator, moment),
              "a date such as today, today + 7d, now or 2026-01-19",
              this::moment);
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
    boolean equal = accept("=");
    if (!equal && !accept("!=")) {
      return is;
    }
    count();
    boolean value = acceptWord("true");
    if (!value && !acceptWord("false")) {
      throw expected("true or false");
    }
    return value == equal ? is : new Expression.Not(is);
  }

  private Expression text(TextField field) throws FilterException {
    if (!accept("~")) {
      throw expected("'~'");
    }
    Token token = peek();
    List<String> words =
        token.kind() == Token.Kind.QUOTED || isName(token)
            ? UnicodeText.words(token.text()).stream().distinct().toList()
            : List.of();
    if (words.isEmpty()) {
      throw expected("words, in double quotes if there are several");
    }
    next++;
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
      if (comparator != Comparator.EQUAL && accept(comparator.symbol())) {
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
          if (missing != null && isWord(token, missingWord)) {
            next++;
            return missing;
          }
          T value = read(reader);
          return value == null ? null : equal.apply(value);
        };
    if (accept("=")) {
      return value(what, alternative);
    }
    if (accept("!=")) {
      return new Expression.Not(value(what, alternative));
    }
    boolean negated = acceptWord("not");
    if (!acceptWord("in")) {
      throw expected(negated ? "'in'" : operators);
    }
    Expression in = values(what, alternative);
    return negated ? new Expression.Not(in) : in;
  }

  private Expression values(String what, Reader<Expression> reader) throws FilterException {
    if (!accept("[")) {
      throw expected("'['");
    }
    List<Expression> alternatives = new ArrayList<>();
    do {
      alternatives.add(value(what, reader));
    } while (accept(","));
    if (!accept("]")) {
      throw expected("',' or ']'");
    }
    return alternatives.size() == 1
        ? alternatives.getFirst()
        : new Expression.Any(List.copyOf(alternatives));
  }

  private <T> T value(String what, Reader<T> reader) throws FilterException {
    count();
    T value = read(reader);
    if (value == null) {
      throw expected(what);
    }
    return value;
  }

  /** Readers of one token leave it to this method to go on. */
  private <T> @Nullable T read(Reader<T> reader) throws FilterException {
    int before = next;
    T value = reader.read(peek());
    if (value != null && next == before) {
      next++;
    }
    return value;
  }

  private void count() throws FilterException {
    values++;
    if (values > MAX_VALUES) {
      throw new FilterException(peek().position(), "expected at most " + MAX_VALUES + " values");
    }
  }

  private @Nullable Moment moment(Token token) throws FilterException {
    if (token.kind() == Token.Kind.TIME) {
      next++;
      return time(token);
    }
    if (token.kind() != Token.Kind.WORD) {
      return null;
    }
    return switch (lowerCase(token.text())) {
      case "yesterday" -> day(-1);
      case "tomorrow" -> day(1);
      case "today" -> {
        Period period = period(false);
        yield new Moment.Today(period.amount, period.unit);
      }
      case "now" -> {
        Period period = period(true);
        yield new Moment.Now(period.amount, period.unit);
      }
      default -> null;
    };
  }

  private Moment day(int amount) {
    next++;
    return new Moment.Today(amount, Unit.DAYS);
  }

  private record Period(int amount, Unit unit) {}

  private Period period(boolean hours) throws FilterException {
    next++;
    boolean plus = accept("+");
    if (!plus && !accept("-")) {
      return new Period(0, Unit.DAYS);
    }
    Token token = peek();
    Matcher matcher = PERIOD.matcher(lowerCase(token.text()));
    if (token.kind() != Token.Kind.WORD
        || !matcher.matches()
        || (!hours && matcher.group(2).equals("h"))) {
      throw expected(
          hours
              ? "hours, days, weeks or months such as 36h, 7d, 2w or 1m"
              : "days, weeks or months such as 7d, 2w or 1m");
    }
    next++;
    int amount = Integer.parseInt(matcher.group(1));
    return new Period(
        plus ? amount : -amount,
        switch (matcher.group(2)) {
          case "h" -> Unit.HOURS;
          case "d" -> Unit.DAYS;
          case "w" -> Unit.WEEKS;
          default -> Unit.MONTHS;
        });
  }

  private static Moment time(Token token) throws FilterException {
    Instant instant = InstantFormat.parse(token.text());
    if (instant != null) {
      return new Moment.At(instant);
    }
    try {
      LocalDate date = LocalDate.parse(token.text());
      if (date.getYear() > 0) {
        return new Moment.Day(date);
      }
    } catch (DateTimeException e) {
      // Falls through to the error, which says more of the language.
    }
    throw new FilterException(
        token.position(),
        "expected a date such as 2026-01-19 or an instant such as 2026-01-19T10:30:00Z, in the"
            + " years 0001 to 9999");
  }

  private @Nullable Integer number(Token token) {
    return token.kind() == Token.Kind.WORD && NUMBER.matcher(token.text()).matches()
        ? Integer.valueOf(token.text())
        : null;
  }

  private static @Nullable Level level(Token token) {
    for (Level level : Level.values()) {
      if (isWord(token, lowerCase(level.name()))) {
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
    return token.kind() == Token.Kind.WORD && !RESERVED.contains(lowerCase(token.text()));
  }

  private Token peek() {
    return tokens.get(next);
  }

  private boolean accept(String symbol) {
    boolean accepted = peek().isSymbol(symbol);
    next += accepted ? 1 : 0;
    return accepted;
  }

  private boolean acceptWord(String keyword) {
    boolean accepted = isWord(peek(), keyword);
    next += accepted ? 1 : 0;
    return accepted;
  }

  private static boolean isWord(Token token, String keyword) {
    return token.kind() == Token.Kind.WORD && lowerCase(token.text()).equals(keyword);
  }

  /** Names the language's words before the place, but none of the user's. */
  private FilterException expected(String what) {
    String before =
        tokens.subList(Math.max(0, next - 2), next).stream()
            .map(Parser::shown)
            .collect(Collectors.joining(" "))
            .strip();
    return new FilterException(
        peek().position(),
        "expected " + what + (before.isEmpty() ? "" : " after '" + before + "'"));
  }

  private static String shown(Token token) {
    String word = lowerCase(token.text());
    boolean known =
        token.kind() == Token.Kind.SYMBOL || FIELDS.containsKey(word) || RESERVED.contains(word);
    return known && token.kind() != Token.Kind.QUOTED ? word : "";
  }

  private static String lowerCase(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
