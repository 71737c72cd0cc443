package app.perpetua.flow;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The command {@code --check-config}: prints every error and every warning of the configuration,
 * and, on request, tries the connections to the database and the providers.
 */
final class CheckConfigCommand {
  private static final int VALID = 0;
  private static final int NOT_CONNECTED = 1;
  private static final int INVALID = 2;

  private final Map<String, String> environment;
  private final Role role;
  private final Memory memory;
  private final Duration limit;
  private final PrintStream out;
  private final PrintStream err;

  /**
   * @param role what it does not need is neither warned of nor tried; invalid values keep every
   *     role from starting
   * @param limit for all connections together
   * @param out receives warnings and results
   * @param err receives errors, and progress
   */
  CheckConfigCommand(
      Map<String, String> environment,
      Role role,
      Memory memory,
      Duration limit,
      PrintStream out,
      PrintStream err) {
    this.environment = Map.copyOf(environment);
    this.role = role;
    this.memory = memory;
    this.limit = limit;
    this.out = out;
    this.err = err;
  }

  /** Returns the exit code: 0 valid, 1 a connection failed, 2 invalid. */
  int run(boolean connect) {
    ConfigReader reader = new ConfigReader(environment);
    List<String> warnings = new ArrayList<>(ConfigWarnings.of(reader.variables(), memory, role));
    try {
      Config config = Config.load(reader);
      warnings.addAll(Providers.warnings(config, role));
      print("the configuration is valid", warnings);
      return connect ? connect(config) : VALID;
    } catch (Config.InvalidException e) {
      printErrors(e, err);
      if (!warnings.isEmpty()) {
        print("other things to look at", warnings);
      }
      if (connect) {
        out.println("connections are tried once the configuration is valid");
      }
      return INVALID;
    }
  }

  /** Prints a headline and a line for each error. */
  static void printErrors(Config.InvalidException e, PrintStream err) {
    err.println("perpetua-flow: the configuration is invalid:");
    e.errors().forEach(error -> err.println("  " + error));
  }

  private void print(String headline, List<String> warnings) {
    if (warnings.isEmpty()) {
      out.println(headline);
      return;
    }
    out.println(
        headline + "; " + warnings.size() + (warnings.size() == 1 ? " warning:" : " warnings:"));
    warnings.forEach(warning -> out.println("  " + warning));
  }

  private int connect(Config config) {
    out.println("connections:");
    try {
      return ConnectionChecks.run(config, role, limit, out, err) ? VALID : NOT_CONNECTED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return NOT_CONNECTED;
    }
  }
}
