package app.perpetua.flow.jobs;

import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.jobs.Lease.Effects;
import app.perpetua.flow.jobs.TwoPhaseHandler.Prepared;
import app.perpetua.flow.jobs.Worker.Outcome;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.math.BigDecimal;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.Supplier;

/** Runs claimed jobs. Failures are stored, logged and returned as outcomes. Thread-safe. */
final class JobExecutor {
  private static final System.Logger LOG = System.getLogger(JobExecutor.class.getName());

  private final Db db;
  private final Lease lease;
  private final Map<String, JobHandler> handlers;
  private final Backoff backoff;
  private final Semaphore settlePermits;

  /**
   * @param maxSettling maximum number of two-phase jobs in their second transaction at once; each
   *     takes a connection
   */
  JobExecutor(
      Db db, Lease lease, Map<String, JobHandler> handlers, Backoff backoff, int maxSettling) {
    this.db = db;
    this.lease = lease;
    this.handlers = Map.copyOf(handlers);
    this.backoff = backoff;
    this.settlePermits = new Semaphore(maxSettling);
  }

  /**
   * The state of a job after its first transaction.
   *
   * @param callPending whether {@code complete} calls a provider
   * @param complete runs what is left of the job and returns the outcome; called once
   */
  record Begun(boolean callPending, Supplier<Outcome> complete) {
    static Begun ended(Outcome outcome) {
      return new Begun(false, () -> outcome);
    }
  }

  private interface Work<T> {
    T run() throws InterruptedException;
  }

  /** Runs the first transaction of a job, which for a transactional handler is the only one. */
  Begun begin(Job job) {
    return catching(
        job,
        Begun::ended,
        () ->
            switch (handlers.get(job.kind())) {
              case null -> throw new IllegalStateException("no handler for kind " + job.kind());
              case TransactionalHandler handler ->
                  Begun.ended(
                      write(
                          tx ->
                              finish(
                                  tx,
                                  job,
                                  handler.run(acting(tx, job), job),
                                  Effects.IN_DATABASE)));
              case TwoPhaseHandler<?, ?> handler -> prepare(job, handler);
            });
  }

  private <I, R> Begun prepare(Job job, TwoPhaseHandler<I, R> handler) {
    return write(
        tx ->
            switch (handler.prepare(acting(tx, job), job)) {
              case Prepared.NoCall<I>(TransactionalHandler.Next next) ->
                  Begun.ended(finish(tx, job, next, Effects.IN_DATABASE));
              case Prepared.Call<I>(I input) -> {
                lease.requireHeld(tx, job);
                yield new Begun(
                    true,
                    () -> catching(job, Function.identity(), () -> call(job, handler, input)));
              }
            });
  }

  private <I, R> Outcome call(Job job, TwoPhaseHandler<I, R> handler, I input)
      throws InterruptedException {
    R result = handler.call(input);
    settlePermits.acquire();
    try {
      return write(
          tx ->
              finish(
                  tx,
                  job,
                  handler.settle(acting(tx, job), job, input, result),
                  Effects.AT_PROVIDER));
    } finally {
      settlePermits.release();
    }
  }

  private <T> T catching(Job job, Function<Outcome, T> ended, Work<T> work) {
    try {
      return work.run();
    } catch (Lease.Lost e) {
      return ended.apply(lost(job));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ended.apply(Outcome.LOST);
    } catch (DatabaseException e) {
      return ended.apply(Lease.isLost(e) ? lost(job) : failed(job, e));
    } catch (RuntimeException e) {
      return ended.apply(failed(job, e));
    }
  }

  private static Outcome lost(Job job) {
    LOG.log(
        System.Logger.Level.INFO, "job lease was lost; its changes are rolled back", fields(job));
    return Outcome.LOST;
  }

  private <T> T write(Function<Tx, T> work) {
    return db.write(Actor.system(null), work);
  }

  /**
   * The user's row is locked before any other row of the user is read, as in requests: together
   * with the first read.
   */
  private static Tx acting(Tx tx, Job job) {
    if (job.userId() == null) {
      return tx;
    }
    Tx acting = tx.actingFor(job.userId());
    acting.openWithOwner();
    return acting;
  }

  private Outcome finish(Tx tx, Job job, TransactionalHandler.Next next, Effects effects) {
    lease.finish(tx, job, next, backoff.after(job.attempt()), effects);
    return switch (next) {
      case TransactionalHandler.Next.Done _ -> Outcome.DONE;
      case TransactionalHandler.Next.Snooze _ -> Outcome.SNOOZED;
      case TransactionalHandler.Next.Retry _ -> job.isLastAttempt() ? Outcome.DEAD : Outcome.FAILED;
    };
  }

  private Outcome failed(Job job, RuntimeException failure) {
    boolean held;
    try {
      held = lease.fail(job, backoff.after(job.attempt()), failure);
    } catch (DatabaseException e) {
      // The lease expires without help.
      held = false;
    }
    if (!held) {
      LOG.log(System.Logger.Level.INFO, "job failed after its lease was lost", fields(job));
      return Outcome.LOST;
    }
    boolean dead = job.isLastAttempt();
    System.Logger.Level level = dead ? System.Logger.Level.ERROR : System.Logger.Level.WARNING;
    LOG.log(level, dead ? "job failed its last attempt" : "job failed", failure);
    LOG.log(level, "the failed job", fields(job));
    return dead ? Outcome.DEAD : Outcome.FAILED;
  }

  /** Logs a run, without building the line if it is not wanted. */
  static void log(System.Logger logger, Job job, Worker.Run run) {
    if (logger.isLoggable(System.Logger.Level.INFO)) {
      logger.log(
          System.Logger.Level.INFO,
          "job",
          fields(job)
              .with("outcome", run.outcome().label)
              .with("duration_ms", BigDecimal.valueOf(run.took().toNanos() / 1_000, 3)));
    }
  }

  private static LogFields fields(Job job) {
    return LogFields.of("job_id", job.id())
        .with("kind", job.kind())
        .with("attempt", job.attempt())
        .with("user_id", job.userId());
  }
}
