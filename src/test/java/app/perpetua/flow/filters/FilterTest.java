package app.perpetua.flow.filters;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.filters.Expression.All;
import app.perpetua.flow.filters.Expression.Any;
import app.perpetua.flow.filters.Expression.Comparator;
import app.perpetua.flow.filters.Expression.Contains;
import app.perpetua.flow.filters.Expression.FromTemplate;
import app.perpetua.flow.filters.Expression.HasLabel;
import app.perpetua.flow.filters.Expression.HasNoLabel;
import app.perpetua.flow.filters.Expression.InInbox;
import app.perpetua.flow.filters.Expression.InList;
import app.perpetua.flow.filters.Expression.Is;
import app.perpetua.flow.filters.Expression.Level;
import app.perpetua.flow.filters.Expression.Moment;
import app.perpetua.flow.filters.Expression.Not;
import app.perpetua.flow.filters.Expression.NumberField;
import app.perpetua.flow.filters.Expression.NumberIs;
import app.perpetua.flow.filters.Expression.NumberMissing;
import app.perpetua.flow.filters.Expression.PriorityIs;
import app.perpetua.flow.filters.Expression.Reference.ById;
import app.perpetua.flow.filters.Expression.Reference.ByName;
import app.perpetua.flow.filters.Expression.State;
import app.perpetua.flow.filters.Expression.TextField;
import app.perpetua.flow.filters.Expression.TimeField;
import app.perpetua.flow.filters.Expression.TimeIs;
import app.perpetua.flow.filters.Expression.TimeMissing;
import app.perpetua.flow.filters.Expression.Unit;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** FR-210: a filter is parsed to a tree, or refused with a position and what is expected there. */
class FilterTest {
  private static final UUID ID = UUID.fromString("019c2b3a-0000-7000-8000-00000000000a");
  private static final Expression COMPLETED = new Is(State.COMPLETED);
  private static final Expression HIDDEN = new Is(State.HIDDEN);
  private static final Expression OVERDUE = new Is(State.OVERDUE);

  static Stream<Arguments> trees() {
    return Stream.of(
        tree("completed", COMPLETED),
        tree("COMPLETED = True", COMPLETED),
        tree("completed = false", new Not(COMPLETED)),
        tree("completed != true", new Not(COMPLETED)),
        tree("not not hidden", new Not(new Not(HIDDEN))),
        tree(
            "completed or hidden and overdue",
            new Any(List.of(COMPLETED, new All(List.of(HIDDEN, OVERDUE))))),
        tree(
            "(completed or hidden) and overdue",
            new All(List.of(new Any(List.of(COMPLETED, HIDDEN)), OVERDUE))),
        tree("not completed and hidden", new All(List.of(new Not(COMPLETED), HIDDEN))),
        tree("priority >= medium", new PriorityIs(Comparator.AT_LEAST, Level.MEDIUM)),
        tree(
            "priority in [low, HIGH]",
            new Any(
                List.of(
                    new PriorityIs(Comparator.EQUAL, Level.LOW),
                    new PriorityIs(Comparator.EQUAL, Level.HIGH)))),
        tree("due < today + 7d", due(Comparator.LESS, new Moment.Today(7, Unit.DAYS))),
        tree("due<today+2W", due(Comparator.LESS, new Moment.Today(2, Unit.WEEKS))),
        tree("due <= tomorrow", due(Comparator.AT_MOST, new Moment.Today(1, Unit.DAYS))),
        tree("due = yesterday", due(Comparator.EQUAL, new Moment.Today(-1, Unit.DAYS))),
        tree("due > now - 36h", due(Comparator.GREATER, new Moment.Now(-36, Unit.HOURS))),
        tree(
            "due >= 2026-01-19",
            due(Comparator.AT_LEAST, new Moment.Day(LocalDate.of(2026, 1, 19)))),
        tree(
            "due = 2026-01-19T10:30:00+01:00",
            due(Comparator.EQUAL, new Moment.At(Instant.parse("2026-01-19T09:30:00Z")))),
        tree("due = none", new TimeMissing(TimeField.DUE)),
        tree("due != none", new Not(new TimeMissing(TimeField.DUE))),
        tree(
            "due in [none, today]",
            new Any(
                List.of(
                    new TimeMissing(TimeField.DUE),
                    due(Comparator.EQUAL, new Moment.Today(0, Unit.DAYS))))),
        tree(
            "start <= today - 1m",
            new TimeIs(TimeField.START, Comparator.AT_MOST, new Moment.Today(-1, Unit.MONTHS))),
        tree(
            "completed_at = today",
            new TimeIs(TimeField.COMPLETED_AT, Comparator.EQUAL, new Moment.Today(0, Unit.DAYS))),
        tree("estimate <= 30", new NumberIs(NumberField.ESTIMATE, Comparator.AT_MOST, 30)),
        tree("estimate = none", new NumberMissing(NumberField.ESTIMATE)),
        tree("subtasks > 0", new NumberIs(NumberField.SUBTASKS, Comparator.GREATER, 0)),
        tree("list = Home", new InList(new ByName("Home", 7))),
        tree(
            "list = \"in \\\"the\\\" \\\\ yard\"", new InList(new ByName("in \"the\" \\ yard", 7))),
        tree("list = inbox", new InInbox()),
        tree("list = \"inbox\"", new InList(new ByName("inbox", 7))),
        tree("list != " + ID, new Not(new InList(new ById(ID)))),
        tree(
            "label in [bills, \"to call\"]",
            new Any(
                List.of(
                    new HasLabel(new ByName("bills", 10)),
                    new HasLabel(new ByName("to call", 17))))),
        tree("label not in [bills]", new Not(new HasLabel(new ByName("bills", 14)))),
        tree("label = none", new HasNoLabel()),
        tree("label = \"none\"", new HasLabel(new ByName("none", 8))),
        tree("label = 2026", new HasLabel(new ByName("2026", 8))),
        tree(
            "label = \"😀\" and list = x",
            new All(List.of(new HasLabel(new ByName("😀", 8)), new InList(new ByName("x", 23))))),
        tree("template = " + ID, new FromTemplate(ID)),
        tree("recurring = false", new Not(new Is(State.RECURRING))),
        tree("text ~ rent", new Contains(TextField.TEXT, "rent")),
        tree(
            "title ~ \"pay  rent pay\"",
            new All(
                List.of(
                    new Contains(TextField.TITLE, "pay"), new Contains(TextField.TITLE, "rent")))),
        tree("\u00a0all_day\n", new Is(State.ALL_DAY)));
  }

