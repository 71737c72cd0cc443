package app.perpetua.flow.filters;

import app.perpetua.flow.filters.Clause.Field;
import app.perpetua.flow.filters.Clause.Part;
import app.perpetua.flow.filters.Values.Ids;
import app.perpetua.flow.filters.Values.Interval;
import app.perpetua.flow.filters.Values.Names;
import app.perpetua.flow.filters.Values.Ranges;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What indexes can look up, so that every task that matches is found: each clause contributes the
 * condition by which an index finds its tasks.
 *
 * @param open whether open tasks are looked up
 * @param patterns of words, each in a text; null for none
 * @param lists the inbox is {@link #INBOX}; null for none
 * @param labels null for none
 * @param completed when tasks were completed; null if that is not looked up
 * @param due when tasks are due; null if that is not looked up
 */
record Drivers(
    boolean open,
    @Nullable Set<String> patterns,
    @Nullable Set<UUID> lists,
    @Nullable Set<UUID> labels,
    @Nullable Interval completed,
    @Nullable Interval due) {
  /** Stands for no list, in the index task_instances_position. */
  static final UUID INBOX = new UUID(0, 0);

  private static final Drivers NONE = new Drivers(false, null, null, null, null, null);

  /** Empty if a clause has no condition that an index serves. */
  static Optional<Drivers> of(List<Clause> clauses) {
    Drivers drivers = NONE;
    for (Clause clause : clauses) {
      Drivers driver = of(clause);
      if (driver == null) {
        return Optional.empty();
      }
      drivers = drivers.with(driver);
    }
    return Optional.of(drivers);
  }

  /** Those that find few tasks come first. */
  private static @Nullable Drivers of(Clause clause) {
    if (isOpen(clause)) {
      return new Drivers(true, null, null, null, null, null);
    }
    String pattern =
        clause.present().stream()
            .filter(part -> part instanceof Part.Word word && word.indexed())
            .map(part -> ((Part.Word) part).pattern())
            .max(Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder()))
            .orElse(null);
    if (pattern != null) {
      // The index of texts does not have those of open tasks.
      return new Drivers(true, Set.of(pattern), null, null, null, null);
    }
    UUID label =
        clause.present().stream()
            .filter(Part.Label.class::isInstance)
            .map(part -> ((Part.Label) part).id())
            .min(Comparator.naturalOrder())
            .orElse(null);
    if (label != null) {
      return new Drivers(false, null, null, Set.of(label), null, null);
    }
    if (isShown(clause)
        && clause.values().get(Field.COMPLETED_AT) instanceof Ranges ranges
        && !ranges.missing()) {
      return new Drivers(false, null, null, null, hull(ranges), null);
    }
    if (clause.values().get(Field.DUE) instanceof Ranges ranges && !ranges.missing()) {
      return dueDriver(clause, hull(ranges));
    }
    if (isShown(clause) && clause.values().get(Field.LIST) instanceof Ids ids && !ids.except()) {
      Set<UUID> lists = new TreeSet<>(ids.ids());
      if (ids.missing()) {
        lists.add(INBOX);
      }
      return new Drivers(false, null, lists, null, null, null);
    }
    return null;
  }

  /** Of the tasks that are not open, the index has those that are completed. */
  private static @Nullable Drivers dueDriver(Clause clause, Interval due) {
    boolean putAway = !isShown(clause) && !is(clause, Field.COMPLETED, true);
    return putAway
        ? null
        : new Drivers(!is(clause, Field.COMPLETED, true), null, null, null, null, due);
  }

  private Drivers with(Drivers other) {
    return new Drivers(
        open || other.open,
        union(patterns, other.patterns),
        union(lists, other.lists),
        union(labels, other.labels),
        hull(completed, other.completed),
        hull(due, other.due));
  }

  static boolean isOpen(Clause clause) {
    return is(clause, Field.COMPLETED, false) && isShown(clause);
  }

  static boolean isShown(Clause clause) {
    return is(clause, Field.HIDDEN, false) && is(clause, Field.ARCHIVED, false);
  }

  /** Whether the clause matches only tasks that are or are not in a state. */
  static boolean is(Clause clause, Field state, boolean value) {
    return clause.values().get(state) instanceof Names names
        && names.names().equals(Set.of(Boolean.toString(value)));
  }

  /** The interval that contains all; empty ones are at the beginning of time. */
  static Interval hull(Ranges ranges) {
    return ranges.intervals().isEmpty()
        ? new Interval(Long.MIN_VALUE, Long.MIN_VALUE)
        : new Interval(ranges.intervals().getFirst().from(), ranges.intervals().getLast().before());
  }

  private static @Nullable Interval hull(@Nullable Interval first, @Nullable Interval second) {
    if (first == null || second == null) {
      return first == null ? second : first;
    }
    return new Interval(
        Math.min(first.from(), second.from()), Math.max(first.before(), second.before()));
  }

  private static <T extends Comparable<T>> @Nullable Set<T> union(
      @Nullable Set<T> first, @Nullable Set<T> second) {
    if (first == null || second == null) {
      return first == null ? second : first;
    }
    Set<T> union = new TreeSet<>(first);
    union.addAll(second);
    return union;
  }
}
