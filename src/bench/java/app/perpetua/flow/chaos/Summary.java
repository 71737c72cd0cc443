package app.perpetua.flow.chaos;

import app.perpetua.flow.chaos.fault.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The table of all faults. For one thread. */
final class Summary {
  private static final String ROW = "%-24s %5s %8s %10s %12s %12s %10s";

  private final Map<Fault, List<Outcome>> outcomes = new EnumMap<>(Fault.class);
  private final Map<Fault, String> skipped = new EnumMap<>(Fault.class);

  void add(Fault fault, Outcome outcome) {
    outcomes.computeIfAbsent(fault, _ -> new ArrayList<>()).add(outcome);
  }

  void skip(Fault fault, String reason) {
    skipped.put(fault, reason);
  }

  int violations() {
    return outcomes.values().stream()
        .flatMap(List::stream)
        .mapToInt(outcome -> outcome.violations().size())
        .sum();
  }

  int runs() {
    return outcomes.values().stream().mapToInt(List::size).sum();
  }

  /** The lines of the table. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        ROW.formatted("fault", "runs", "writes", "violations", "recovery", "steady", "worst wait"));
    for (Fault fault : Fault.values()) {
      List<Outcome> of = outcomes.getOrDefault(fault, List.of());
      if (!of.isEmpty()) {
        lines.add(
            ROW.formatted(
                fault.title(),
                of.size(),
                of.stream().mapToInt(Outcome::writes).sum(),
                of.stream().mapToInt(outcome -> outcome.violations().size()).sum(),
                worst(of.stream().map(Outcome::recovered).toList()),
                worst(of.stream().map(Outcome::steady).toList()),
                worst(of.stream().map(Outcome::longest).toList())));
      }
      if (skipped.containsKey(fault)) {
        lines.add("%-24s skipped: %s".formatted(fault.title(), skipped.get(fault)));
      }
    }
    return lines;
  }

  private static String worst(List<Duration> times) {
    return seconds(times.stream().max(Duration::compareTo).orElse(Duration.ZERO));
  }

  /** A time in seconds, with the unit. */
  static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.2f s", time.toMillis() / 1_000.0);
  }
}
