package app.perpetua.flow.jobs;

import app.perpetua.flow.base.UtcDay;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Kinds of jobs that run once per UTC day, however many workers there are and however much their
 * clocks differ: the worker that inserts the day's row enqueues the job. Missed days are caught up,
 * each once, a week back at most. Thread-safe.
 */
public final class DailyJobs {
  /** Does one batch of a day's work. */
  @FunctionalInterface
  public interface Batch {
    /**
     * Runs as a {@link TransactionalHandler} does.
     *
     * @param tx a system transaction
     * @param cursor what the previous batch returned; empty for the first
     * @return the cursor of the next batch; none if the day's work is done
     */
    Optional<String> run(Tx tx, LocalDate day, String cursor);
  }

  private record DueDay(String kind, LocalDate day) {}

  private final Jobs jobs;
  private final Map<String, Batch> batches;
  private volatile @Nullable LocalDate lastEnqueued;

  public DailyJobs(Jobs jobs, Map<String, Batch> batches) {
    this.jobs = jobs;
    this.batches = Map.copyOf(batches);
  }

  /** A handler for each kind. */
  Map<String, TransactionalHandler> handlers() {
    Map<String, TransactionalHandler> handlers = new HashMap<>();
    batches.forEach((kind, batch) -> handlers.put(kind, (tx, job) -> run(tx, job, batch)));
    return handlers;
  }

  /**
   * Enqueues the jobs of today and of missed days that no worker has enqueued yet. Queries the
   * database only once a day.
   *
   * @return whether it did
   */
  boolean enqueueDue(Db db) {
    boolean isNewDay = !batches.isEmpty() && !day(db.now()).equals(lastEnqueued);
    if (isNewDay) {
      lastEnqueued = db.write(Actor.system(null), this::enqueueDue);
    }
    return isNewDay;
  }

  private LocalDate enqueueDue(Tx tx) {
    LocalDate today = day(tx.now());
    tx.sql("jobs.insert_due_days")
        .bind("kinds", batches.keySet().stream().sorted().toArray(String[]::new))
        .bind("today", today.toString())
        .list(row -> new DueDay(row.text("kind"), LocalDate.parse(row.text("day"))))
        .forEach(due -> enqueue(tx, due));
    return today;
  }

  /** Missed days are due at their end, so that they run in order. */
  private void enqueue(Tx tx, DueDay due) {
    Instant end = UtcDay.endOf(due.day());
    Instant runAt = end.isBefore(tx.now()) ? end : tx.now();
    jobs.enqueue(tx, due.kind(), due.day().toString(), runAt, Map.of());
  }

  private static TransactionalHandler.Next run(Tx tx, Job job, Batch batch) {
    String cursor =
        tx.sql("jobs.find_cursor")
            .bind("kind", job.kind())
            .bind("day", job.key())
            .one(row -> row.text("cursor"))
            .orElse("");
    Optional<String> next = batch.run(tx, LocalDate.parse(job.key()), cursor);
    tx.sql("jobs.store_cursor")
        .bind("kind", job.kind())
        .bind("day", job.key())
        .bind("cursor", next.orElse(null))
        .atCommit();
    return next.isPresent()
        ? new TransactionalHandler.Next.Snooze(tx.now())
        : new TransactionalHandler.Next.Done();
  }

  private static LocalDate day(Instant now) {
    return UtcDay.of(now);
  }
}
