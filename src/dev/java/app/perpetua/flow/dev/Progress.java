package app.perpetua.flow.dev;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Prints what is being done and, every few seconds until it is closed, for how long already. */
final class Progress implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofSeconds(5);

  private final CountDownLatch over = new CountDownLatch(1);

  /**
   * @param terminal receives the lines, also in another thread
   */
  Progress(String what, Consumer<String> terminal) {
    this(what, terminal, INTERVAL);
  }

  Progress(String what, Consumer<String> terminal, Duration interval) {
    terminal.accept(what + " ...");
    Thread.ofPlatform().daemon().name("progress").start(() -> report(terminal, interval));
  }

  private void report(Consumer<String> terminal, Duration interval) {
    try {
      for (int i = 1; !over.await(interval.toNanos(), TimeUnit.NANOSECONDS); i++) {
        terminal.accept("  ... " + interval.multipliedBy(i).toSeconds() + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    over.countDown();
  }
}
