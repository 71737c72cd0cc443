package app.perpetua.flow.filters;

import app.perpetua.flow.filters.Expression.Comparator;
import app.perpetua.flow.filters.Expression.Moment;
import app.perpetua.flow.filters.Expression.Reference;
import app.perpetua.flow.filters.Expression.State;
import app.perpetua.flow.filters.Expression.TimeField;
import app.perpetua.flow.filters.Expression.Unit;
import java.time.Instant;
import java.time.LocalDate;
import java.time.Period;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Says by the definition of the language whether a task matches: walks the tree, compares days as
 * days, and uses neither normal forms nor intervals. Texts are compared in upper case, which
 * suffices for the words of the tests.
 *
 * @param lists ids by name in lower case
 */
record FilterOracle(
    ZoneId zone,
    Instant now,
    Map<String, Set<UUID>> lists,
    Map<String, Set<UUID>> labels,
    Set<UUID> archivedLists) {
  boolean matches(Expression filter, SampleTask task) {
    Terms terms = Terms.of(filter);
    boolean inArchived =
        task.listId() != null
            && archivedLists.contains(task.listId())
            && terms.lists().stream().noneMatch(list -> ids(list, lists).contains(task.listId()));
    return (terms.states().contains(State.HIDDEN) || !task.states().hidden())
        && (terms.states().contains(State.ARCHIVED) || !task.states().archived())
        && !inArchived
        && is(filter, task);
  }

  private boolean is(Expression expression, SampleTask task) {
    return switch (expression) {
      case Expression.All(List<Expression> parts) ->
          parts.stream().allMatch(part -> is(part, task));
      case Expression.Any(List<Expression> parts) ->
          parts.stream().anyMatch(part -> is(part, task));
      case Expression.Not(Expression part) -> !is(part, task);
      case Expression.Is(State state) -> is(state, task);
      case Expression.PriorityIs(Comparator comparator, Expression.Level level) ->
          comparator.holds(
              Expression.Level.valueOf(task.priority().toUpperCase(Locale.ROOT)).compareTo(level));
      case Expression.TimeIs(TimeField field, Comparator comparator, Moment moment)
          when field == TimeField.START ->
          task.startOn() != null && comparator.holds(task.startOn().compareTo(day(moment)));
      case Expression.TimeIs(TimeField field, Comparator comparator, Moment moment) ->
          compares(time(field, task), comparator, moment);
      case Expression.TimeMissing(TimeField field) ->
          field == TimeField.START ? task.startOn() == null : time(field, task) == null;
      case Expression.NumberIs(Expression.NumberField field, Comparator comparator, int number) -> {
        Integer value = number(field, task);
        yield value != null && comparator.holds(value.compareTo(number));
      }
      case Expression.NumberMissing(Expression.NumberField field) -> number(field, task) == null;
      case Expression.InList(Reference list) ->
          task.listId() != null && ids(list, lists).contains(task.listId());
      case Expression.InInbox() -> task.listId() == null;
      case Expression.HasLabel(Reference label) ->
          ids(label, labels).stream().anyMatch(task.labelIds()::contains);
      case Expression.HasNoLabel() -> task.labelIds().isEmpty();
      case Expression.FromTemplate(UUID template) -> template.equals(task.states().templateId());
      case Expression.Contains(Expression.TextField field, String word) ->
          (field == Expression.TextField.TITLE
                  ? task.text().title()
                  : task.text().title() + "\n" + task.text().description())
              .toUpperCase(Locale.ROOT)
              .contains(word.toUpperCase(Locale.ROOT));
    };
  }

  private boolean is(State state, SampleTask task) {
    return switch (state) {
      case COMPLETED -> task.states().completed();
      case HIDDEN -> task.states().hidden();
      case ARCHIVED -> task.states().archived();
      case ALL_DAY -> task.due().on() != null;
      case RECURRING -> task.states().templateId() != null;
      case OVERDUE ->
          !task.states().completed()
              && task.due().date() != null
              && task.due().date().isBefore(now);
    };
  }

  private boolean compares(@Nullable Instant time, Comparator comparator, Moment moment) {
    if (time == null) {
      return false;
    }
    return switch (moment) {
      case Moment.Today _, Moment.Day _ ->
          comparator.holds(LocalDate.ofInstant(time, zone).compareTo(day(moment)));
      case Moment.Now _, Moment.At _ -> comparator.holds(time.compareTo(instant(moment)));
    };
  }

  private LocalDate day(Moment moment) {
    return switch (moment) {
      case Moment.Today(int amount, Unit unit) ->
          LocalDate.ofInstant(now, zone).plus(period(amount, unit));
      case Moment.Day(LocalDate date) -> date;
      case Moment.Now _, Moment.At _ -> LocalDate.ofInstant(instant(moment), zone);
    };
  }

  private Instant instant(Moment moment) {
    return switch (moment) {
      case Moment.Now(int amount, Unit unit) when unit == Unit.HOURS ->
          now.plusSeconds(3_600L * amount);
      case Moment.Now(int amount, Unit unit) ->
          ZonedDateTime.ofInstant(now, zone).plus(period(amount, unit)).toInstant();
      case Moment.At(Instant instant) -> instant;
      case Moment.Today _, Moment.Day _ -> throw new IllegalArgumentException("is a day");
    };
  }

  private static Period period(int amount, Unit unit) {
    return switch (unit) {
      case DAYS -> Period.ofDays(amount);
      case WEEKS -> Period.ofWeeks(amount);
      case MONTHS -> Period.ofMonths(amount);
      case HOURS -> throw new IllegalArgumentException("is no period of days");
    };
  }

  private static @Nullable Instant time(TimeField field, SampleTask task) {
    return switch (field) {
      case DUE -> task.due().date();
      case CREATED -> task.times().createdAt();
      case UPDATED -> task.times().updatedAt();
      case COMPLETED_AT -> task.times().completedAt();
      case START -> throw new IllegalArgumentException("is a day");
    };
  }

  private static @Nullable Integer number(Expression.NumberField field, SampleTask task) {
    return switch (field) {
      case ESTIMATE -> task.counts().estimate();
      case SUBTASKS -> task.counts().subtasks();
    };
  }

  private static Set<UUID> ids(Reference reference, Map<String, Set<UUID>> names) {
    return switch (reference) {
      case Reference.ById(UUID id) -> Set.of(id);
      case Reference.ByName(String name, _) ->
          names.getOrDefault(name.toLowerCase(Locale.ROOT), Set.of());
    };
  }
}
