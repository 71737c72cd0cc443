package app.perpetua.flow.filters;

import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.UUID;

/**
 * What a filter says of a task: a tree that is true or false of each task. A comparison with a
 * field that the task does not have is false, its negation true.
 */
sealed interface Expression {
  /** True if every part is. */
  record All(List<Expression> parts) implements Expression {}

  /** True if a part is. */
  record Any(List<Expression> parts) implements Expression {}

  /** True if the part is not. */
  record Not(Expression part) implements Expression {}

  /** A condition without parts. */
  sealed interface Condition extends Expression {}

  /** True if the task is in a state. */
  record Is(State state) implements Condition {}

  /** Compares the priority. */
  record PriorityIs(Comparator comparator, Level level) implements Condition {}

  /** Compares a time or day. */
  record TimeIs(TimeField field, Comparator comparator, Moment moment) implements Condition {}

  /** True if the task does not have the time or day. */
  record TimeMissing(TimeField field) implements Condition {}

  /** Compares a number. */
  record NumberIs(NumberField field, Comparator comparator, int number) implements Condition {}

  /** True if the task does not have the number. */
  record NumberMissing(NumberField field) implements Condition {}

  /** True of the tasks in a list. */
  record InList(Reference list) implements Condition {}

  /** True of the tasks in no list. */
  record InInbox() implements Condition {}

  /** True of the tasks with a label. */
  record HasLabel(Reference label) implements Condition {}

  /** True of the tasks without labels. */
  record HasNoLabel() implements Condition {}

  /** True of the tasks that a template created. */
  record FromTemplate(UUID template) implements Condition {}

  /**
   * True if a text contains a word, anywhere and under case folding.
   *
   * @param word without white space
   */
  record Contains(TextField field, String word) implements Condition {}

  /** States of a task. */
  enum State {
    COMPLETED,
    HIDDEN,
    ARCHIVED,
    ALL_DAY,
    /** Created by a template. */
    RECURRING,
    /** Open in the sense of {@code completed}, and due before now. */
    OVERDUE
  }

  /** Priorities, lowest first. */
  enum Level {
    LOW,
    MEDIUM,
    HIGH
  }

  /** Times of a task; {@code START} is a day, the others are instants. */
  enum TimeField {
    DUE,
    START,
    CREATED,
    UPDATED,
    COMPLETED_AT
  }

  /** Numbers of a task. */
  enum NumberField {
    /** The estimated duration in minutes. */
    ESTIMATE,
    SUBTASKS
  }

  /** Texts of a task. */
  enum TextField {
    /** Title and description. */
    TEXT,
    TITLE
  }

  /** How values are compared. */
  enum Comparator {
    LESS("<"),
    AT_MOST("<="),
    EQUAL("="),
    AT_LEAST(">="),
    GREATER(">");

    private final String symbol;

    Comparator(String symbol) {
      this.symbol = symbol;
    }

    String symbol() {
      return symbol;
    }

    /** Whether it holds for values with this result of {@code compareTo}. */
    boolean holds(int order) {
      return switch (this) {
        case LESS -> order < 0;
        case AT_MOST -> order <= 0;
        case EQUAL -> order == 0;
        case AT_LEAST -> order >= 0;
        case GREATER -> order > 0;
      };
    }
  }

  /** A list or a label. */
  sealed interface Reference {
    /** By its id, which need not exist. */
    record ById(UUID id) implements Reference {}

    /**
     * By its name under case folding.
     *
     * @param position code points before it in the text
     */
    record ByName(String name, int position) implements Reference {}
  }

  /** A point or day that times are compared with. */
  sealed interface Moment {
    /** The present day of the user, moved by a period. */
    record Today(int amount, Unit unit) implements Moment {}

    /** The present instant, moved by a period in the user's zone. */
    record Now(int amount, Unit unit) implements Moment {}

    /** A day of the user. */
    record Day(LocalDate date) implements Moment {}

    /** An instant, in whole milliseconds. */
    record At(Instant instant) implements Moment {}
  }

  /** Units of periods. */
  enum Unit {
    HOURS,
    DAYS,
    WEEKS,
    MONTHS
  }
}
