package app.perpetua.flow.jobs;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Runs jobs: claims what is due, runs each handler in transactions of its own, and ends the job in
 * the last of them, if it still holds the claim. Several workers, in one process or many, share the
 * queue. A worker that dies loses its claims within a minute; one that was merely frozen finds them
 * lost and changes nothing. Starts once and stops once; thread-safe.
 */
public final class Worker implements AutoCloseable {
  /** How a run ended. */
  public enum Outcome {
    /** Finished. */
    DONE,
    /** To run again, as its handler wished. */
    AGAIN,
    /** Failed, to be tried again. */
    FAILED,
    /** Failed for good. */
    DEAD,
    /** Claimed by somebody else meanwhile; nothing was changed. */
    LOST
  }

  /**
   * A run.
   *
   * @param took real time
   */
  public record Ran(String kind, Outcome outcome, Duration took) {}

  private record Run(Job job, long begun) {}

  private static final System.Logger LOG = System.getLogger(Worker.class.getName());

  /** Half of the second within which what is due must start. */
  private static final Duration PACE = Duration.ofMillis(500);

  private static final Duration HEARTBEAT = Lease.LENGTH.dividedBy(3);

  /** A handler that takes longer hangs: its claim is no longer extended. */
  private static final Duration LONGEST_RUN = Duration.ofMinutes(5);

  /** Calls to other companies that wait at once, beside the jobs that have a connection. */
  private static final int CALLS = 32;

  /** What runs when the worker stops may go on for so long: a transaction's whole time. */
  private static final Duration GRACE = Duration.ofSeconds(6);

  /** Until a dead worker's claims have run out, with something to spare. */
  private static final Duration RUN_DUE_LIMIT = Lease.LENGTH.multipliedBy(2);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(10);
  private static final Duration MEASURE = Duration.ofSeconds(10);

