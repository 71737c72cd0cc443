package app.perpetua.flow.harness;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Captures what the current thread logs to a logger, until it is closed. Loggers are shared by the
 * whole JVM, so records of other threads are ignored.
 */
public final class CapturedLog implements AutoCloseable {
  private final Thread thread = Thread.currentThread();
  private final List<LogRecord> records = new CopyOnWriteArrayList<>();
  private final Logger logger;
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord event) {
          if (Thread.currentThread().equals(thread)) {
            records.add(event);
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  /** Starts capturing; the name is a class's or a package's. */
  public CapturedLog(String name) {
    logger = Logger.getLogger(name);
    logger.addHandler(handler);
  }

  /** The records so far, in order. */
  public List<LogRecord> records() {
    return List.copyOf(records);
  }

  /** Message pattern and parameters of each record. */
  public List<String> lines() {
    return records.stream().map(CapturedLog::line).toList();
  }

  private static String line(LogRecord event) {
    return event.getMessage() + Arrays.toString(event.getParameters());
  }

  @Override
  public void close() {
    logger.removeHandler(handler);
  }
}
