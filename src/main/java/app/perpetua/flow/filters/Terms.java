package app.perpetua.flow.filters;

import app.perpetua.flow.filters.Expression.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What an expression names.
 *
 * @param states that a condition is on
 * @param words to be found in texts
 */
record Terms(
    List<Reference> lists,
    List<Reference> labels,
    Set<Expression.State> states,
    Set<String> words) {
  static Terms of(Expression expression) {
    Terms terms = new Terms(new ArrayList<>(), new ArrayList<>(), new TreeSet<>(), new TreeSet<>());
    terms.add(expression);
    return terms;
  }

  static List<Reference.ByName> named(List<Reference> references) {
    return references.stream()
        .filter(Reference.ByName.class::isInstance)
        .map(Reference.ByName.class::cast)
        .toList();
  }

  private void add(Expression expression) {
    switch (expression) {
      case Expression.Not(Expression part) -> add(part);
      case Expression.All(List<Expression> parts) -> parts.forEach(this::add);
      case Expression.Any(List<Expression> parts) -> parts.forEach(this::add);
      case Expression.Is(Expression.State state) -> states.add(state);
      case Expression.InList(Reference list) -> lists.add(list);
      case Expression.HasLabel(Reference label) -> labels.add(label);
      case Expression.Contains(Expression.TextField _, String word) -> words.add(word);
      case Expression.Condition _ -> {}
    }
  }
}