  private static Arguments tree(String text, Expression expected) {
    return Arguments.of(text, expected);
  }

  private static Expression due(Comparator comparator, Moment moment) {
    return new TimeIs(TimeField.DUE, comparator, moment);
  }

  @ParameterizedTest
  @MethodSource("trees")
  void a_filter_is_parsed(String text, Expression expected) throws Exception {
    assertEquals(new Filter(text, expected), Filter.parse(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``|0|expected a field (all_day, archived, completed, completed_at, created, due, estimate,"
            + " hidden, label, list, overdue, priority, recurring, start, subtasks, template, text,"
            + " title, updated), 'not' or '('",
        "dues < today|0|expected a field (did you mean due?), 'not' or '('",
        "completed and|13|expected a field (all_day, archived, completed, completed_at, created,"
            + " due, estimate, hidden, label, list, overdue, priority, recurring, start, subtasks,"
            + " template, text, title, updated), 'not' or '(' after 'completed and'",
        "due <|5|expected a date such as today, today + 7d, now or 2026-01-19 after 'due <'",
        "due < soon|6|expected a date such as today, today + 7d, now or 2026-01-19 after 'due <'",
        "due < none|6|expected a date such as today, today + 7d, now or 2026-01-19 after 'due <'",
        "due =|5|expected a date such as today, today + 7d, now or 2026-01-19, or none after 'due ='",
        "created = none|10|expected a date such as today, today + 7d, now or 2026-01-19 after 'created ='",
        "due < today +|13|expected days, weeks or months such as 7d, 2w or 1m after '+'",
        "due < today + 7h|14|expected days, weeks or months such as 7d, 2w or 1m after '+'",
        "due < now + 7x|12|expected hours, days, weeks or months such as 36h, 7d, 2w or 1m after '+'",
        "due < 2026-02-30|6|expected a date such as 2026-01-19 or an instant such as"
            + " 2026-01-19T10:30:00Z, in the years 0001 to 9999",
        "due today|4|expected '=', '!=', '<', '<=', '>', '>=', 'in' or 'not in' after 'due'",
        "list < Home|5|expected '=', '!=', 'in' or 'not in' after 'list'",
        "list = and|7|expected a list: a name, in double quotes if it has other characters than"
            + " letters and digits, an id, or inbox after 'list ='",
        "list = \" \"|7|expected a list: a name, in double quotes if it has other characters than"
            + " letters and digits, an id, or inbox after 'list ='",
        "label in bills|9|expected '[' after 'label in'",
        "label in [bills|15|expected ',' or ']' after '['",
        "label not bills|10|expected 'in' after 'label not'",
        "completed = yes|12|expected true or false after 'completed ='",
        "completed hidden|10|expected 'and', 'or' or the end after 'completed'",
        "(completed|10|expected 'and', 'or' or ')' after '( completed'",
        "completed)|9|expected 'and', 'or' or the end after 'completed'",
        "priority = urgent|11|expected one of low, medium and high after 'priority ='",
        "estimate < 1234567|11|expected a number of up to six digits after 'estimate <'",
        "text = rent|5|expected '~' after 'text'",
        "text ~ \"\"|7|expected words, in double quotes if there are several after 'text ~'",
        "template = x|11|expected the id of a template, or none after 'template ='",
        "list = \"Home|12|expected '\"' at the end of the quotation",
        "list = \"a\\n\"|10|expected '\"' or '\\' after '\\'",
        "completed; drop|9|expected a word, an operator or a parenthesis; names with other"
            + " characters need double quotes",
        "label = \"😀\" ?|12|expected a word, an operator or a parenthesis; names with other"
            + " characters need double quotes",
      })
  void what_is_not_a_filter_is_refused_with_a_position(String text, int position, String message) {
    FilterException error = assertThrows(FilterException.class, () -> Filter.parse(text));
    assertEquals(position, error.position());
    assertEquals(message, error.message());
  }

  @Test
  void length_nesting_and_values_are_limited() throws Exception {
    String longest = "text ~ " + "x".repeat(Filter.MAX_LENGTH - 7);
    Filter.parse(longest);
    assertRefused(longest + "x", 1_000, "expected at most 1000 characters");
    Filter.parse("(".repeat(19) + "hidden" + ")".repeat(19));
    assertRefused(
        "(".repeat(20) + "hidden" + ")".repeat(20),
        20,
        "expected at most 20 nested parentheses and negations");
    assertRefused(
        "not ".repeat(20) + "hidden", 80, "expected at most 20 nested parentheses and negations");
    String fifty = IntStream.range(0, 50).mapToObj(n -> "l" + n).collect(Collectors.joining(","));
    Filter.parse("label in [" + fifty + "]");
    assertRefused("label in [" + fifty + ",x]", 200, "expected at most 50 values");
    Filter.parse("(hidden) and ".repeat(60) + "hidden");
  }

  private static void assertRefused(String text, int position, String message) {
    FilterException error = assertThrows(FilterException.class, () -> Filter.parse(text));
    assertEquals(message, error.message());
    assertEquals(position, error.position());
  }

  /** FR-210: whatever the text is, the result is a tree or an error with a position within it. */
  @Test
  void random_texts_give_a_tree_or_a_position() {
    List<String> parts =
        List.of(
            "completed",
            "due",
            "list",
            "label",
            "text",
            "priority",
            "estimate",
            "template",
            "start",
            "=",
            "!=",
            "<",
            "<=",
            ">",
            ">=",
            "~",
            "(",
            ")",
            "[",
            "]",
            ",",
            "+",
            "-",
            "\"",
            "\\",
            "\"to call\"",
            "and",
            "or",
            "not",
            "in",
            "none",
            "inbox",
            "today",
            "now",
            "7d",
            "36h",
            "2026-01-19",
            "2026-13-45",
            "0000-01-01",
            "2026-01-19T10:30:00Z",
            "9999-12-31",
            "true",
            "false",
            "high",
            "x",
            "é",
            "😀",
            "\ud800",
            "\u0000",
            "\u0301",
            "\u200d",
            "12",
            "999999",
            ID.toString(),
            " ",
            "\t",
            "\u3000",
            "<=>",
            "'",
            ";");
    Random random = new Random(19);
    List<String> filters = trees().map(tree -> (String) tree.get()[0]).toList();
    int trees = 0;
    for (int i = 0; i < 100_000; i++) {
      StringBuilder text = new StringBuilder();
      int length = 1 + random.nextInt(12);
      boolean spaced = random.nextBoolean();
      for (int j = 0; j < length; j++) {
        text.append(parts.get(random.nextInt(parts.size()))).append(spaced ? " " : "");
      }
      if (i % 2 == 0) {
        String filter = filters.get(random.nextInt(filters.size()));
        int from = random.nextInt(filter.length());
        int to = Math.min(filter.length(), from + random.nextInt(3));
        text.setLength(random.nextInt(text.length()));
        text.insert(0, filter.substring(0, from)).append(filter, to, filter.length());
      }
      try {
        Filter.parse(text.toString());
        trees++;
      } catch (FilterException e) {
        int codePoints = text.codePointCount(0, text.length());
        assertTrue(e.position() >= 0 && e.position() <= codePoints, () -> "position in: " + text);
        assertTrue(e.message().startsWith("expected "), () -> e.message() + " in: " + text);
      }
    }
    assertTrue(trees > 500, "random texts that are filters: " + trees);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "overdue | true",
        "priority = high and not (hidden or updated > now - 1h) | true",
        "due < today + 1d or due = tomorrow | false",
        "created < 2026-01-19T10:30:00Z and completed | false"
      })
  void a_filter_says_whether_it_depends_on_the_instant(String text, boolean depends)
      throws Exception {
    assertEquals(depends, Filter.parse(text).dependsOnInstant());
  }

  @Test
  void FR_234_ids_are_replaced_but_words_are_not() throws FilterException {
    UUID old = UUID.fromString("11111111-1111-4111-8111-111111111111");
    UUID other = UUID.fromString("22222222-2222-4222-8222-222222222222");
    Filter filter =
        Filter.parse(
            "text ~ \"😀 %1$s\" and list in [%1$s, \"Été\", %2$s] or label = %1$s or label = b"
                .formatted(old, other));
    assertEquals(Set.of(old, other), filter.ids());
    assertEquals(new Filter.Names(Set.of("Été"), Set.of("b")), filter.names());
    UUID there = UUID.fromString("33333333-3333-4333-8333-333333333333");
    assertEquals(
        "text ~ \"😀 %1$s\" and list in [%3$s, \"Été\", %2$s] or label = %3$s or label = b"
            .formatted(old, other, there),
        filter.withIds(Map.of(old, there)).text());
  }
}
