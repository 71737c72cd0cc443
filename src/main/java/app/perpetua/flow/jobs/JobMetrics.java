package app.perpetua.flow.jobs;

import app.perpetua.flow.sql.Tx;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Metrics of jobs (FR-066): the number of due, running and dead jobs and the age of the oldest due
 * one, over the whole queue, and the runs of this process by kind and outcome. Thread-safe.
 */
public final class JobMetrics implements Consumer<Worker.Run> {
  private record Queue(long due, long running, long dead, Duration overdue) {}

  private final MeterRegistry registry;
  private final Consumer<Tx> measureMore;
  private volatile Queue queue = new Queue(0, 0, 0, Duration.ZERO);

  public JobMetrics(MeterRegistry registry) {
    this(registry, _ -> {});
  }

  /**
   * @param measureMore called with the system transaction of each {@link #measure}
   */
  public JobMetrics(MeterRegistry registry, Consumer<Tx> measureMore) {
    this.registry = registry;
    this.measureMore = measureMore;
  }

  /** Registers the gauges, which show what {@link #measure} last read. */
  void register() {
    Gauge.builder("jobs", () -> queue.due()).tag("state", "due").register(registry);
    Gauge.builder("jobs", () -> queue.running()).tag("state", "running").register(registry);
    Gauge.builder("jobs", () -> queue.dead()).tag("state", "dead").register(registry);
    Gauge.builder("job.overdue", () -> queue.overdue().toMillis() / 1_000.0)
        .description("Time since the oldest due job became due")
        .baseUnit("seconds")
        .register(registry);
  }

  @Override
  public void accept(Worker.Run run) {
    registry
        .timer(
            "job.runs",
            "kind",
            run.kind(),
            "outcome",
            run.outcome().name().toLowerCase(Locale.ROOT))
        .record(run.took());
  }

  /**
   * Reads the state of the queue.
   *
   * @param tx a system transaction
   */
  void measure(Tx tx) {
    queue =
        tx.sql("jobs.measure")
            .one(
                row -> {
                  Instant oldest = row.instantOrNull("oldest_due");
                  return new Queue(
                      row.bigint("due"),
                      row.bigint("running"),
                      row.bigint("dead"),
                      oldest == null ? Duration.ZERO : Duration.between(oldest, tx.now()));
                })
            .orElse(queue);
    measureMore.accept(tx);
  }
}
