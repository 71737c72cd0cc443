package app.perpetua.flow.fuzz;

import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Prints the number of inputs of a part every ten seconds, until it is closed. */
final class Progress implements AutoCloseable {
  private static final int SECONDS = 10;

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> Thread.ofPlatform().daemon().name("progress").unstarted(task));

  Progress(Tally tally) {
    var _ =
        timer.scheduleAtFixedRate(
            () -> System.out.printf(Locale.ROOT, "  %,d inputs%n", tally.inputs()),
            SECONDS,
            SECONDS,
            TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
