package app.perpetua.flow.jobs;

import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;

/**
 * Does the work of one kind of job. It may run more than once, also at the same time as a worker
 * that was frozen; what it does in its transaction happens once, because it commits together with
 * the job's end or not at all. It must do nothing that a rollback does not undo. Thread-safe.
 */
@FunctionalInterface
public non-sealed interface TransactionalHandler extends JobHandler {
  /** What becomes of the job. */
  sealed interface Next {
    /** It is finished. */
    record Done() implements Next {}

    /**
     * It runs again, with all its attempts: work is left, or its time has not come.
     *
     * @param at not before this time
     */
    record Snooze(Instant at) implements Next {}

    /**
     * It could not be done now and is tried again, as if it had failed, but what was written stays:
     * the attempt counts, and after the last one the job is dead.
     *
     * @param atLeast how long to rest if that is longer than usual
     * @param why for the operator, without anything a user wrote
     */
    record Retry(Duration atLeast, String why) implements Next {}
  }

  /**
   * Runs the job.
   *
   * @param tx acts for the job's user, whose row is locked, or for the system
   * @throws RuntimeException to fail: what was done is rolled back and tried again later
   */
  Next run(Tx tx, Job job);
}
