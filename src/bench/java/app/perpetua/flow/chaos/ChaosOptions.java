package app.perpetua.flow.chaos;

import app.perpetua.flow.chaos.fault.Fault;
import app.perpetua.flow.command.Arguments;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Command-line options.
 *
 * @param faults the faults to inject
 * @param runs number of runs of random kills, all faults together
 * @param seed of the schedule; null for a new one
 * @param isShort one short run of each of six faults, which the seed chooses
 * @param isLong 60 s for what is otherwise 20 s or less, and leases that really expire
 */
record ChaosOptions(
    Set<Fault> faults, int runs, @Nullable Long seed, boolean isShort, boolean isLong) {
  static final int DEFAULT_RUNS = 20;
  private static final int MAX_RUNS = 100_000;

  /**
   * Parses the command line.
   *
   * @throws Arguments.Invalid if an argument is invalid
   */
  static ChaosOptions parse(List<String> words) {
    Set<Fault> faults = EnumSet.noneOf(Fault.class);
    Integer runs = null;
    Long seed = null;
    boolean isShort = false;
    boolean isLong = false;
    Arguments arguments = new Arguments(words);
    while (arguments.hasNext()) {
      switch (arguments.next()) {
        case "--only" -> faults.add(arguments.oneOf(Fault.values(), Fault::title));
        case "--runs" -> runs = (int) arguments.number(1, MAX_RUNS);
        case "--seed" -> seed = arguments.number(Long.MIN_VALUE, Long.MAX_VALUE);
        case "--short" -> isShort = true;
        case "--long" -> isLong = true;
        default -> throw arguments.unknown();
      }
    }
    if (isShort && (isLong || runs != null)) {
      throw new Arguments.Invalid("--short excludes --long and --runs");
    }
    return new ChaosOptions(
        faults.isEmpty() ? EnumSet.allOf(Fault.class) : faults,
        runs == null ? DEFAULT_RUNS : runs,
        seed,
        isShort,
        isLong);
  }
}
