package app.perpetua.flow.jobs;

import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;

/**
 * Does the work of one kind of job in one transaction, which also ends the job, so its effect
 * commits once. The handler itself may run more than once, even twice at the same time (when the
 * worker that lost the lease was only frozen), so it must do nothing that a rollback does not undo.
 * The commit that finishes the job does not wait for the disk: a crash of the database may undo it,
 * and the job runs again. Implementations are thread-safe.
 */
@FunctionalInterface
public non-sealed interface TransactionalHandler extends JobHandler {
  /** What happens to the job. */
  sealed interface Next {
    /** The job is finished. */
    record Done() implements Next {}

    /**
     * The job runs again with all its attempts, because work is left or it is too early.
     *
     * @param at earliest time of the next run
     */
    record Snooze(Instant at) implements Next {}

    /**
     * The attempt counts as failed, but the transaction commits; after the last attempt the job is
     * dead.
     *
     * @param atLeast minimum delay; the usual backoff applies if it is longer
     * @param why for the operator, without text that a user wrote
     */
    record Retry(Duration atLeast, String why) implements Next {}
  }

  /**
   * Runs the job.
   *
   * @param tx acts for the job's user, whose row is locked, or for the system
   * @throws RuntimeException any exception rolls the transaction back; the job is retried
   */
  Next run(Tx tx, Job job);
}
