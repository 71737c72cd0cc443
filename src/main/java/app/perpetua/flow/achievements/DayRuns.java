package app.perpetua.flow.achievements;

import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A set of days, as its runs of consecutive days, so that years of completions stay small.
 * Immutable.
 */
final class DayRuns {
  static final DayRuns NONE = new DayRuns(new TreeMap<>());

  /** Consecutive days, both inclusive. */
  record Run(LocalDate first, LocalDate last) {
    int length() {
      return (int) ChronoUnit.DAYS.between(first, last) + 1;
    }
  }

  /** The last day of each run, by the first one. */
  private final NavigableMap<LocalDate, LocalDate> lasts;

  private DayRuns(NavigableMap<LocalDate, LocalDate> lasts) {
    this.lasts = lasts;
  }

  /** Reads PostgreSQL's text of a {@code datemultirange}, such as <code>{[a,b),[c,d)}</code>. */
  static DayRuns parse(String multirange) {
    NavigableMap<LocalDate, LocalDate> lasts = new TreeMap<>();
    if (multirange.length() > 2) {
      for (String range : multirange.substring(2, multirange.length() - 2).split("\\),\\[", -1)) {
        int comma = range.indexOf(',');
        lasts.put(
            LocalDate.parse(range.substring(0, comma)),
            LocalDate.parse(range.substring(comma + 1)).minusDays(1));
      }
    }
    return new DayRuns(lasts);
  }

  static DayRuns of(Iterable<LocalDate> days) {
    DayRuns runs = NONE;
    for (LocalDate day : days) {
      runs = runs.with(day);
    }
    return runs;
  }

  /** As {@link #parse} reads it. */
  String text() {
    return lasts.entrySet().stream()
        .map(run -> "[" + run.getKey() + "," + run.getValue().plusDays(1) + ")")
        .collect(Collectors.joining(",", "{", "}"));
  }

  List<Run> runs() {
    List<Run> runs = new ArrayList<>(lasts.size());
    lasts.forEach((first, last) -> runs.add(new Run(first, last)));
    return runs;
  }

  Stream<LocalDate> days() {
    return runs().stream().flatMap(run -> run.first().datesUntil(run.last().plusDays(1)));
  }

  boolean contains(LocalDate day) {
    Map.Entry<LocalDate, LocalDate> run = lasts.floorEntry(day);
    return run != null && !day.isAfter(run.getValue());
  }

  /** The first day; null for none. */
  @Nullable LocalDate first() {
    return lasts.isEmpty() ? null : lasts.firstKey();
  }

  /** The last day; null for none. */
  @Nullable LocalDate last() {
    return lasts.isEmpty() ? null : lasts.lastEntry().getValue();
  }

  DayRuns with(LocalDate day) {
    if (contains(day)) {
      return this;
    }
    NavigableMap<LocalDate, LocalDate> more = new TreeMap<>(lasts);
    Map.Entry<LocalDate, LocalDate> before = more.lowerEntry(day);
    LocalDate after = more.remove(day.plusDays(1));
    boolean follows = before != null && before.getValue().equals(day.minusDays(1));
    more.put(follows ? before.getKey() : day, after == null ? day : after);
    return new DayRuns(more);
  }

  DayRuns without(LocalDate day) {
    if (!contains(day)) {
      return this;
    }
    NavigableMap<LocalDate, LocalDate> fewer = new TreeMap<>(lasts);
    LocalDate first = fewer.floorKey(day);
    LocalDate last = fewer.remove(first);
    if (first.isBefore(day)) {
      fewer.put(first, day.minusDays(1));
    }
    if (day.isBefore(last)) {
      fewer.put(day.plusDays(1), last);
    }
    return new DayRuns(fewer);
  }

  /** The days from that one on. */
  DayRuns from(LocalDate day) {
    return of(days().filter(one -> !one.isBefore(day)).toList());
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DayRuns runs && runs.lasts.equals(lasts);
  }

  @Override
  public int hashCode() {
    return lasts.hashCode();
  }

  @Override
  public String toString() {
    return text();
  }
}
