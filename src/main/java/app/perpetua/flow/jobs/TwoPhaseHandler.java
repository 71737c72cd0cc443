package app.perpetua.flow.jobs;

import app.perpetua.flow.sql.Tx;

/**
 * A job that calls a provider, which never happens inside a transaction: {@link #reserve} commits
 * what is needed to find out later how far the job came, {@link #call} calls, and {@link #settle}
 * commits the result together with the job's end. The lease is extended meanwhile. If the worker
 * dies in between, another one starts again with {@link #reserve}: the call may happen more than
 * once, the settlement happens once. Thread-safe.
 *
 * @param <W> the input of the call; complete, since the call has no transaction
 * @param <R> the result of the call, including the failures that must be settled
 */
public non-sealed interface TwoPhaseHandler<W, R> extends JobHandler {
  /** The result of the first transaction. */
  sealed interface Prepared<W> {
    /** A call is to be made. */
    record Call<W>(W what) implements Prepared<W> {}

    /** No call is needed; the job continues with {@code next}. */
    record Ended<W>(TransactionalHandler.Next next) implements Prepared<W> {}

    /** No call is needed, and the job is done. */
    static <W> Prepared<W> done() {
      return new Ended<>(new TransactionalHandler.Next.Done());
    }
  }

  /**
   * Prepares the call. Commits only while the lease holds.
   *
   * @param tx acts for the job's user, whose row is locked, or for the system
   * @throws RuntimeException to fail without a call; the job is retried later
   */
  Prepared<W> reserve(Tx tx, Job job);

  /**
   * Calls the provider, within a deadline of its own that is shorter than the worker's shutdown
   * time-out of 6 s.
   *
   * @throws RuntimeException to fail without settling; the job is retried from the start
   * @throws InterruptedException if the worker stops and has released the job
   */
  R call(W what) throws InterruptedException;

  /**
   * Stores the result. Commits only while the lease holds, together with the job's end.
   *
   * @param tx as for {@link #reserve}, but a later one: what was read then may have changed
   * @throws RuntimeException to fail; the transaction is rolled back and the job retried from the
   *     start
   */
  TransactionalHandler.Next settle(Tx tx, Job job, W what, R result);
}
