package app.perpetua.flow.dev;

import app.perpetua.flow.command.Arguments;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Command-line options of {@code ./dev}.
 *
 * @param home directory of all data
 * @param port the service's port; 0 for any free port
 * @param controlPort the control port; 0 for any free port
 * @param workers number of worker processes in addition to an API process; 0 for one process with
 *     both roles
 * @param fresh delete all data before the start
 * @param logs print the service's log instead of writing it to a file
 * @param sample create a person with sample data after the start
 */
public record Options(
    Path home,
    int port,
    int controlPort,
    int workers,
    boolean fresh,
    boolean logs,
    boolean sample) {
  private static final int MAX_PORT = 65_535;
  private static final int MAX_WORKERS = 16;

  /**
   * Parses the command line; {@code PORT} is the default of {@code --port}.
   *
   * @throws Arguments.Invalid if an argument is invalid
   */
  public static Options parse(List<String> words, Map<String, String> environment) {
    int port =
        (int) Arguments.number("PORT", environment.getOrDefault("PORT", "8000"), 0, MAX_PORT);
    int controlPort = 8001;
    int workers = 0;
    boolean fresh = false;
    boolean logs = false;
    boolean sample = false;
    Arguments arguments = new Arguments(words);
    while (arguments.hasNext()) {
      switch (arguments.next()) {
        case "--port" -> port = (int) arguments.number(0, MAX_PORT);
        case "--control-port" -> controlPort = (int) arguments.number(0, MAX_PORT);
        case "--workers" -> workers = (int) arguments.number(0, MAX_WORKERS);
        case "--fresh" -> fresh = true;
        case "--logs" -> logs = true;
        case "--sample" -> sample = true;
        default -> throw arguments.unknown();
      }
    }
    if (port == controlPort && port != 0) {
      throw new Arguments.Invalid("--port and --control-port are both " + port);
    }
    return new Options(Path.of(".dev"), port, controlPort, workers, fresh, logs, sample);
  }
}
