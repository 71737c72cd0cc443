package app.perpetua.flow.dev;

import java.nio.file.Path;
import java.util.Iterator;
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
 */
public record Options(
    Path home, int port, int controlPort, int workers, boolean fresh, boolean logs) {
  private static final int MAX_WORKERS = 16;

  /** Invalid arguments; the message names them. */
  public static final class Misused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Misused(String message) {
      super(message, null, false, false);
    }
  }

  /**
   * Parses the command line; {@code PORT} is the default of {@code --port}.
   *
   * @throws Misused if an argument is invalid
   */
  public static Options parse(List<String> arguments, Map<String, String> environment) {
    int port = number("PORT", environment.getOrDefault("PORT", "8000"), 65_535);
    int controlPort = 8001;
    int workers = 0;
    boolean fresh = false;
    boolean logs = false;
    Iterator<String> words =
        arguments.stream().flatMap(word -> List.of(word.split("=", 2)).stream()).iterator();
    while (words.hasNext()) {
      String name = words.next();
      switch (name) {
        case "--port" -> port = number(name, value(name, words), 65_535);
        case "--control-port" -> controlPort = number(name, value(name, words), 65_535);
        case "--workers" -> workers = number(name, value(name, words), MAX_WORKERS);
        case "--fresh" -> fresh = true;
        case "--logs" -> logs = true;
        default -> throw new Misused("unknown argument " + name);
      }
    }
    if (port == controlPort && port != 0) {
      throw new Misused("--port and --control-port are both " + port);
    }
    return new Options(Path.of(".dev"), port, controlPort, workers, fresh, logs);
  }

  private static String value(String name, Iterator<String> words) {
    if (!words.hasNext()) {
      throw new Misused(name + " needs a value");
    }
    return words.next();
  }

  private static int number(String name, String text, int max) {
    if (text.matches("[0-9]{1,5}") && Integer.parseInt(text) <= max) {
      return Integer.parseInt(text);
    }
    throw new Misused(name + " must be a number from 0 to " + max);
  }
}
