package app.perpetua.flow.bench.peers;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The load generator wrk: one thread and 64 connections, each of which sends its next request after
 * the last one's answer. Costs less processor time than a driver in Java. Confined to one thread.
 */
final class Wrk {
  /**
   * What wrk printed.
   *
   * @param perSecond answers a second, of any status
   * @param seconds duration of the run
   * @param p50 in milliseconds
   * @param p99 in milliseconds
   * @param refused answers whose status is not 2xx or 3xx
   * @param errors broken connections and requests without an answer within {@link #TIMEOUT}; empty
   *     if there are none
   */
  record Result(
      double perSecond, double seconds, double p50, double p99, long refused, String errors) {
    /** Answers a second whose status is 2xx or 3xx. */
    double succeededPerSecond() {
      return Math.max(0, perSecond - refused / seconds);
    }

    /**
     * Reads wrk's output.
     *
     * @throws IOException if it is not that of a complete run
     */
    static Result parse(String output) throws IOException {
      return new Result(
          Double.parseDouble(find(RATE, output).group(1)),
          Double.parseDouble(find(SECONDS, output).group(1)),
          latency(50, output),
          latency(99, output),
          REFUSED
              .matcher(output)
              .results()
              .mapToLong(match -> Long.parseLong(match.group(1)))
              .sum(),
          ERRORS.matcher(output).results().map(match -> match.group(1)).findAny().orElse(""));
    }

    private static double latency(int percent, String output) throws IOException {
      MatchResult found =
          find(Pattern.compile("(?m)^ +" + percent + "% +([0-9.]+)(us|ms|s|m) *$"), output);
      return Double.parseDouble(found.group(1))
          * Objects.requireNonNull(MILLIS.get(found.group(2)));
    }

    private static MatchResult find(Pattern pattern, String output) throws IOException {
      return pattern
          .matcher(output)
          .results()
          .findAny()
          .orElseThrow(() -> new IOException("wrk failed: " + output));
    }
  }

  static final int CONNECTIONS = 64;

  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final Pattern RATE = Pattern.compile("Requests/sec: +([0-9.]+)");
  private static final Pattern SECONDS = Pattern.compile("requests in ([0-9.]+)s");
  private static final Pattern REFUSED = Pattern.compile("Non-2xx or 3xx responses: (\\d+)");
  private static final Pattern ERRORS = Pattern.compile("Socket errors: (.*)");
  private static final Map<String, Double> MILLIS =
      Map.of("us", 0.001, "ms", 1.0, "s", 1_000.0, "m", 60_000.0);

  private final Path scripts;
  private final Path tokens;
  private int window;

  /**
   * @param scripts folder with a script for each operation
   * @param tokens file with a user's access token in each line
   */
  Wrk(Path scripts, Path tokens) {
    this.scripts = scripts;
    this.tokens = tokens;
  }

  /** Sends requests of one operation to a port of this machine for some time. */
  Result run(PeerOperation operation, int port, Duration duration) throws IOException {
    String script = operation.name().toLowerCase(Locale.ROOT) + ".lua";
    ProcessBuilder builder =
        new ProcessBuilder(
                "wrk",
                "--threads=1",
                "--connections=" + CONNECTIONS,
                "--duration=" + duration.toSeconds() + "s",
                "--timeout=" + TIMEOUT.toSeconds() + "s",
                "--latency",
                "--script=" + scripts.resolve(script),
                "http://127.0.0.1:" + port)
            .redirectErrorStream(true);
    builder.environment().put("SCRIPTS", scripts.toString());
    builder.environment().put("TOKENS", tokens.toString());
    builder.environment().put("WINDOW", Integer.toString(window++));
    Process process = builder.start();
    Thread killed = new Thread(process::destroyForcibly);
    Runtime.getRuntime().addShutdownHook(killed);
    try {
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      process.waitFor();
      return Result.parse(output);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    } finally {
      unhook(killed);
    }
  }

  private static void unhook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The hook is running.
    }
  }
}
