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
 * Configures java.util.logging, to which the whole process logs. Each line is flushed before the
 * logging call returns, so a killed process loses none.
 */
public final class Logging {
  /** Libraries logged from WARNING on, unless the level is DEBUG. */
  private static final List<String> QUIETED_LIBRARIES =
      List.of("org.flywaydb", "com.zaxxer.hikari", "io.helidon", "org.postgresql");

  private Logging() {}

  /**
   * Keeps the handlers during JVM shutdown, while requests finish; the JDK's own manager removes
   * them. Reads no configuration file.
   */
  public static final class LoggingUntilExit extends LogManager {
    /** Called by the JDK, which finds this class by name. */
    public LoggingUntilExit() {}

    @Override
    public void readConfiguration() {}

    @Override
    public void reset() {}
  }

  /** Logs to the stream from this level on, as JSON lines. Call it before anything logs. */
  public static void start(Level level, OutputStream out) {
    System.setProperty("java.util.logging.manager", LoggingUntilExit.class.getName());
    // Otherwise Helidon configures logging again, or prints that it cannot.
    System.setProperty("io.helidon.logging.config.disabled", "true");
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    root.setLevel(level);
    root.addHandler(new JsonLineHandler(out, level));
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, error) ->
            System.getLogger(Logging.class.getName())
                .log(
                    System.Logger.Level.ERROR,
                    () -> "thread " + thread.getName() + " terminated",
                    error));
  }

  static final class JsonLineHandler extends StreamHandler {
    /** Referenced, because the JDK drops unreferenced loggers together with their levels. */
    private final List<Logger> quieted;

    private final Logger poolConnections =
        Logger.getLogger("com.zaxxer.hikari.pool.ProxyConnection");
    private final Logger listener = Logger.getLogger("io.helidon.webserver.ServerListener");

    JsonLineHandler(OutputStream out, Level level) {
      super(out, new JsonFormatter(new Json()));
      try {
        setEncoding("US-ASCII");
      } catch (UnsupportedEncodingException e) {
        throw new AssertionError("every Java platform has US-ASCII", e);
      }
      setLevel(Level.ALL);
      boolean debug = level.intValue() < Level.INFO.intValue();
      quieted = debug ? List.of() : QUIETED_LIBRARIES.stream().map(Logger::getLogger).toList();
      quieted.forEach(logger -> logger.setLevel(Level.WARNING));
      // Without a stack trace: the request that lost its connection logs the failure.
      poolConnections.setFilter(
          event -> {
            event.setThrown(debug ? event.getThrown() : null);
            return true;
          });
      // Helidon logs an error if it accepts a connection while it closes the listener. Its executor
      // rejects tasks for no other reason.
      listener.setFilter(event -> !(event.getThrown() instanceof RejectedExecutionException));
    }

    @Override
    public void publish(LogRecord event) {
      super.publish(event);
      flush();
    }

    /** Leaves the stream open, which the caller owns. */
    @Override
    public synchronized void close() {
      flush();
    }
  }
}
