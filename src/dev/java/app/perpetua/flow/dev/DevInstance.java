package app.perpetua.flow.dev;

import app.perpetua.flow.App;
import app.perpetua.flow.Config;
import app.perpetua.flow.Role;
import app.perpetua.flow.dev.control.OffsetClock;
import app.perpetua.flow.observability.Logging;
import app.perpetua.flow.voice.VoiceTiming;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/**
 * The service as a child process of the dev server: like {@code Main}, but on the dev server's
 * clock. It prints its port and exits when its parent does.
 */
final class DevInstance {
  /** The next dev server needs the port. */
  private static final Duration ORPHANED = Duration.ofSeconds(3);

  private DevInstance() {}

  /** Expects {@code --role=} and {@code --clock=}, and its configuration in the environment. */
  public static void main(String[] arguments) throws InterruptedException {
    Role role = Role.valueOf(value(arguments[0], "--role=").toUpperCase(Locale.ROOT));
    OffsetClock clock = OffsetClock.following(Path.of(value(arguments[1], "--clock=")));
    try {
      Config config = Config.load(System.getenv());
      Logging.start(config.log(), System.out);
      App app =
          new App(
              config,
              role,
              clock,
              ran ->
                  System.out.println(
                      ServiceProcess.RAN
                          + ran.kind()
                          + " "
                          + ran.outcome().name().toLowerCase(Locale.ROOT)),
              VoiceTiming.standard());
      io.helidon.Main.addShutdownHandler(app::close);
      app.start();
      System.out.println(ServiceProcess.READY + app.port());
      obey(app);
    } catch (Config.InvalidException e) {
      e.errors().forEach(System.err::println);
      System.exit(2);
    } catch (App.StartupException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
    Thread exit = Thread.ofPlatform().start(() -> System.exit(1));
    exit.join(ORPHANED);
    Runtime.getRuntime().halt(1);
  }

  private static String value(String argument, String name) {
    if (!argument.startsWith(name)) {
      throw new IllegalArgumentException(argument);
    }
    return argument.substring(name.length());
  }

  /**
   * The parent holds the other end of standard input: it requests job runs there, and the pipe
   * closes however the parent ends.
   */
  private static void obey(App app) {
    try (BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String order = orders.readLine(); order != null; order = orders.readLine()) {
        if (order.equals(ServiceProcess.RUN_DUE)) {
          Thread.ofVirtual().start(() -> runDue(app));
        }
      }
    } catch (IOException e) {
      System.err.println("standard input: " + e);
    }
  }

  private static void runDue(App app) {
    boolean done = false;
    try {
      app.runDueJobs();
      done = true;
    } catch (RuntimeException e) {
      System.err.println("jobs cannot be run: " + e);
    }
    System.out.println(ServiceProcess.NOTHING_DUE + done);
  }
}
