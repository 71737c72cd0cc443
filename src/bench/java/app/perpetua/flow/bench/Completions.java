package app.perpetua.flow.bench;

import app.perpetua.flow.bench.load.Latencies;
import app.perpetua.flow.bench.load.Operation;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Report;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Alternates completions with other changes of tasks; the difference is the cost of streaks,
 * achievements and perks. Each completion is the first of its task, so that it counts. Confined to
 * one thread.
 */
final class Completions {
  private static final int COUNT = 12_000;
  private static final int QUICK_COUNT = 3_000;

  private static final class Measured {
    private final Latencies latencies = new Latencies();
    private double seconds;

    void add(Latencies window, Duration duration) {
      latencies.add(window);
      seconds += duration.toNanos() / 1e9;
    }

    double perSecond() {
      return latencies.size() / seconds;
    }
  }

  private final Database database;
  private final BenchOptions options;
  private final Report report;

  Completions(Database database, BenchOptions options, Report report) {
    this.database = database;
    this.options = options;
    this.report = report;
  }

  /** Reopens all tasks at the end. */
  void run(Driver driver) throws IOException, SQLException {
    Measured plain = new Measured();
    Measured completions = new Measured();
    driver.atFullSpeed(Operation.PATCH, options.warmUp());
    window(driver, Operation.COMPLETE, new Measured());
    for (int i = 0; i < options.windows(); i++) {
      window(driver, Operation.PATCH, plain);
      window(driver, Operation.COMPLETE, completions);
    }
    report.print("");
    report.print(
        "Completions and other changes, %d windows of %d requests each:",
        options.windows(), count());
    for (Operation operation : new Operation[] {Operation.PATCH, Operation.COMPLETE}) {
      Measured measured = operation == Operation.PATCH ? plain : completions;
      report.print(
          "  %-36s %6.0f/s  p50 %6.2f ms  p99 %6.2f ms",
          operation.title(),
          measured.perSecond(),
          measured.latencies.percentile(0.5).toNanos() / 1e6,
          measured.latencies.percentile(0.99).toNanos() / 1e6);
    }
    report.print("  %-36s %6.2f", "ratio", completions.perSecond() / plain.perSecond());
  }

  private void window(Driver driver, Operation operation, Measured measured)
      throws IOException, SQLException {
    database.vacuum();
    long begun = System.nanoTime();
    Latencies latencies = driver.times(operation, count());
    measured.add(latencies, Duration.ofNanos(System.nanoTime() - begun));
    database.reopen();
  }

  private int count() {
    return options.quick() ? QUICK_COUNT : COUNT;
  }
}
