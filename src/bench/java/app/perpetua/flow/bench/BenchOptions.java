package app.perpetua.flow.bench;

import java.nio.file.Path;
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
 * @param parts the parts to measure
 * @param quick uses short windows, whose figures are too rough for comparison
 * @param jvm options of the service's JVM
 * @param jar the JAR to measure; null for the current build
 */
record BenchOptions(Set<Part> parts, boolean quick, List<String> jvm, @Nullable Path jar) {
  /** The default heap of a JVM is a quarter of the machine's memory. */
  static final List<String> DEFAULT_JVM = List.of("-Xmx512m");

  /** A part of the benchmark that can be run alone. */
  enum Part {
    READS("read requests"),
    WRITES("write requests"),
    COMPLETIONS("completions of tasks, compared with other changes"),
    TRIPS("database round trips per request"),
    PEERS("requests compared with FastAPI and Fastify"),
    SCALE("requests beside a million tasks and of users with years of data"),
    JOBS("job throughput"),
    REMINDERS("due reminders"),
    WEBHOOKS("payment webhooks"),
    CHATS("chat streams, compared with a relay"),
    SPENDS("concurrent spending of credits"),
    VOICE("live voice streams, compared with a relay"),
    OVERLOAD("random arrivals: 400/s, as many as it can serve, three times that"),
    START("time to start");

    private final String help;

    Part(String help) {
      this.help = help;
    }

    /** The name in arguments. */
    String title() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** What it measures, as {@code ./bench --help} prints it. */
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
  static BenchOptions parse(List<String> arguments) {
    Set<Part> parts = EnumSet.noneOf(Part.class);
    boolean quick = false;
    List<String> jvm = DEFAULT_JVM;
    Path jar = null;
    Iterator<String> words = arguments.iterator();
    while (words.hasNext()) {
      String name = words.next();
      switch (name) {
        case "--quick" -> quick = true;
        case "--only" -> parts.add(part(value(name, words)));
        case "--jvm" -> jvm = List.of(value(name, words).split(" +", -1));
        case "--jar" -> jar = Path.of(value(name, words));
        default -> throw new Misused("unknown argument " + name);
      }
    }
    return new BenchOptions(parts.isEmpty() ? EnumSet.allOf(Part.class) : parts, quick, jvm, jar);
  }

  /** Time before the first window of an operation, for the JVM's compilers. */
  Duration warmUp() {
    return Duration.ofSeconds(quick ? 1 : 30);
  }

  long seconds() {
    return quick ? 1 : 8;
  }

  Duration window() {
    return Duration.ofSeconds(seconds());
  }

  int windows() {
    return quick ? 1 : 2;
  }

  /** Number of starts with each set of JVM options. */
  int starts() {
    return quick ? 2 : 5;
  }

  private static Part part(String name) {
    try {
      return Part.valueOf(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new Misused(
          "--only must be one of "
              + Arrays.stream(Part.values()).map(Part::title).collect(Collectors.joining(", ")));
    }
  }

  private static String value(String name, Iterator<String> words) {
    if (!words.hasNext()) {
      throw new Misused(name + " needs a value");
    }
    return words.next();
  }
}
