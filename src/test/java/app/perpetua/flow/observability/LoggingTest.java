package app.perpetua.flow.observability;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.concurrent.RejectedExecutionException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("changes filters of the JVM's loggers")
class LoggingTest {
  private static final String LISTENER = "io.helidon.webserver.ServerListener";
  private static final String CONNECTION = "com.zaxxer.hikari.pool.ProxyConnection";

  @Test
  void a_connection_during_shutdown_is_not_logged_as_an_error() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Logging.JsonLineHandler lines = new Logging.JsonLineHandler(out, new LogConfig(Level.INFO, 0));
    Logger listener = Logger.getLogger(LISTENER);
    listener.addHandler(lines);
    try {
      System.Logger helidon = System.getLogger(LISTENER);
      helidon.log(
          System.Logger.Level.ERROR,
          "Executor rejected handler for new connection",
          new RejectedExecutionException());
      assertEquals("", out.toString(StandardCharsets.US_ASCII));
      helidon.log(
          System.Logger.Level.ERROR, "this server socket is terminating", new OutOfMemoryError());
      assertTrue(out.toString(StandardCharsets.US_ASCII).contains("is terminating"));
    } finally {
      listener.removeHandler(lines);
      listener.setFilter(null);
      lines.close();
    }
  }

  @Test
  void a_broken_connection_of_the_pool_is_logged_without_a_trace() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Logging.JsonLineHandler lines = new Logging.JsonLineHandler(out, new LogConfig(Level.INFO, 0));
    Logger logger = Logger.getLogger(CONNECTION);
    logger.addHandler(lines);
    try {
      System.getLogger(CONNECTION)
          .log(System.Logger.Level.WARNING, "marked as broken", new SQLException("gone", "08006"));
      String line = out.toString(StandardCharsets.US_ASCII);
      assertTrue(line.contains("marked as broken"));
      assertFalse(line.contains("SQLException"));
    } finally {
      logger.removeHandler(lines);
      logger.setFilter(null);
      lines.close();
    }
  }
}
