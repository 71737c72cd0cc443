package app.perpetua.flow;

import app.perpetua.flow.command.Arguments;
import app.perpetua.flow.dev.LocalStack;
import app.perpetua.flow.dev.Options;
import app.perpetua.flow.dev.StartupException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Entry point of {@code ./dev}: the service with everything that it needs, on this machine. */
public final class DevServer {
  private DevServer() {}

  /**
   * Runs until it is stopped. Exit codes: 1 cannot start, 2 invalid arguments, 130 stopped with
   * Ctrl-C.
   */
  public static void main(String[] arguments) {
    long begun = System.nanoTime();
    // Hides progress messages of libraries.
    Logger.getLogger("").setLevel(Level.WARNING);
    LocalStack stack = new LocalStack(System.out::println);
    try {
      Options options = Options.parse(List.of(arguments), System.getenv());
      Runtime.getRuntime().addShutdownHook(new Thread(stack::close, "stop"));
      System.out.print(stack.start(options, System.getenv()));
      System.out.printf(
          Locale.ROOT,
          "Ready after %.1f s.%n",
          Duration.ofNanos(System.nanoTime() - begun).toMillis() / 1000.0);
      // The control port's thread keeps the process alive.
    } catch (Arguments.Invalid e) {
      System.err.println("./dev: " + e.getMessage() + "; --help lists the options");
      System.exit(2);
    } catch (RuntimeException e) {
      // After Ctrl-C the start fails because its parts are being stopped.
      if (stack.hasFailed()) {
        fail(e);
      }
    }
  }

  private static void fail(RuntimeException e) {
    if (e instanceof StartupException) {
      System.err.println("./dev cannot start: " + e.getMessage());
    } else {
      System.err.println("./dev cannot start: unexpected error");
      e.printStackTrace();
    }
    System.exit(1);
  }
}
