package app.perpetua.flow.filters;

import app.perpetua.flow.filters.Clause.Field;
import app.perpetua.flow.filters.Clause.Part;
import app.perpetua.flow.filters.Expression.Comparator;
import app.perpetua.flow.filters.Expression.Level;
import app.perpetua.flow.filters.Expression.Moment;
import app.perpetua.flow.filters.Expression.Reference;
import app.perpetua.flow.filters.Expression.TimeField;
import app.perpetua.flow.filters.Expression.Unit;
import app.perpetua.flow.filters.Values.Ids;
import app.perpetua.flow.filters.Values.Interval;
import app.perpetua.flow.filters.Values.Names;
import app.perpetua.flow.filters.Values.Ranges;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.Temporal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * The disjunctive normal form of a filter: clauses, one of which a task must satisfy. Used once.
 */
final class Clauses {
  /** The database compares each task that it examines with each clause. */
  static final int MAX = 32;

  private static final Set<String> BOOLEANS = Set.of("true", "false");
  private static final Set<String> LEVELS =
      Arrays.stream(Level.values()).map(Clauses::name).collect(Collectors.toUnmodifiableSet());

  /** Beyond these, an end of an interval is open: times of tasks are in the years 1 to 9999. */
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");

  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999Z");

  private final Meaning meaning;

  private Clauses(Meaning meaning) {
    this.meaning = meaning;
  }

  /**
   * The clauses of a filter; none if no task can match.
   *
   * @throws FilterException if there are too many
   */
  static List<Clause> of(Expression expression, Meaning meaning) throws FilterException {
    return new Clauses(meaning).of(expression, false);
  }

  private List<Clause> of(Expression expression, boolean negated) throws FilterException {
    return switch (expression) {
      case Expression.Not(Expression part) -> of(part, !negated);
      case Expression.All(List<Expression> parts) -> negated ? any(parts, true) : all(parts, false);
      case Expression.Any(List<Expression> parts) -> negated ? all(parts, true) : any(parts, false);
      case Expression.Condition condition -> condition(condition, negated);
    };
  }

  private List<Clause> any(List<Expression> parts, boolean negated) throws FilterException {
    List<Clause> union = new ArrayList<>();
    for (Expression part : parts) {
      for (Clause clause : of(part, negated)) {
        add(union, clause);
      }
    }
    return union;
  }

  private List<Clause> all(List<Expression> parts, boolean negated) throws FilterException {
    List<Clause> product = List.of(Clause.ALL);
    for (Expression part : parts) {
      List<Clause> next = new ArrayList<>();
      List<Clause> factors = of(part, negated);
      for (Clause clause : product) {
        for (Clause factor : factors) {
          Clause both = clause.and(factor);
          if (both != null) {
            add(next, both);
          }
        }
      }
      product = next;
    }
    return product;
  }

  /** Adds a clause to a union, which gets simpler where one clause can stand for two. */
  private static void add(List<Clause> union, Clause added) throws FilterException {
    Clause clause = added;
    for (int i = 0; i < union.size(); i++) {
      Clause merged = union.get(i).or(clause);
      if (merged != null) {
        union.remove(i);
        clause = merged;
        i = -1;
      }
    }
    if (union.size() == MAX) {
      throw new FilterException(
          0, "expected a simpler filter: with fewer alternatives ('or', lists of values) in 'and'");
    }
    union.add(clause);
  }

  private List<Clause> condition(Expression.Condition condition, boolean negated) {
    if (isUnknown(condition)) {
      return List.of();
    }
    return switch (condition) {
      case Expression.Is(Expression.State state) -> state(state, negated);
      case Expression.PriorityIs(Comparator comparator, Level level) ->
          field(
              Field.PRIORITY,
              new Names(
                  Arrays.stream(Level.values())
                      .filter(value -> comparator.holds(value.compareTo(level)))
                      .map(Clauses::name)
                      .collect(Collectors.toUnmodifiableSet()),
                  LEVELS),
              negated);
      case Expression.TimeIs(TimeField field, Comparator comparator, Moment moment) ->
          field(field(field), range(field, comparator, moment), negated);
      case Expression.TimeMissing(TimeField field) ->
          field(field(field), new Ranges(List.of(), true), negated);
      case Expression.NumberIs(Expression.NumberField field, Comparator comparator, int number) ->
          field(field(field), compared(comparator, number, number + 1L), negated);
      case Expression.NumberMissing(Expression.NumberField field) ->
          field(field(field), new Ranges(List.of(), true), negated);
      case Expression.InList(Reference list) ->
          field(Field.LIST, new Ids(ids(list, meaning.lists()), false, false), negated);
      case Expression.InInbox() -> field(Field.LIST, new Ids(Set.of(), false, true), negated);
      case Expression.HasLabel(Reference label) ->
          parts(ids(label, meaning.labels()).stream().map(Part.Label::new).toList(), negated);
      case Expression.HasNoLabel() -> field(Field.LABELLED, bool(negated), false);
      case Expression.FromTemplate(UUID template) ->
          field(Field.TEMPLATE, new Ids(Set.of(template), false, false), negated);
      case Expression.Contains(Expression.TextField field, String word) -> {
        Meaning.Folded folded = meaning.words().get(word);
        if (folded == null) {
          throw new IllegalArgumentException("the meaning of a word is missing");
        }
        yield folded.text().isEmpty()
            ? negated ? List.of() : List.of(Clause.ALL)
            : parts(List.of(new Part.Word(field, folded.text(), folded.indexed())), negated);
      }
    };
  }

