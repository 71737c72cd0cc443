package app.perpetua.flow.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.RejectedExecutionException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class LoggingTest {
  private static final String LISTENER = "io.helidon.webserver.ServerListener";

  @Test
  void a_connection_that_meets_the_closing_listener_is_no_error() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Logging.Lines lines = new Logging.Lines(out, Level.INFO);
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
}
