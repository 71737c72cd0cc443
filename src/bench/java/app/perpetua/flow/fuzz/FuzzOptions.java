package app.perpetua.flow.fuzz;

import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
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
  static FuzzOptions parse(List<String> arguments) {
    Set<Part> parts = EnumSet.noneOf(Part.class);
    int minutes = DEFAULT_MINUTES;
    Long seed = null;
    Iterator<String> words = arguments.iterator();
    while (words.hasNext()) {
      String name = words.next();
      switch (name) {
        case "--minutes" -> minutes = minutes(value(name, words));
        case "--seed" -> seed = seed(value(name, words));
        case "--only" -> parts.add(part(value(name, words)));
        default -> throw new Misused("unknown argument " + name);
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

  private static int minutes(String text) {
    try {
      int minutes = Integer.parseInt(text);
      if (minutes >= 1 && minutes <= MAX_MINUTES) {
        return minutes;
      }
    } catch (NumberFormatException e) {
      // As if it were out of range.
    }
    throw new Misused("--minutes must be a number from 1 to " + MAX_MINUTES);
  }

  private static long seed(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new Misused("--seed must be an integer of 64 bits");
    }
  }

  private static Part part(String name) {
    return Arrays.stream(Part.values())
        .filter(part -> part.title().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new Misused(
                    "--only must be one of "
                        + Arrays.stream(Part.values())
                            .map(Part::title)
                            .collect(Collectors.joining(", "))));
  }

  private static String value(String name, Iterator<String> words) {
    if (!words.hasNext()) {
      throw new Misused(name + " needs a value");
    }
    return words.next();
  }
}
