package app.perpetua.flow.bench;

import app.perpetua.flow.command.Arguments;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Command-line options.
 *
 * @param parts the parts to measure
 * @param quick uses short windows, whose figures are too rough for comparison
 * @param jvm options of the service's JVM
 * @param jar the JAR to measure; null for the current build
 * @param former the JAR of an earlier release, to compare with; null except for that comparison
 * @param minutes how long the soak lasts
 */
record BenchOptions(
    Set<Part> parts,
    boolean quick,
    List<String> jvm,
    @Nullable Path jar,
    @Nullable Path former,
    int minutes) {
  /** The default heap of a JVM is a quarter of the machine's memory. */
  static final List<String> DEFAULT_JVM = List.of("-Xmx512m");

  private static final int DEFAULT_MINUTES = 30;

  /** Two minutes of warm-up and two to compare. */
  private static final int LEAST_MINUTES = 4;

  /** Access tokens last four hours. */
  private static final int MOST_MINUTES = 220;

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
    EVENTS("event streams: delay, memory, polling"),
    REDIS("requests with limits shared through Redis"),
    PROGRAMS("requests with personal access tokens, and calls of tools"),
    START("time to start"),
    CURVES("requests beside 10,000 to a million tasks and 10 million entries"),
    RELEASES("requests compared with an earlier release, --former"),
    SOAK("half an hour of a usual load: memory, threads, dead rows, bills");

    private final String help;

    Part(String help) {
      this.help = help;
    }

    /** The name in arguments. */
    String title() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Whether it runs only if it is named. */
    boolean named() {
      return this == CURVES || this == RELEASES || this == SOAK;
    }

    /** What it measures, as {@code ./bench --help} prints it. */
    String help() {
      return help;
    }
  }

  /**
   * Parses the command line.
   *
   * @throws Arguments.Invalid if an argument is invalid
   */
  static BenchOptions parse(List<String> words) {
    Set<Part> parts = EnumSet.noneOf(Part.class);
    boolean quick = false;
    List<String> jvm = DEFAULT_JVM;
    Path jar = null;
    Path former = null;
    Integer minutes = null;
    Arguments arguments = new Arguments(words);
    while (arguments.hasNext()) {
      switch (arguments.next()) {
        case "--quick" -> quick = true;
        case "--only" -> parts.add(arguments.oneOf(Part.values(), Part::title));
        case "--jvm" -> jvm = List.of(arguments.value().split(" +", -1));
        case "--minutes" -> minutes = (int) arguments.number(LEAST_MINUTES, MOST_MINUTES);
        case "--jar" -> jar = Path.of(arguments.value());
        case "--former" -> former = Path.of(arguments.value());
        default -> throw arguments.unknown();
      }
    }
    if (minutes != null && !parts.contains(Part.SOAK)) {
      throw new Arguments.Invalid("--minutes applies to --only soak");
    }
    if (parts.contains(Part.RELEASES) != (former != null)) {
      throw new Arguments.Invalid(
          "--only releases requires --former, which applies to nothing else");
    }
    if (parts.isEmpty()) {
      parts.addAll(EnumSet.allOf(Part.class));
      parts.removeIf(Part::named);
    }
    return new BenchOptions(
        parts, quick, jvm, jar, former, minutes == null ? DEFAULT_MINUTES : minutes);
  }

  /** Time before the first window of an operation, for the JVM's compilers. */
  Duration warmUp() {
    return quick ? Duration.ZERO : Duration.ofSeconds(30);
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
}
