package app.perpetua.flow.jobs;

import app.perpetua.flow.sql.Tx;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * What Prometheus reads about jobs (FR-066): how many are due, running and dead, how long the
 * oldest is overdue, and how each kind's runs ended. The figures are those of the whole queue,
 * whichever worker tells them. Thread-safe.
 */
public final class JobMetrics implements Consumer<Worker.Ran> {
  private record Queue(long due, long running, long dead, Duration overdue) {}

  private final MeterRegistry registry;
  private final Consumer<Tx> alongside;
  private volatile Queue queue = new Queue(0, 0, 0, Duration.ZERO);

  public JobMetrics(MeterRegistry registry) {
    this(registry, _ -> {});
  }

  /**
   * As above.
   *
   * @param alongside measures something else in the same transaction of the system's, whenever the
   *     queue is
   */
  public JobMetrics(MeterRegistry registry, Consumer<Tx> alongside) {
    this.registry = registry;
    this.alongside = alongside;
  }

  /** Shows the queue, as {@link #measure} last saw it. */
  void watch() {
    Gauge.builder("jobs", () -> queue.due()).tag("state", "due").register(registry);
    Gauge.builder("jobs", () -> queue.running()).tag("state", "running").register(registry);
    Gauge.builder("jobs", () -> queue.dead()).tag("state", "dead").register(registry);
    Gauge.builder("job.overdue", () -> queue.overdue().toMillis() / 1_000.0)
        .description("How long the oldest job that is due has been waiting")
        .baseUnit("seconds")
        .register(registry);
  }

  /** Counts a run. */
  @Override
  public void accept(Worker.Ran ran) {
    registry
        .timer(
            "job.runs",
            "kind",
            ran.kind(),
            "outcome",
            ran.outcome().name().toLowerCase(Locale.ROOT))
        .record(ran.took());
  }

  /**
   * Looks at the queue.
   *
   * @param tx the system's
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
    alongside.accept(tx);
  }
}
