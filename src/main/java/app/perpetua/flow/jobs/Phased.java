package app.perpetua.flow.jobs;

import app.perpetua.flow.sql.Tx;

/**
 * A job that asks another company for something, which never happens inside a transaction: {@link
 * #begin} commits what is needed to find out afterwards how far it came, {@link #call} asks, and
 * {@link #settle} commits what came of it together with the job's end. The claim is extended
 * meanwhile. A worker that dies on the way leaves the job to another, which begins again: the call
 * may happen more than once, what is settled happens once. Thread-safe.
 *
 * @param <W> what the call is about; carries all it needs, since there is no transaction
 * @param <R> what came of it, failures that must be settled included
 */
public non-sealed interface Phased<W, R> extends JobHandler {
  /** What the first transaction found. */
  sealed interface Begun<W> {
    /** There is something to ask for. */
    record Call<W>(W what) implements Begun<W> {}

    /** There is not, and this becomes of the job. */
    record Ended<W>(Handler.Next next) implements Begun<W> {}
  }

  /**
   * Finds out what to ask for. Commits only while the claim holds.
   *
   * @param tx acts for the job's user, whose row is locked, or for the system
   * @throws RuntimeException to fail: nothing was asked, and the job is tried again later
   */
  Begun<W> begin(Tx tx, Job job);

  /**
   * Asks, within a deadline of its own that is shorter than the worker's grace of 6 s.
   *
   * @throws RuntimeException to fail without settling: the job begins again later
   * @throws InterruptedException if the worker stops and has given the job back
   */
  R call(W what) throws InterruptedException;

  /**
   * Writes down what came of it. Commits only while the claim holds, together with the job's end.
   *
   * @param tx as for {@link #begin}, but a later one: what was read then may have changed
   * @throws RuntimeException to fail: what was written is rolled back, and the job begins again
   */
  Handler.Next settle(Tx tx, Job job, W what, R result);
}
