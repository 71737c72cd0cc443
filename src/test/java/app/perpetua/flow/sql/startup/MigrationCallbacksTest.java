package app.perpetua.flow.sql.startup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

final class MigrationCallbacksTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Otherwise a line of progress could follow the result that {@code --migrate} prints. */
  @Test
  void a_progress_line_is_written_before_the_migration_ends() throws Exception {
    String address = UUID.randomUUID().toString();
    Logger logger = Logger.getLogger(Migrations.class.getName());
    SlowHandler handler = new SlowHandler(address);
    logger.addHandler(handler);
    try {
      MigrationCallbacks callbacks = new MigrationCallbacks(address);
      handler.begun.await();
      Thread closing = Thread.ofPlatform().start(callbacks::close);
      Eventually.within(
          LIMIT,
          () ->
              closing.getState() == Thread.State.WAITING
                  || closing.getState() == Thread.State.TERMINATED);
      assertEquals(Thread.State.WAITING, closing.getState());
      handler.permitted.countDown();
      closing.join();
    } finally {
      handler.permitted.countDown();
      logger.removeHandler(handler);
    }
  }

  /** Holds the line about one database until it is permitted. */
  private static final class SlowHandler extends Handler {
    final CountDownLatch begun = new CountDownLatch(1);
    final CountDownLatch permitted = new CountDownLatch(1);
    private final String address;

    SlowHandler(String address) {
      this.address = address;
    }

    @Override
    public void publish(LogRecord event) {
      Object[] parameters = event.getParameters();
      if (parameters != null && parameters[0].equals(address)) {
        begun.countDown();
        try {
          permitted.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
