package app.perpetua.flow.observability;

import app.perpetua.flow.base.Json;
import java.io.OutputStream;
import java.io.UnsupportedEncodingException;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;

/**
 * Sets java.util.logging up, to which everything in the process logs. Each line is written out
 * before the call that logged it returns, so a killed process leaves all of them.
 */
public final class Logging {
  /** Libraries that talk about themselves; heard from WARNING on, unless one looks for a fault. */
  private static final List<String> TALKATIVE =
      List.of("org.flywaydb", "com.zaxxer.hikari", "io.helidon", "org.postgresql");

  private Logging() {}

  /**
   * The JDK's own manager takes the handlers away as soon as the JVM begins to shut down, and what
   * is logged while requests are finishing would be lost. This one keeps them to the end, and reads
   * no configuration file.
   */
  public static final class KeepingHandlers extends LogManager {
    /** Called by the JDK, which finds this class by name. */
    public KeepingHandlers() {}

    @Override
    public void readConfiguration() {}

    @Override
    public void reset() {}
  }

  /**
   * Sends everything from that level on to the stream, as JSON lines. Must be called before
   * anything logs.
   */
  public static void start(Level level, OutputStream out) {
    System.setProperty("java.util.logging.manager", KeepingHandlers.class.getName());
    // Helidon would otherwise configure logging once more, or print that it cannot.
    System.setProperty("io.helidon.logging.config.disabled", "true");
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    root.setLevel(level);
    root.addHandler(new Lines(out, level));
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, error) ->
            System.getLogger(Logging.class.getName())
                .log(
                    System.Logger.Level.ERROR,
                    () -> "thread " + thread.getName() + " died",
                    error));
  }

  static final class Lines extends StreamHandler {
    /** The JDK forgets loggers, and with them their levels, unless somebody holds them. */
    private final List<Logger> quieted;

    private final Logger connections = Logger.getLogger("com.zaxxer.hikari.pool.ProxyConnection");

    private final Logger listener = Logger.getLogger("io.helidon.webserver.ServerListener");

    Lines(OutputStream out, Level level) {
      super(out, new JsonFormatter(new Json()));
      try {
        setEncoding("US-ASCII");
      } catch (UnsupportedEncodingException e) {
        throw new AssertionError("every Java platform has US-ASCII", e);
      }
      setLevel(Level.ALL);
      boolean lookingForFaults = level.intValue() < Level.INFO.intValue();
      quieted = lookingForFaults ? List.of() : TALKATIVE.stream().map(Logger::getLogger).toList();
      quieted.forEach(logger -> logger.setLevel(Level.WARNING));
      // The request that lost its connection logs a line of its own.
      connections.setFilter(
          event -> {
            event.setThrown(lookingForFaults ? event.getThrown() : null);
            return true;
          });
      // Helidon may accept one more connection while it closes the listener, and then calls it an
      // error that nobody is left to serve it. Its executor refuses for no other reason.
      listener.setFilter(event -> !(event.getThrown() instanceof RejectedExecutionException));
    }

    @Override
    public void publish(LogRecord event) {
      super.publish(event);
      flush();
    }

    /** The stream is not ours to close. */
    @Override
    public synchronized void close() {
      flush();
    }
  }
}
