package app.perpetua.flow.jobs;

import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Kinds that run once per UTC day, however many workers there are and however their clocks differ:
 * the day is a row that one of them inserts. Days on which everything was down are caught up, each
 * once. Thread-safe.
 */
public final class DailyJobs {
  /** Does one batch of a day's work. */
  @FunctionalInterface
  public interface Batch {
    /**
     * Runs as a {@link TransactionalHandler} does.
     *
     * @param tx the system's
     * @param day whose work it is
     * @param cursor where the batch before has stopped; empty for the first
     * @return where the next one begins; none if the day is done
     */
    Optional<String> run(Tx tx, LocalDate day, String cursor);
  }

  private record Begun(String kind, String day) {}

  private final Jobs jobs;
  private final Map<String, Batch> batches;
  private volatile @Nullable LocalDate begun;

  public DailyJobs(Jobs jobs, Map<String, Batch> batches) {
    this.jobs = jobs;
    this.batches = Map.copyOf(batches);
  }

  /** The handler of each kind. */
  Map<String, TransactionalHandler> handlers() {
    Map<String, TransactionalHandler> handlers = new HashMap<>();
    batches.forEach((kind, batch) -> handlers.put(kind, (tx, job) -> run(tx, job, batch)));
    return handlers;
  }

  /** True if that time lies on a day that this process has not begun yet. */
  boolean isNew(Instant now) {
    return !batches.isEmpty() && !day(now).equals(begun);
  }

  /**
   * Enqueues the day's jobs, and those of missed days, as far as nobody else has.
   *
   * @param tx the system's
   */
  void begin(Tx tx) {
    tx.sql("jobs.begin_days")
        .bind("kinds", batches.keySet().stream().sorted().toArray(String[]::new))
        .bind("today", day(tx.now()).toString())
        .list(row -> new Begun(row.text("kind"), row.text("day")))
        .forEach(day -> enqueue(tx, day));
  }

  /** A day that is over was due at its end, so that missed days come in their order. */
  private void enqueue(Tx tx, Begun day) {
    Instant end = LocalDate.parse(day.day()).plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    Instant due = end.isBefore(tx.now()) ? end : tx.now();
    jobs.enqueue(tx, day.kind(), day.day(), due, Map.of());
  }

  /** Remembers that the day of that transaction has begun, once it is committed. */
  void begun(Instant now) {
    begun = day(now);
  }

  private static TransactionalHandler.Next run(Tx tx, Job job, Batch batch) {
    String cursor =
        tx.sql("jobs.find_cursor")
            .bind("kind", job.kind())
            .bind("day", job.key())
            .one(row -> row.text("cursor"))
            .orElse("");
    Optional<String> next = batch.run(tx, LocalDate.parse(job.key()), cursor);
    tx.sql("jobs.move_cursor")
        .bind("kind", job.kind())
        .bind("day", job.key())
        .bind("cursor", next.orElse(null))
        .atCommit();
    return next.isPresent()
        ? new TransactionalHandler.Next.Snooze(tx.now())
        : new TransactionalHandler.Next.Done();
  }

  private static LocalDate day(Instant now) {
    return LocalDate.ofInstant(now, ZoneOffset.UTC);
  }
}
