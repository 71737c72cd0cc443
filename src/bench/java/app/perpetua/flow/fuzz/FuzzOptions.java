package app.perpetua.flow.fuzz;

import app.perpetua.flow.command.Arguments;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Command-line options.
 *
 * @param parts the parts to run
 * @param minutes time for all parts together, start and checks included
 * @param seed null for a random one
 */
record FuzzOptions(Set<Part> parts, int minutes, @Nullable Long seed) {
  private static final int DEFAULT_MINUTES = 10;
  private static final int MAX_MINUTES = 24 * 60;

  /** A part that can be run alone. The contract gets the time that the others leave. */
  enum Part {
    TOKENS("forged, malformed and foreign tokens, against every operation", 8),
    HTTP("malformed and smuggled requests, byte by byte", 12),
    WEBSOCKET("upgrades and frames that violate the protocol", 10),
    RRULE("random recurrence rules, compared with python-dateutil", 20),
    CONTRACT("every operation with hostile parameters, headers and bodies", 50);

    private final String help;
    private final int percent;

    Part(String help, int percent) {
      this.help = help;
      this.percent = percent;
    }

    /** The name in arguments. */
    String title() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** What it sends, as {@code ./fuzz --help} prints it. */
    String help() {
      return help;
    }
  }

  /**
   * Parses the command line.
   *
   * @throws Arguments.Invalid if an argument is invalid
   */
  static FuzzOptions parse(List<String> words) {
    Set<Part> parts = EnumSet.noneOf(Part.class);
    int minutes = DEFAULT_MINUTES;
    Long seed = null;
    Arguments arguments = new Arguments(words);
    while (arguments.hasNext()) {
      switch (arguments.next()) {
        case "--minutes" -> minutes = (int) arguments.number(1, MAX_MINUTES);
        case "--seed" -> seed = arguments.number(Long.MIN_VALUE, Long.MAX_VALUE);
        case "--only" -> parts.add(arguments.oneOf(Part.values(), Part::title));
        default -> throw arguments.unknown();
      }
    }
    return new FuzzOptions(parts.isEmpty() ? EnumSet.allOf(Part.class) : parts, minutes, seed);
  }

  /** The time of a part: its share of what is left, among the parts that are still to run. */
  Duration share(Part part, Duration left) {
    int sum =
        parts.stream()
            .filter(other -> other.compareTo(part) >= 0)
            .mapToInt(other -> other.percent)
            .sum();
    return left.isNegative() ? Duration.ZERO : left.multipliedBy(part.percent).dividedBy(sum);
  }
}
