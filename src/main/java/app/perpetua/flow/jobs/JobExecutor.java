package app.perpetua.flow.jobs;

import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.jobs.TwoPhaseHandler.Prepared;
import app.perpetua.flow.jobs.Worker.Outcome;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.Supplier;

/** Runs one claimed job from its handler's first transaction to the job's end. Thread-safe. */
final class JobExecutor {
  private static final System.Logger LOG = System.getLogger(JobExecutor.class.getName());

  private final Db db;
  private final Lease lease;
  private final Map<String, JobHandler> handlers;
  private final Backoff backoff;
  private final Semaphore settling;

  /**
   * Runs jobs that were claimed by that lease.
   *
   * @param settling how many that have asked may settle at once; each takes a connection
   */
  JobExecutor(Db db, Lease lease, Map<String, JobHandler> handlers, Backoff backoff, int settling) {
    this.db = db;
    this.lease = lease;
    this.handlers = Map.copyOf(handlers);
    this.backoff = backoff;
    this.settling = new Semaphore(settling);
  }

  /** How far a job came in its first transaction. */
  sealed interface Step {
    /** To its end. */
    record Ended(Outcome outcome) implements Step {}

    /**
     * To a call.
     *
     * @param rest the call and what follows; takes a connection only to settle
     */
    record Asking(Supplier<Outcome> rest) implements Step {}
  }

  private interface Work<T> {
    T run() throws InterruptedException;
  }

  /** Begins the job; whatever goes wrong, here or in the rest, is told and settled. */
  Step begin(Job job) {
    return guarded(
        job,
        Step.Ended::new,
        () ->
            switch (handlers.get(job.kind())) {
              case null -> throw new IllegalStateException("no handler for " + job.kind());
              case TransactionalHandler whole ->
                  new Step.Ended(write(tx -> end(tx, job, whole.run(acting(tx, job), job))));
              case TwoPhaseHandler<?, ?> twoPhase -> first(job, twoPhase);
            });
  }

  private <W, R> Step first(Job job, TwoPhaseHandler<W, R> handler) {
    Prepared<W> prepared =
        write(
            tx -> {
              Prepared<W> result = handler.reserve(acting(tx, job), job);
              switch (result) {
                case Prepared.Ended<W>(TransactionalHandler.Next next) -> end(tx, job, next);
                case Prepared.Call<W> _ -> lease.hold(tx, job);
              }
              return result;
            });
    return switch (prepared) {
      case Prepared.Ended<W>(TransactionalHandler.Next next) -> new Step.Ended(outcome(job, next));
      case Prepared.Call<W>(W what) ->
          new Step.Asking(
              () -> guarded(job, Function.identity(), () -> second(job, handler, what)));
    };
  }

  private <W, R> Outcome second(Job job, TwoPhaseHandler<W, R> handler, W what)
      throws InterruptedException {
    R result = handler.call(what);
    settling.acquire();
    try {
      return write(tx -> end(tx, job, handler.settle(acting(tx, job), job, what, result)));
    } finally {
      settling.release();
    }
  }

  private <T> T guarded(Job job, Function<Outcome, T> ended, Work<T> work) {
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
    LOG.log(System.Logger.Level.INFO, "the lease of a job was lost", fields(job));
    return Outcome.LOST;
  }

  private <T> T write(Function<Tx, T> work) {
    return db.write(Actor.system(null), work);
  }

  /** The user's row is locked before anything of the user's is read, as in every request. */
  private static Tx acting(Tx tx, Job job) {
    if (job.userId() == null) {
      return tx;
    }
    Tx acting = tx.actingFor(job.userId());
    acting.lockOwner();
    return acting;
  }

  private Outcome end(Tx tx, Job job, TransactionalHandler.Next next) {
    lease.settle(tx, job, next, backoff.after(job.attempt()));
    return outcome(job, next);
  }

  private static Outcome outcome(Job job, TransactionalHandler.Next next) {
    return switch (next) {
      case TransactionalHandler.Next.Done _ -> Outcome.DONE;
      case TransactionalHandler.Next.Snooze _ -> Outcome.SNOOZED;
      case TransactionalHandler.Next.Retry _ -> job.isLastAttempt() ? Outcome.DEAD : Outcome.FAILED;
    };
  }

  private Outcome failed(Job job, RuntimeException why) {
    boolean held;
    try {
      held = lease.fail(job, backoff.after(job.attempt()), why);
    } catch (DatabaseException e) {
      // The claim runs out by itself.
      held = false;
    }
    if (!held) {
      LOG.log(System.Logger.Level.INFO, "a job was lost while it failed", fields(job));
      return Outcome.LOST;
    }
    System.Logger.Level level =
        job.isLastAttempt() ? System.Logger.Level.ERROR : System.Logger.Level.WARNING;
    LOG.log(level, job.isLastAttempt() ? "a job is dead" : "a job failed", why);
    LOG.log(level, "the job was", fields(job));
    return job.isLastAttempt() ? Outcome.DEAD : Outcome.FAILED;
  }

  private static LogFields fields(Job job) {
    return LogFields.of("job_id", job.id())
        .with("kind", job.kind())
        .with("attempt", job.attempt())
        .with("user_id", job.userId());
  }
}
