package app.perpetua.flow.chaos;

import app.perpetua.flow.chaos.fault.Fault;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
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

  /** Invalid arguments; the message names them. */
  static final class Misused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Misused(String message) {
      super(message, null, false, false);
    }
  }

  /**
   * Parses the command line.
   *
   * @throws Misused if an argument is invalid
   */
  static ChaosOptions parse(List<String> arguments) {
    Set<Fault> faults = EnumSet.noneOf(Fault.class);
    Integer runs = null;
    Long seed = null;
    boolean isShort = false;
    boolean isLong = false;
    Iterator<String> words = arguments.iterator();
    while (words.hasNext()) {
      String name = words.next();
      switch (name) {
        case "--only" -> faults.add(fault(value(name, words)));
        case "--runs" -> runs = (int) number(name, value(name, words), 1, MAX_RUNS);
        case "--seed" -> seed = number(name, value(name, words), Long.MIN_VALUE, Long.MAX_VALUE);
        case "--short" -> isShort = true;
        case "--long" -> isLong = true;
        default -> throw new Misused("unknown argument " + name);
      }
    }
    if (isShort && (isLong || runs != null)) {
      throw new Misused("--short excludes --long and --runs");
    }
    return new ChaosOptions(
        faults.isEmpty() ? EnumSet.allOf(Fault.class) : faults,
        runs == null ? DEFAULT_RUNS : runs,
        seed,
        isShort,
        isLong);
  }

  private static Fault fault(String title) {
    return Fault.of(title)
        .orElseThrow(
            () ->
                new Misused(
                    "--only must be one of "
                        + Arrays.stream(Fault.values())
                            .map(Fault::title)
                            .collect(Collectors.joining(", "))));
  }

  private static long number(String name, String text, long min, long max) {
    try {
      long number = Long.parseLong(text);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new Misused(
        name
            + " must be a whole number"
            + (min == Long.MIN_VALUE ? "" : " from " + min + " to " + max)
            + ", not "
            + text);
  }

  private static String value(String name, Iterator<String> words) {
    if (!words.hasNext()) {
      throw new Misused(name + " needs a value");
    }
    return words.next();
  }
}
