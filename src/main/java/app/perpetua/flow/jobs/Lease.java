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

/**
 * Claims on jobs: taken, extended, given up. A claim is a token on the job's row until a time of
 * the database's clock, which all workers share; every change of a claimed job asks for the token.
 * Thread-safe.
 */
final class Lease {
  /** Three heartbeats: two may be lost. A dead worker's jobs are back within a minute. */
  static final Duration LENGTH = Duration.ofSeconds(30);

  /** Longer errors are cut. */
  private static final int MAX_ERROR = 1_000;

  /** The claim was lost; what the handler did must be rolled back. */
  static final class Lost extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Lost(Job job) {
      super("the lease of job " + job.id() + " was lost", null, false, false);
    }
  }

  /** A job taken back from a worker that is gone. */
  record Rescued(String kind, boolean dead) {}

  private final Db db;
  private final Ids ids;
  private final String[] kinds;

  Lease(Db db, Ids ids, Set<String> kinds) {
    this.db = db;
    this.ids = ids;
    this.kinds = kinds.stream().sorted().toArray(String[]::new);
  }

  /**
   * Claims what is due, oldest first, but what was tried before in front of all others.
   *
   * @param now how many run at once
   * @param later how many more run soon; among them is none that was tried before
   */
  List<Job> claim(int now, int later) {
    UUID lease = ids.next();
    return db.write(
        Actor.system(null),
        tx ->
            tx.sql("jobs.claim_due")
                .bind("kinds", kinds)
                .bind("count", now + later)
                .bind("now_count", now)
                .bind("lease", lease)
                .bind("lease_ms", LENGTH.toMillis())
                .list(row -> Job.of(row, lease)));
  }

  /** Extends the claims that still hold. */
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

  /** Gives up the claims that still hold, as if the jobs had never been claimed. */
  void release(Collection<Job> jobs) {
    db.write(
        Actor.system(null),
        tx ->
            tx.sql("jobs.release")
                .bind("ids", jobs.stream().map(Job::id).toList())
                .bind("leases", jobs.stream().map(Job::lease).toList())
                .run());
  }

  /** Takes back one job whose lease ran out, or buries it if that was its last attempt. */
  Optional<Rescued> rescue() {
    return db.write(
        Actor.system(null),
        tx ->
            tx.sql("jobs.rescue")
                .one(row -> new Rescued(row.text("kind"), row.text("state").equals("dead"))));
  }

  /** True if anything is due or running, in whatever worker. */
  boolean busy() {
    return db.write(
        Actor.system(null),
        tx ->
            tx.sql("jobs.find_busy")
                .bind("kinds", kinds)
                .one(row -> row.bool("busy"))
                .orElse(false));
  }

  /**
   * Makes sure within a transaction that it commits only while the claim holds.
   *
   * @throws Lost if it is no longer claimed by this token
   */
  void hold(Tx tx, Job job) {
    if (extend(tx, List.of(job)) == 0) {
      throw new Lost(job);
    }
  }

  /**
   * Ends the job within the handler's transaction. What ends well costs no round trip: it leaves
   * with the commit, which fails with {@link #isLost} if the claim is no longer held.
   *
   * @param rest until the next attempt, should it come to that
   * @throws Lost if it is no longer claimed by this token
   */
  void settle(Tx tx, Job job, TransactionalHandler.Next next, Duration rest) {
    switch (next) {
      case TransactionalHandler.Next.Done _ ->
          tx.sql("jobs.finish").bind("id", job.id()).bind("lease", job.lease()).atCommit();
      case TransactionalHandler.Next.Snooze(Instant at) ->
          tx.sql("jobs.snooze")
              .bind("id", job.id())
              .bind("lease", job.lease())
              .bind("run_at", at)
              .atCommit();
      case TransactionalHandler.Next.Retry(Duration atLeast, String why) -> {
        if (fail(tx, job, rest.compareTo(atLeast) < 0 ? atLeast : rest, why) == 0) {
          throw new Lost(job);
        }
      }
    }
  }

  /** True if a transaction was refused because the job that it was to end is claimed no more. */
  static boolean isLost(DatabaseException e) {
    return e.violates("job_queue_running_leased");
  }

  /**
   * Lets it rest, or buries it if that was its last attempt. False if the claim was lost, also to a
   * commit of which the handler never heard.
   */
  boolean fail(Job job, Duration rest, RuntimeException why) {
    String error = error(why);
    return db.write(Actor.system(null), tx -> fail(tx, job, rest, error)) > 0;
  }

  private static int fail(Tx tx, Job job, Duration rest, String error) {
    return job.isLastAttempt()
        ? tx.sql("jobs.discard")
            .bind("id", job.id())
            .bind("lease", job.lease())
            .bind("error", error)
            .run()
        : tx.sql("jobs.retry_later")
            .bind("id", job.id())
            .bind("lease", job.lease())
            .bind("run_at", tx.now().plus(rest))
            .bind("error", error)
            .run();
  }

  private static String error(RuntimeException why) {
    String text = (why.getClass().getSimpleName() + ": " + why.getMessage()).replace("\0", "");
    return text.substring(0, Math.min(text.length(), MAX_ERROR));
  }
}
