package app.perpetua.flow.filters;

import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Conditions that a task must all satisfy. Immutable.
 *
 * @param values by field; a field that is not there has any value
 * @param present what must be in the task
 * @param absent what must not
 */
record Clause(Map<Field, Values> values, Set<Part> present, Set<Part> absent) {
  /** Matches every task. */
  static final Clause ALL = new Clause(Map.of(), Set.of(), Set.of());

  /** Fields that a task has one value of, or none. */
  enum Field {
    COMPLETED,
    HIDDEN,
    ARCHIVED,
    ALL_DAY,
    LABELLED,
    PRIORITY,
    DUE,
    START,
    CREATED,
    UPDATED,
    COMPLETED_AT,
    ESTIMATE,
    SUBTASKS,
    LIST,
    TEMPLATE
  }

  /** What a task has any number of. */
  sealed interface Part {
    /** A label. */
    record Label(UUID id) implements Part {}

    /**
     * A word.
     *
     * @param folded as the database compares it
     * @param indexed whether an index of trigrams finds it
     */
    record Word(Expression.TextField field, String folded, boolean indexed) implements Part {
      /** For {@code like}: the word anywhere. */
      String pattern() {
        return '%' + folded.replaceAll("([\\\\%_])", "\\\\$1") + '%';
      }
    }
  }

  static Clause of(Field field, Values values) {
    return new Clause(Map.of(field, values), Set.of(), Set.of());
  }

  /** Both clauses; null if no task matches. */
  @Nullable Clause and(Clause other) {
    Map<Field, Values> both = new EnumMap<>(Field.class);
    both.putAll(values);
    other.values.forEach((field, more) -> both.merge(field, more, Values::and));
    Clause clause =
        new Clause(Map.copyOf(both), union(present, other.present), union(absent, other.absent));
    boolean impossible =
        both.values().stream().anyMatch(Values::isEmpty)
            || clause.present.stream().anyMatch(clause.absent::contains);
    return impossible ? null : clause;
  }

  /** A clause for tasks that match either; null if one clause cannot say that. */
  @Nullable Clause or(Clause other) {
    if (present.equals(other.present)
        && absent.equals(other.absent)
        && values.keySet().equals(other.values.keySet())) {
      Field different = null;
      for (Map.Entry<Field, Values> entry : values.entrySet()) {
        if (!entry.getValue().equals(other.values.get(entry.getKey()))) {
          if (different != null) {
            return implies(other) ? other : other.implies(this) ? this : null;
          }
          different = entry.getKey();
        }
      }
      if (different == null) {
        return this;
      }
      Map<Field, Values> merged = new EnumMap<>(Field.class);
      merged.putAll(values);
      merged.merge(different, Objects.requireNonNull(other.values.get(different)), Values::or);
      return new Clause(Map.copyOf(merged), present, absent);
    }
    return implies(other) ? other : other.implies(this) ? this : null;
  }

  /** Whether every task that matches this clause also matches the other, as far as is evident. */
  private boolean implies(Clause other) {
    return present.containsAll(other.present)
        && absent.containsAll(other.absent)
        && other.values.entrySet().stream()
            .allMatch(
                entry -> {
                  Values mine = values.get(entry.getKey());
                  return mine != null && mine.and(entry.getValue().complement()).isEmpty();
                });
  }

  private static Set<Part> union(Set<Part> first, Set<Part> second) {
    Set<Part> union = new HashSet<>(first);
    union.addAll(second);
    return Set.copyOf(union);
  }
}
