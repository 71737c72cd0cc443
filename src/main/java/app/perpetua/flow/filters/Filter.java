package app.perpetua.flow.filters;

import app.perpetua.flow.base.Refusal;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * A filter of tasks that has been parsed (FR-210). Immutable.
 *
 * @param text as the client wrote it
 */
public record Filter(String text, Expression expression) {
  /** Longest text, in code points. */
  public static final int MAX_LENGTH = 1_000;

  /**
   * Parses a filter.
   *
   * @throws FilterException with position and expectation if the text is not a filter
   */
  public static Filter parse(String text) throws FilterException {
    if (text.codePointCount(0, text.length()) > MAX_LENGTH) {
      throw new FilterException(MAX_LENGTH, "expected at most " + MAX_LENGTH + " characters");
    }
    return new Filter(text, Parser.parse(text));
  }

  /**
   * Parses a filter of a request.
   *
   * @param field that it is read from
   * @throws Refusal {@code VALIDATION_ERROR} for the field, with position and expectation
   */
  public static Filter of(String text, String field) {
    try {
      return parse(text);
    } catch (FilterException e) {
      throw e.refusal(field);
    }
  }

  /**
   * Names in the filter.
   *
   * @param lists of lists
   * @param labels of labels
   */
  public record Names(Set<String> lists, Set<String> labels) {}

  public Names names() {
    Terms terms = Terms.of(expression);
    return new Names(names(terms.lists()), names(terms.labels()));
  }

  private static Set<String> names(List<Expression.Reference> references) {
    return Terms.named(references).stream()
        .map(Expression.Reference.ByName::name)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** Ids of lists, labels and templates in the filter, which need not exist. */
  public Set<UUID> ids() {
    return ids(text).stream()
        .map(token -> UUID.fromString(token.text()))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /**
   * The same filter for another account.
   *
   * @param ids the ids there of those here; others stay
   */
  public Filter withIds(Map<UUID, UUID> ids) {
    StringBuilder changed = new StringBuilder(text);
    for (Token token : ids(text).reversed()) {
      UUID there = ids.get(UUID.fromString(token.text()));
      if (there != null) {
        int begin = text.offsetByCodePoints(0, token.position());
        changed.replace(begin, begin + token.text().length(), there.toString());
      }
    }
    try {
      return parse(changed.toString());
    } catch (FilterException e) {
      throw new IllegalStateException("an id was replaced by another", e);
    }
  }

  private static List<Token> ids(String text) {
    try {
      return Lexer.tokens(text).stream().filter(token -> token.kind() == Token.Kind.UUID).toList();
    } catch (FilterException e) {
      throw new IllegalStateException("the text was parsed before", e);
    }
  }

  /**
   * Whether it evidently matches no other tasks than open ones: not completed, hidden or archived.
   */
  public boolean onlyOpen() {
    Set<Expression.State> states = Terms.of(expression).states();
    return !states.contains(Expression.State.HIDDEN)
        && !states.contains(Expression.State.ARCHIVED)
        && notCompleted(expression);
  }

  /** Whether a task may begin or cease to match within a day, although nothing has changed. */
  public boolean dependsOnInstant() {
    return dependsOnInstant(expression);
  }

  private static boolean dependsOnInstant(Expression expression) {
    return switch (expression) {
      case Expression.All(List<Expression> parts) ->
          parts.stream().anyMatch(Filter::dependsOnInstant);
      case Expression.Any(List<Expression> parts) ->
          parts.stream().anyMatch(Filter::dependsOnInstant);
      case Expression.Not(Expression part) -> dependsOnInstant(part);
      case Expression.Is(Expression.State state) -> state == Expression.State.OVERDUE;
      case Expression.TimeIs(_, _, Expression.Moment moment) ->
          moment instanceof Expression.Moment.Now;
      case Expression.Condition _ -> false;
    };
  }

  private static boolean notCompleted(Expression expression) {
    return switch (expression) {
      case Expression.All(List<Expression> parts) -> parts.stream().anyMatch(Filter::notCompleted);
      case Expression.Any(List<Expression> parts) -> parts.stream().allMatch(Filter::notCompleted);
      case Expression.Not(Expression part) ->
          part.equals(new Expression.Is(Expression.State.COMPLETED));
      case Expression.Condition condition ->
          condition.equals(new Expression.Is(Expression.State.OVERDUE));
    };
  }
}
