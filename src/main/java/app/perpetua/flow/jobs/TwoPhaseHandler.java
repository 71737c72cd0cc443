package app.perpetua.flow.jobs;

import app.perpetua.flow.sql.Tx;

/**
 * Does the work of one kind of job that calls a provider, outside of any transaction: {@link
 * #prepare} commits what a later attempt needs to find out how far the job came, {@link #call}
 * calls, and {@link #settle} commits the result together with the job's end. Heartbeats extend the
 * lease meanwhile. If the worker dies in between, another one starts again with {@link #prepare}:
 * the call may happen more than once, its result is committed once. Implementations are
 * thread-safe.
 *
 * @param <I> the complete input of the call, which has no transaction
 * @param <R> the result of the call, including the failures that must be settled
 */
public non-sealed interface TwoPhaseHandler<I, R> extends JobHandler {
  /** The result of the first transaction. */
  sealed interface Prepared<I> {
    /** The provider is to be called. */
    record Call<I>(I input) implements Prepared<I> {}

    /** No call is needed; the first transaction ends the job with {@code next}. */
    record NoCall<I>(TransactionalHandler.Next next) implements Prepared<I> {}

    /** No call is needed, and the job is finished. */
    static <I> Prepared<I> done() {
      return new NoCall<>(new TransactionalHandler.Next.Done());
    }
  }

  /**
   * Prepares the call. Commits only while the lease is held.
   *
   * @param tx acts for the job's user, whose row is locked, or for the system
   * @throws RuntimeException any exception fails the attempt without a call
   */
  Prepared<I> prepare(Tx tx, Job job);

  /**
   * Calls the provider, within a deadline of its own that is shorter than the worker's shutdown
   * time-out of 6 s.
   *
   * @throws RuntimeException any exception fails the attempt without settling
   * @throws InterruptedException if the worker stops and has released the job
   */
  R call(I input) throws InterruptedException;

  /**
   * Stores the result. Commits only while the lease is held, together with the job's end.
   *
   * @param tx acts as in {@link #prepare}; what was read there may have changed
   * @throws RuntimeException any exception rolls the transaction back and fails the attempt
   */
  TransactionalHandler.Next settle(Tx tx, Job job, I input, R result);
}
