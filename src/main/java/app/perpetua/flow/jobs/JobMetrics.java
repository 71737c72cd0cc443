package app.perpetua.flow.jobs;

import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Metrics of jobs (FR-066): the number of due, running and dead jobs and the age of the oldest due
 * one, over the whole queue, and the runs of this process by kind and outcome. The queue is read
 * only when its gauges are, so that an idle database can be suspended. Thread-safe.
 */
public final class JobMetrics implements Consumer<Worker.Run> {
  private static final System.Logger LOG = System.getLogger(JobMetrics.class.getName());

  /** The gauges of one scrape, or of several scrapers, share a measurement. */
  private static final Duration MAX_AGE = Duration.ofSeconds(5);

  private record Queue(long due, long running, long dead, Duration overdue) {}

  private record TimerKey(String kind, Worker.Outcome outcome) {}

  private final MeterRegistry registry;

  /** The registry's own search by name and tags takes longer. */
  private final Map<TimerKey, Timer> timers = new ConcurrentHashMap<>();

  private final Consumer<Tx> measureMore;
  private final ReentrantLock lock = new ReentrantLock();
  private Queue queue = new Queue(0, 0, 0, Duration.ZERO);
  private @Nullable Long measuredAt;

  public JobMetrics(MeterRegistry registry) {
    this(registry, _ -> {});
  }

  /**
   * @param measureMore called with the system transaction of each measurement
   */
  public JobMetrics(MeterRegistry registry, Consumer<Tx> measureMore) {
    this.registry = registry;
    this.measureMore = measureMore;
  }

  /**
   * Registers the gauges. Reading one measures the queue if the last measurement is older than five
   * seconds; if the database is unavailable, it shows that one.
   */
  void register(Db db) {
    Gauge.builder("jobs", () -> queue(db).due()).tag("state", "due").register(registry);
    Gauge.builder("jobs", () -> queue(db).running()).tag("state", "running").register(registry);
    Gauge.builder("jobs", () -> queue(db).dead()).tag("state", "dead").register(registry);
    Gauge.builder("job.overdue", () -> queue(db).overdue().toMillis() / 1_000.0)
        .description("Time since the oldest due job became due")
        .baseUnit("seconds")
        .register(registry);
  }

  private Queue queue(Db db) {
    lock.lock();
    try {
      Long last = measuredAt;
      if (last == null || System.nanoTime() - last >= MAX_AGE.toNanos()) {
        try {
          queue = db.write(Actor.system(null), this::measure);
        } catch (DatabaseException e) {
          LOG.log(System.Logger.Level.DEBUG, "cannot measure the queue", e);
        }
        // Also after a failure, so that a scrape waits for an unavailable database only once.
        measuredAt = System.nanoTime();
      }
      return queue;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void accept(Worker.Run run) {
    timers
        .computeIfAbsent(
            new TimerKey(run.kind(), run.outcome()),
            key -> registry.timer("job.runs", "kind", key.kind(), "outcome", key.outcome().label))
        .record(run.took());
  }

  private Queue measure(Tx tx) {
    Queue measured =
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
            .orElseThrow();
    measureMore.accept(tx);
    return measured;
  }
}