  /** Whether it names a list or label that the user does not have: then no task matches. */
  private boolean isUnknown(Expression.Condition condition) {
    return switch (condition) {
      case Expression.InList(Reference.ByName(String name, _)) ->
          !meaning.lists().containsKey(name);
      case Expression.HasLabel(Reference.ByName(String name, _)) ->
          !meaning.labels().containsKey(name);
      default -> false;
    };
  }

  private List<Clause> state(Expression.State state, boolean negated) {
    return switch (state) {
      case COMPLETED -> field(Field.COMPLETED, bool(!negated), false);
      case HIDDEN -> field(Field.HIDDEN, bool(!negated), false);
      case ARCHIVED -> field(Field.ARCHIVED, bool(!negated), false);
      case ALL_DAY -> field(Field.ALL_DAY, bool(!negated), false);
      case RECURRING -> field(Field.TEMPLATE, new Ids(Set.of(), true, false), negated);
      case OVERDUE -> {
        Values due = range(TimeField.DUE, Comparator.LESS, new Moment.Now(0, Unit.DAYS));
        Clause completed = Clause.of(Field.COMPLETED, bool(negated));
        if (!negated) {
          Clause overdue = completed.and(Clause.of(Field.DUE, due));
          yield overdue == null ? List.of() : List.of(overdue);
        }
        yield List.of(completed, Clause.of(Field.DUE, due.complement()));
      }
    };
  }

  private static List<Clause> field(Field field, Values values, boolean negated) {
    Values matching = negated ? values.complement() : values;
    return matching.isEmpty() ? List.of() : List.of(Clause.of(field, matching));
  }

  /** Tasks with at least one of the parts. */
  private static List<Clause> parts(List<? extends Part> parts, boolean negated) {
    return negated
        ? List.of(new Clause(Map.of(), Set.of(), Set.copyOf(parts)))
        : parts.stream().map(part -> new Clause(Map.of(), Set.of(part), Set.of())).toList();
  }

  private static Names bool(boolean value) {
    return new Names(Set.of(Boolean.toString(value)), BOOLEANS);
  }

  private static Set<UUID> ids(Reference reference, Map<String, Set<UUID>> names) {
    return switch (reference) {
      case Reference.ById(UUID id) -> Set.of(id);
      case Reference.ByName(String name, _) -> names.getOrDefault(name, Set.of());
    };
  }

  private Ranges range(TimeField field, Comparator comparator, Moment moment) {
    if (field == TimeField.START) {
      long day = day(moment).toEpochDay();
      return compared(comparator, day, day + 1);
    }
    return switch (moment) {
      case Moment.Today _, Moment.Day _ -> {
        LocalDate day = day(moment);
        yield compared(comparator, startOf(day), startOf(day.plusDays(1)));
      }
      case Moment.Now _, Moment.At _ -> {
        long milli = millis(instant(moment));
        yield compared(comparator, milli, milli + 1);
      }
    };
  }

  /** Compares with what lies in an interval, such as a day, which may be empty. */
  private static Ranges compared(Comparator comparator, long from, long before) {
    return switch (comparator) {
      case LESS -> Ranges.of(Interval.ALL.from(), from);
      case AT_MOST -> Ranges.of(Interval.ALL.from(), before);
      case EQUAL -> Ranges.of(from, before);
      case AT_LEAST -> Ranges.of(from, Interval.ALL.before());
      case GREATER -> Ranges.of(before, Interval.ALL.before());
    };
  }

  /** The day, or that of the instant in the user's zone. */
  private LocalDate day(Moment moment) {
    return switch (moment) {
      case Moment.Today(int amount, Unit unit) -> moved(zonedNow().toLocalDate(), amount, unit);
      case Moment.Day(LocalDate date) -> date;
      case Moment.Now _, Moment.At _ -> LocalDate.ofInstant(instant(moment), meaning.zone());
    };
  }

  private Instant instant(Moment moment) {
    return switch (moment) {
      case Moment.Now(int amount, Unit unit) -> moved(zonedNow(), amount, unit).toInstant();
      case Moment.At(Instant at) -> at;
      case Moment.Today _, Moment.Day _ -> throw new IllegalArgumentException("is a day");
    };
  }

  private ZonedDateTime zonedNow() {
    return meaning.now().atZone(meaning.zone());
  }

  @SuppressWarnings("unchecked") // plus returns the type of its object
  private static <T extends Temporal> T moved(T time, int amount, Unit unit) {
    return (T)
        time.plus(
            amount,
            switch (unit) {
              case HOURS -> ChronoUnit.HOURS;
              case DAYS -> ChronoUnit.DAYS;
              case WEEKS -> ChronoUnit.WEEKS;
              case MONTHS -> ChronoUnit.MONTHS;
            });
  }

  private long startOf(LocalDate day) {
    return millis(day.atStartOfDay(meaning.zone()).toInstant());
  }

  private static long millis(Instant instant) {
    return instant.isBefore(FIRST)
        ? Interval.ALL.from()
        : instant.isAfter(LAST) ? Interval.ALL.before() : instant.toEpochMilli();
  }

  private static Field field(TimeField field) {
    return switch (field) {
      case DUE -> Field.DUE;
      case START -> Field.START;
      case CREATED -> Field.CREATED;
      case UPDATED -> Field.UPDATED;
      case COMPLETED_AT -> Field.COMPLETED_AT;
    };
  }

  private static Field field(Expression.NumberField field) {
    return switch (field) {
      case ESTIMATE -> Field.ESTIMATE;
      case SUBTASKS -> Field.SUBTASKS;
    };
  }

  private static String name(Level level) {
    return level.name().toLowerCase(Locale.ROOT);
  }
}
