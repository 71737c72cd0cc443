package app.perpetua.flow.observability;

import app.perpetua.flow.base.LogFields;
import java.io.OutputStream;
import java.io.UnsupportedEncodingException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
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

  /** Between lines that report what was left out. */
  private static final Duration REPORT_INTERVAL = Duration.ofSeconds(1);

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

  /** Logs to the stream as JSON lines. Call it before anything logs. */
  public static void start(LogConfig config, OutputStream out) {
    System.setProperty("java.util.logging.manager", LoggingUntilExit.class.getName());
    // Otherwise Helidon configures logging again, or prints that it cannot.
    System.setProperty("io.helidon.logging.config.disabled", "true");
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    root.setLevel(config.level());
    root.addHandler(new JsonLineHandler(out, config));
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, error) ->
            System.getLogger(Logging.class.getName())
                .log(
                    System.Logger.Level.ERROR,
                    () -> "thread " + thread.getName() + " terminated",
                    error));
  }

  /** Reports the lines that were left out by the limit and not reported yet. */
  public static void reportLeftOut() {
    for (Handler handler : Logger.getLogger("").getHandlers()) {
      if (handler instanceof JsonLineHandler lines) {
        lines.reportLeftOut();
      }
    }
  }

  static final class JsonLineHandler extends StreamHandler {
    /** Referenced, because the JDK drops unreferenced loggers together with their levels. */
    private final List<Logger> quieted;

    private final Logger poolConnections =
        Logger.getLogger("com.zaxxer.hikari.pool.ProxyConnection");
    private final Logger listener = Logger.getLogger("io.helidon.webserver.ServerListener");
    private final Logger server = Logger.getLogger("io.helidon.webserver.LoomServer");

    private final LineLimit limit;
    private final Executor afterInterval;
    private final AtomicBoolean reportDue = new AtomicBoolean();

    JsonLineHandler(OutputStream out, LogConfig config) {
      this(
          out,
          config,
          System::nanoTime,
          CompletableFuture.delayedExecutor(REPORT_INTERVAL.toMillis(), TimeUnit.MILLISECONDS));
    }

    /**
     * @param afterInterval runs a task when lines that are left out must be reported
     */
    JsonLineHandler(
        OutputStream out, LogConfig config, LongSupplier nanos, Executor afterInterval) {
      super(out, new JsonFormatter());
      this.limit = new LineLimit(config.linesPerSecond(), nanos);
      this.afterInterval = afterInterval;
      try {
        setEncoding("US-ASCII");
      } catch (UnsupportedEncodingException e) {
        throw new AssertionError("every Java platform has US-ASCII", e);
      }
      setLevel(Level.ALL);
      boolean debug = config.level().intValue() < Level.INFO.intValue();
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
      // The process ends with a sentence that names the port.
      server.setFilter(event -> debug || !event.getMessage().contains("ailed to start"));
    }

    @Override
    public void publish(LogRecord event) {
      if (!isLoggable(event)) {
        return;
      }
      if (limit.admits(LineLimit.kind(event))) {
        super.publish(event);
        flush();
      } else if (reportDue.compareAndSet(false, true)) {
        afterInterval.execute(this::reportLeftOut);
      }
    }

    void reportLeftOut() {
      reportDue.set(false);
      LineLimit.LeftOut leftOut = limit.takeLeftOut();
      if (leftOut.all() == 0) {
        return;
      }
      LogRecord event =
          new LogRecord(
              Level.INFO, "log lines were left out; the metrics count all requests and jobs");
      event.setLoggerName(Logging.class.getName());
      event.setParameters(
          new Object[] {
            LogFields.of("left_out", leftOut.all())
                .with("left_out_ok", leftOut.ok())
                .with("left_out_refused", leftOut.refused())
          });
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