  private final Db db;
  private final Daily daily;
  private final JobMetrics metrics;
  private final Consumer<Ran> listener;
  private final int parallel;
  private final Lease lease;
  private final Runs runs;
  private final Semaphore slots;
  private final Semaphore calls = new Semaphore(CALLS);
  private final Map<UUID, Run> running = new ConcurrentHashMap<>();
  private final BlockingQueue<Boolean> wakes = new ArrayBlockingQueue<>(1);
  private final ExecutorService executor =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("job-", 0).factory());
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopping;

  /**
   * A worker that does not run yet.
   *
   * @param handlers by kind, apart from the daily ones
   * @param daily the kinds that run once a day, and their handlers
   * @param listener told of every run, by the thread that ran it
   * @param parallel how many jobs run at once; each takes a connection, but for those in a call
   */
  public Worker(
      Db db,
      Ids ids,
      Map<String, ? extends JobHandler> handlers,
      Daily daily,
      Backoff backoff,
      JobMetrics metrics,
      Consumer<Ran> listener,
      int parallel) {
    this.db = db;
    this.daily = daily;
    this.metrics = metrics;
    this.listener = listener;
    this.parallel = parallel;
    Map<String, JobHandler> all = new HashMap<>(handlers);
    all.putAll(daily.handlers());
    this.lease = new Lease(db, ids, all.keySet());
    this.runs = new Runs(db, lease, all, backoff);
    this.slots = new Semaphore(parallel);
  }

  /** Begins to look for work. */
  public void start() {
    metrics.watch();
    threads.add(Thread.ofVirtual().name("jobs").start(this::work));
    threads.add(Thread.ofVirtual().name("job heartbeat").start(this::beat));
  }

  /** Looks for work at once, instead of at the next turn. */
  public void wake() {
    // One wake that nobody has taken yet is enough.
    boolean first = wakes.offer(true);
    LOG.log(System.Logger.Level.TRACE, "woken, first: {0}", first);
  }

  /**
   * Runs everything that is due now, one after the other, and waits for what other workers run.
   *
   * @return what this call ran, in order
   */
  public List<Ran> runDue() {
    List<Ran> ran = new ArrayList<>();
    long begun = System.nanoTime();
    while (true) {
      beginDay();
      takeBack();
      List<Job> jobs = lease.claim(parallel);
      jobs.forEach(job -> ran.add(run(job, () -> () -> {})));
      if (jobs.isEmpty()) {
        if (!lease.busy() || System.nanoTime() - begun > RUN_DUE_LIMIT.toNanos()) {
          return ran;
        }
        LockSupport.parkNanos(LOOK_AGAIN.toNanos());
      }
    }
  }

  private void work() {
    boolean away = false;
    long measured = System.nanoTime() - MEASURE.toNanos();
    while (!stopping) {
      try {
        beginDay();
        takeBack();
        claim();
        if (System.nanoTime() - measured >= MEASURE.toNanos()) {
          measured = System.nanoTime();
          db.write(Actor.system(null), this::measure);
        }
        away = false;
      } catch (DatabaseException e) {
        if (!away) {
          LOG.log(System.Logger.Level.WARNING, "no jobs for now: {0}", e.getMessage());
        }
        away = true;
      } catch (RuntimeException e) {
        // Whatever it is, jobs must go on.
        LOG.log(System.Logger.Level.ERROR, "looking for jobs", e);
      }
      try {
        wakes.poll(PACE.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private boolean measure(Tx tx) {
    metrics.measure(tx);
    return true;
  }

  private void beginDay() {
    if (!daily.isNew(db.now())) {
      return;
    }
    Instant begun =
        db.write(
            Actor.system(null),
            tx -> {
              daily.begin(tx);
              return tx.now();
            });
    daily.begun(begun);
  }

  private void takeBack() {
    lease
        .takeBack()
        .filter(Lease.TakenBack::dead)
        .ifPresent(
            dead -> {
              LOG.log(System.Logger.Level.ERROR, "a job of kind {0} is dead", dead.kind());
              tell(new Ran(dead.kind(), Outcome.DEAD, Duration.ZERO));
            });
  }

  /** Takes every free slot first: a job that comes back from its call must not find one twice. */
  private void claim() {
    // Whoever comes back has waited longer.
    int free = stopping || slots.hasQueuedThreads() ? 0 : slots.drainPermits();
    if (free == 0) {
      return;
    }
    List<Job> jobs = List.of();
    try {
      jobs = lease.claim(free);
    } finally {
      slots.release(free - jobs.size());
    }
    for (Job job : jobs) {
      executor.execute(
          () -> {
            try {
              run(job, this::leaveSlot);
            } finally {
              slots.release();
              wake();
            }
          });
    }
  }

  /** A call takes no connection, so others may run meanwhile; but it does take memory. */
  private Runnable leaveSlot() {
    if (!calls.tryAcquire()) {
      return () -> {};
    }
    slots.release();
    wake();
    return () -> {
      slots.acquireUninterruptibly();
      calls.release();
    };
  }

  private Ran run(Job job, Supplier<Runnable> leave) {
    Run run = new Run(job, System.nanoTime());
    running.put(job.id(), run);
    try {
      Outcome outcome = runs.run(job, leave);
      Ran ran = new Ran(job.kind(), outcome, Duration.ofNanos(System.nanoTime() - run.begun()));
      tell(ran);
      return ran;
    } finally {
      // Not one that was claimed anew meanwhile.
      running.remove(job.id(), run);
    }
  }

  private void tell(Ran ran) {
    metrics.accept(ran);
    listener.accept(ran);
  }

  private void beat() {
    try {
      while (true) {
        Thread.sleep(HEARTBEAT);
        extendHeld();
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  /** One heartbeat, in whichever phase the jobs are. */
  void extendHeld() {
    long now = System.nanoTime();
    List<Job> held =
        running.values().stream()
            .filter(run -> now - run.begun() < LONGEST_RUN.toNanos())
            .map(Run::job)
            .toList();
    if (held.isEmpty()) {
      return;
    }
    try {
      lease.extend(held);
    } catch (DatabaseException e) {
      LOG.log(System.Logger.Level.DEBUG, "a heartbeat is lost", e);
    }
  }

  /** Claims nothing more; what runs goes on. */
  public void stopClaiming() {
    stopping = true;
    wake();
  }

  /** Stops: lets what runs finish for a while, and gives the rest back. */
  @Override
  public void close() {
    stopClaiming();
    try {
      if (!threads.isEmpty()) {
        threads.getFirst().join(GRACE);
      }
      executor.shutdown();
      if (!executor.awaitTermination(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        lease.giveBack(running.values().stream().map(Run::job).toList());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (DatabaseException e) {
      LOG.log(System.Logger.Level.WARNING, "leases run out by themselves: {0}", e.getMessage());
    } finally {
      executor.shutdownNow();
      threads.forEach(Thread::interrupt);
    }
  }
}
