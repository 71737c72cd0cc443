package app.perpetua.flow.chaos;

import app.perpetua.flow.chaos.fault.Fault;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The runs of a command. What is random in a run follows from the seed, the fault and the number of
 * the run among those of this fault, so that a run is the same when only its fault is chosen.
 *
 * @param number of the run among those of its fault, from 1
 */
record Plan(Fault fault, int number) {
  /** Sum of the weights of a short command's faults: there is no time for all. */
  static final int SHORT = 6;

  /** The runs, in order. */
  static List<Plan> of(ChaosOptions options, long seed) {
    List<Plan> plans = new ArrayList<>();
    Map<Fault, Integer> counts = new EnumMap<>(Fault.class);
    Set<Fault> faults = options.isShort() ? some(options.faults(), seed) : options.faults();
    List<Fault> kills = faults.stream().filter(Fault::isRandomKill).toList();
    int runs = options.isShort() ? kills.size() : options.runs();
    for (int i = 0; i < runs && !kills.isEmpty(); i++) {
      plans.add(next(kills.get(i % kills.size()), counts));
    }
    for (Fault fault : faults) {
      for (int i = 0; !fault.isRandomKill() && i < repetitions(fault, options); i++) {
        plans.add(next(fault, counts));
      }
    }
    return plans;
  }

  /** A choice that each seed makes differently, in the order of all. */
  private static Set<Fault> some(Set<Fault> faults, long seed) {
    if (faults.size() <= SHORT) {
      return faults;
    }
    List<Fault> shuffled = new ArrayList<>(faults);
    Collections.shuffle(shuffled, new Random(seed));
    EnumSet<Fault> chosen = EnumSet.noneOf(Fault.class);
    int left = SHORT;
    for (Fault fault : shuffled) {
      if (weight(fault) <= left) {
        chosen.add(fault);
        left -= weight(fault);
      }
    }
    return chosen;
  }

  /** How many others take as long, at about nine seconds each. */
  static int weight(Fault fault) {
    return switch (fault) {
      // Circuit breakers are open for half a minute afterwards.
      case PROVIDERS_DOWN, PROVIDERS_LYING -> 4;
      // All processes are started again, with the data on a small disk.
      case POSTGRES_FULL -> 2;
      default -> 1;
    };
  }

  private static int repetitions(Fault fault, ChaosOptions options) {
    if (options.isShort()) {
      return 1;
    }
    return switch (fault) {
      // Each point of a commit.
      case COMMIT_CUT, COMMIT_HELD, COMMIT_DROPPED -> 3;
      // Each duration.
      case NETWORK_RESET, NETWORK_SILENT -> options.isLong() ? 3 : 2;
      case MIGRATION_KILL -> 2;
      default -> 1;
    };
  }

  private static Plan next(Fault fault, Map<Fault, Integer> counts) {
    return new Plan(fault, counts.merge(fault, 1, Integer::sum));
  }

  /** The run's source of randomness. */
  Random random(long seed) {
    // Generators with similar seeds begin alike, so the seeds are scattered first.
    long mixed = seed ^ ((long) fault.title().hashCode() << Integer.SIZE) ^ number;
    return new Random(new SplittableRandom(mixed).nextLong());
  }
}
