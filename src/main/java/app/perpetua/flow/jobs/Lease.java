package app.perpetua.flow.jobs;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Claims jobs and holds, extends and ends the claims. A claim is a token in the job's row, valid
 * until a time on the database's clock, which all workers share; a claimed job can be changed only
 * with its token. Thread-safe.
 */
final class Lease {
  /** Three heartbeats, of which two may fail. Jobs of a dead worker run again within a minute. */
  static final Duration LENGTH = Duration.ofSeconds(30);

  /** Characters of an error message that are stored. */
  private static final int MAX_ERROR = 1_000;

  /** Where an attempt has had effects when it ends its job. */
  enum Effects {
    /**
     * Only in the transaction that ends the job. If a crash of the server undoes that commit, it
     * undoes all of them, and the job runs again, so the commit need not wait for the disk.
     */
    IN_DATABASE,
    /** A provider was called, and the transaction stores the result. The commit is durable. */
    AT_PROVIDER
  }

  /** The lease was lost, so the handler's transaction must be rolled back. */
  static final class Lost extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Lost(Job job) {
      super("the lease of job " + job.id() + " was lost", null, false, false);
    }
  }

  /**
   * A job whose lease had expired.
   *
   * @param dead whether that was its last attempt
   */
  record Rescued(String kind, boolean dead) {}

  /**
   * The result of a claim, and when to claim again.
   *
   * @param limited whether there may be more due jobs
   * @param nextRunAt when the next job becomes due, on the service's clock; in the past if another
   *     transaction has locked a due job; null if {@code limited} or if no job is queued
   * @param leaseLeft until the first lease of a running job expires, not positive if one has; null
   *     if no job is running or leases were not looked at
   */
  record Claim(
      List<Job> jobs, boolean limited, @Nullable Instant nextRunAt, @Nullable Duration leaseLeft) {
    boolean leaseExpired() {
      return leaseLeft != null && !leaseLeft.isPositive();
    }
  }

  private final Db db;
  private final Ids ids;
  private final String[] kinds;

  Lease(Db db, Ids ids, Set<String> kinds) {
    this.db = db;
    this.ids = ids;
    this.kinds = kinds.stream().sorted().toArray(String[]::new);
  }

  /**
   * Claims due jobs: first those that were attempted before, then the others, each oldest first.
   *
   * @param now maximum number of jobs that run at once
   * @param later maximum number of further jobs; none of them was attempted before
   * @param withLeases whether to look at the leases of running jobs
   */
  Claim claim(int now, int later, boolean withLeases) {
    UUID lease = ids.next();
    record Found(
        Optional<Job> job, boolean limited, @Nullable Instant next, @Nullable Integer left) {}
    List<Found> found =
        db.statement(
            tx ->
                tx.sql("jobs.claim_due")
                    .bind("kinds", kinds)
                    .bind("count", now + later)
                    .bind("now_count", now)
                    .bind("lease", lease)
                    .bind("lease_ms", LENGTH.toMillis())
                    .bind("with_leases", withLeases)
                    .list(
                        row ->
                            new Found(
                                Optional.ofNullable(row.uuidOrNull("id"))
                                    .map(_ -> Job.of(row, lease)),
                                row.bool("is_limited"),
                                row.instantOrNull("next_run_at"),
                                row.integerOrNull("lease_left_ms"))));
    Found first = found.getFirst();
    return new Claim(
        found.stream().flatMap(row -> row.job().stream()).toList(),
        first.limited(),
        first.next(),
        first.left() == null ? null : Duration.ofMillis(first.left()));
  }

  /** Extends the leases that are still held. */
  void extend(Collection<Job> jobs) {
    db.write(Actor.system(null), tx -> extend(tx, jobs));
  }

  private static int extend(Tx tx, Collection<Job> jobs) {
    return tx.sql("jobs.extend_leases")
        .bind("ids", jobs.stream().map(Job::id).toList())
        .bind("leases", jobs.stream().map(Job::lease).toList())
        .bind("lease_ms", LENGTH.toMillis())
        .run();
  }

  /** Releases the leases that are still held; the attempts do not count. */
  void release(Collection<Job> jobs) {
    db.write(
        Actor.system(null),
        tx ->
            tx.sql("jobs.release")
                .bind("ids", jobs.stream().map(Job::id).toList())
                .bind("leases", jobs.stream().map(Job::lease).toList())
                .run());
  }

  /** Requeues one job whose lease has expired, or discards it if that was its last attempt. */
  Optional<Rescued> rescue() {
    return db.write(
        Actor.system(null),
        tx ->
            tx.sql("jobs.rescue")
                .one(row -> new Rescued(row.text("kind"), row.text("state").equals("dead"))));
  }

  /** Whether any job is due or running, in this worker or another. */
  boolean hasPending() {
    return db.write(
        Actor.system(null),
        tx ->
            tx.sql("jobs.find_pending")
                .bind("kinds", kinds)
                .one(row -> row.bool("pending"))
                .orElse(false));
  }

  /**
   * Extends the lease in a handler's transaction, which therefore commits only while it is held.
   *
   * @throws Lost if the lease is no longer held
   */
  void requireHeld(Tx tx, Job job) {
    if (extend(tx, List.of(job)) == 0) {
      throw new Lost(job);
    }
  }

  /**
   * Finishes, snoozes or retries the job in the handler's transaction. The first two are sent with
   * the commit, without a round trip of their own; the commit fails with {@link #isLost} if the
   * lease is no longer held.
   *
   * @param delay until a retry
   * @param effects of the attempt so far
   * @throws Lost if the lease is no longer held
   */
  void finish(Tx tx, Job job, TransactionalHandler.Next next, Duration delay, Effects effects) {
    switch (next) {
      case TransactionalHandler.Next.Done _ ->
          tx.sql("jobs.finish")
              .bind("id", job.id())
              .bind("lease", job.lease())
              .bind("repeatable", effects == Effects.IN_DATABASE)
              .atCommit();
      case TransactionalHandler.Next.Snooze(Instant at) ->
          tx.sql("jobs.snooze")
              .bind("id", job.id())
              .bind("lease", job.lease())
              .bind("run_at", at)
              .atCommit();
      case TransactionalHandler.Next.Retry(Duration atLeast, String why) -> {
        if (fail(tx, job, delay.compareTo(atLeast) < 0 ? atLeast : delay, why) == 0) {
          throw new Lost(job);
        }
      }
    }
  }

  /** Whether a commit failed because the lease of the job that it finishes was lost. */
  static boolean isLost(DatabaseException e) {
    return e.violates("lease_held");
  }

  /**
   * Requeues the job after the delay, or discards it if that was its last attempt. Returns false if
   * the lease is no longer held, as after a commit whose confirmation did not arrive.
   */
  boolean fail(Job job, Duration delay, RuntimeException failure) {
    String error = error(failure);
    return db.write(Actor.system(null), tx -> fail(tx, job, delay, error)) > 0;
  }

  private static int fail(Tx tx, Job job, Duration delay, String error) {
    return job.isLastAttempt()
        ? tx.sql("jobs.discard")
            .bind("id", job.id())
            .bind("lease", job.lease())
            .bind("error", error)
            .run()
        : tx.sql("jobs.retry_later")
            .bind("id", job.id())
            .bind("lease", job.lease())
            .bind("run_at", tx.now().plus(delay))
            .bind("error", error)
            .run();
  }

  private static String error(RuntimeException failure) {
    String text =
        (failure.getClass().getSimpleName() + ": " + failure.getMessage()).replace("\0", "");
    return text.substring(0, Math.min(text.length(), MAX_ERROR));
  }
}
