package app.perpetua.flow.jobs;

import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.jobs.Worker.Outcome;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** Runs one claimed job from its handler's first transaction to the job's end. Thread-safe. */
final class Runs {
  private static final System.Logger LOG = System.getLogger(Runs.class.getName());

  private final Db db;
  private final Lease lease;
  private final Map<String, JobHandler> handlers;
  private final Backoff backoff;

  /** Runs jobs that were claimed by that lease. */
  Runs(Db db, Lease lease, Map<String, JobHandler> handlers, Backoff backoff) {
    this.db = db;
    this.lease = lease;
    this.handlers = Map.copyOf(handlers);
    this.backoff = backoff;
  }

  /**
   * Runs the job; whatever goes wrong is told and settled here.
   *
   * @param leave makes room for others while the job asks somebody; what it returns takes the room
   *     back
   */
  Outcome run(Job job, Supplier<Runnable> leave) {
    try {
      return switch (handlers.get(job.kind())) {
        case null -> throw new IllegalStateException("no handler for " + job.kind());
        case Handler whole -> write(tx -> end(tx, job, whole.run(acting(tx, job), job)));
        case Phased<?, ?> phased -> inPhases(job, phased, leave);
      };
    } catch (Lease.Lost e) {
      LOG.log(System.Logger.Level.INFO, e.getMessage(), fields(job));
      return Outcome.LOST;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Outcome.LOST;
    } catch (RuntimeException e) {
      return failed(job, e);
    }
  }

  private <W, R> Outcome inPhases(Job job, Phased<W, R> handler, Supplier<Runnable> leave)
      throws InterruptedException {
    Phased.Begun<W> begun =
        write(
            tx -> {
              Phased.Begun<W> found = handler.begin(acting(tx, job), job);
              switch (found) {
                case Phased.Begun.Ended<W>(Handler.Next next) -> end(tx, job, next);
                case Phased.Begun.Call<W> _ -> lease.hold(tx, job);
              }
              return found;
            });
    return switch (begun) {
      case Phased.Begun.Ended<W>(Handler.Next next) -> outcome(job, next);
      case Phased.Begun.Call<W>(W what) -> {
        R result;
        Runnable comeBack = leave.get();
        try {
          result = handler.call(what);
        } finally {
          comeBack.run();
        }
        yield write(tx -> end(tx, job, handler.settle(acting(tx, job), job, what, result)));
      }
    };
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

  private Outcome end(Tx tx, Job job, Handler.Next next) {
    lease.settle(tx, job, next, backoff.after(job.attempt()));
    return outcome(job, next);
  }

  private static Outcome outcome(Job job, Handler.Next next) {
    return switch (next) {
      case Handler.Next.Done _ -> Outcome.DONE;
      case Handler.Next.Again _ -> Outcome.AGAIN;
      case Handler.Next.Retry _ -> job.isLastAttempt() ? Outcome.DEAD : Outcome.FAILED;
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
