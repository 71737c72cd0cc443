package app.perpetua.flow.filters;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * The values of a field with which a task matches. Closed under union, intersection and complement,
 * so that a clause has one for each field. The operand of a method is of the same type.
 */
sealed interface Values {
  /** All other values. */
  Values complement();

  /** Values of both. */
  default Values and(Values other) {
    return complement().or(other.complement()).complement();
  }

  /** Values of either. */
  Values or(Values other);

  /** Whether no value matches. */
  boolean isEmpty();

  /**
   * Some of a few named values.
   *
   * @param all names of the field's values
   */
  record Names(Set<String> names, Set<String> all) implements Values {
    @Override
    public Values complement() {
      Set<String> others = new HashSet<>(all);
      others.removeAll(names);
      return new Names(Set.copyOf(others), all);
    }

    @Override
    public Values or(Values other) {
      Set<String> union = new HashSet<>(names);
      union.addAll(((Names) other).names);
      return new Names(Set.copyOf(union), all);
    }

    @Override
    public boolean isEmpty() {
      return names.isEmpty();
    }
  }

  /**
   * An interval of numbers; {@link Long#MIN_VALUE} and {@link Long#MAX_VALUE} leave an end open.
   *
   * @param from inclusive
   * @param before exclusive
   */
  record Interval(long from, long before) {
    static final Interval ALL = new Interval(Long.MIN_VALUE, Long.MAX_VALUE);
  }

  /**
   * Ranges of numbers: milliseconds since 1970, days since 1970, minutes or counts.
   *
   * @param intervals not empty, ascending, with a gap between each two
   * @param missing whether a task without the number matches
   */
  record Ranges(List<Interval> intervals, boolean missing) implements Values {
    static Ranges of(long from, long before) {
      return new Ranges(from < before ? List.of(new Interval(from, before)) : List.of(), false);
    }

    @Override
    public Values complement() {
      List<Interval> gaps = new ArrayList<>();
      long from = Long.MIN_VALUE;
      for (Interval interval : intervals) {
        if (from < interval.from) {
          gaps.add(new Interval(from, interval.from));
        }
        from = interval.before;
      }
      if (from < Long.MAX_VALUE) {
        gaps.add(new Interval(from, Long.MAX_VALUE));
      }
      return new Ranges(List.copyOf(gaps), !missing);
    }

    @Override
    public Values or(Values other) {
      List<Interval> sorted = new ArrayList<>(intervals);
      sorted.addAll(((Ranges) other).intervals);
      sorted.sort(Comparator.comparingLong(Interval::from));
      List<Interval> union = new ArrayList<>();
      for (Interval interval : sorted) {
        if (!union.isEmpty() && interval.from <= union.getLast().before) {
          Interval last = union.removeLast();
          union.add(new Interval(last.from, Math.max(last.before, interval.before)));
        } else {
          union.add(interval);
        }
      }
      return new Ranges(List.copyOf(union), missing || ((Ranges) other).missing);
    }

    @Override
    public boolean isEmpty() {
      return intervals.isEmpty() && !missing;
    }
  }

  /**
   * Ids of rows that a task may refer to.
   *
   * @param except whether the ids are those that do not match
   * @param missing whether a task without such a reference matches
   */
  record Ids(Set<UUID> ids, boolean except, boolean missing) implements Values {
    @Override
    public Values complement() {
      return new Ids(ids, !except, !missing);
    }

    @Override
    public Values or(Values other) {
      Ids that = (Ids) other;
      Set<UUID> union = new HashSet<>(ids);
      if (except == that.except && !except) {
        union.addAll(that.ids);
      } else if (except == that.except) {
        union.retainAll(that.ids);
      } else if (except) {
        union.removeAll(that.ids);
      } else {
        union = new HashSet<>(that.ids);
        union.removeAll(ids);
      }
      return new Ids(Set.copyOf(union), except || that.except, missing || that.missing);
    }

    @Override
    public boolean isEmpty() {
      return ids.isEmpty() && !except && !missing;
    }
  }
}
