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
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

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
    SNOOZED,
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

  private static final System.Logger LOG = System.getLogger(Worker.class.getName());

  /** Half of the second within which what is due must start. */
  private static final Duration POLL_INTERVAL = Duration.ofMillis(500);

  private static final Duration HEARTBEAT = Lease.LENGTH.dividedBy(3);

  /** What runs when the worker stops may go on for so long: a transaction's whole time. */
  private static final Duration GRACE = Duration.ofSeconds(6);

  /** Until a dead worker's claims have run out, with something to spare. */
  private static final Duration RUN_DUE_LIMIT = Lease.LENGTH.multipliedBy(2);

  private static final Duration RECHECK_INTERVAL = Duration.ofMillis(10);
  private static final Duration MEASURE = Duration.ofSeconds(10);

  /** Looking for lost claims after every handful of jobs would cost as much as the jobs. */
  private static final Duration RESCUE_INTERVAL = Duration.ofMillis(100);

  private final Db db;
  private final DailyJobs daily;
  private final JobMetrics metrics;
  private final Consumer<Ran> listener;
  private final int parallel;
  private final Lease lease;
  private final JobExecutor runs;
  private final Semaphore slots;
  private final PrefetchBuffer ahead;
  private final InFlightJobs running = new InFlightJobs();
  private final CallPool callers = new CallPool();
  private final BlockingQueue<Boolean> wakes = new ArrayBlockingQueue<>(1);

  /** Few, and always waiting for the database: virtual ones would park and unpark for nothing. */
  private final ExecutorService executor;

  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopping;

  /**
   * A worker that does not run yet.
   *
   * @param handlers by kind, apart from the daily ones
   * @param daily the kinds that run once a day, and their handlers
   * @param listener told of every run, by the thread that ran it
   * @param parallel how many jobs run at once; each takes a connection, and those that settle after
   *     a call half as many again
   */
  public Worker(
      Db db,
      Ids ids,
      Map<String, ? extends JobHandler> handlers,
      DailyJobs daily,
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
    this.runs = new JobExecutor(db, lease, all, backoff, Math.max(1, parallel / 2));
    this.slots = new Semaphore(parallel);
    this.ahead = new PrefetchBuffer();
    this.executor =
        Executors.newFixedThreadPool(
            parallel, Thread.ofPlatform().daemon().name("job-", 0).factory());
  }

  /** Begins to look for work. */
  public void start() {
    metrics.watch();
    threads.add(Thread.ofVirtual().name("jobs").start(this::work));
    threads.add(Thread.ofVirtual().name("job heartbeat").start(this::heartbeat));
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
      rescue();
      List<Job> jobs = lease.claim(parallel, 0);
      jobs.forEach(job -> ran.add(run(job)));
      if (jobs.isEmpty()) {
        if (!lease.busy() || System.nanoTime() - begun > RUN_DUE_LIMIT.toNanos()) {
          return ran;
        }
        LockSupport.parkNanos(RECHECK_INTERVAL.toNanos());
      }
    }
  }

  private void work() {
    boolean away = false;
    long measured = System.nanoTime() - MEASURE.toNanos();
    long tookBack = System.nanoTime() - RESCUE_INTERVAL.toNanos();
    while (!stopping) {
      try {
        beginDay();
        if (System.nanoTime() - tookBack >= RESCUE_INTERVAL.toNanos()) {
          tookBack = System.nanoTime();
          rescue();
          release(ahead.stale(tookBack));
        }
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
        wakes.poll(POLL_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
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

  private void rescue() {
    lease
        .rescue()
        .filter(Lease.Rescued::dead)
        .ifPresent(
            dead -> {
              LOG.log(System.Logger.Level.ERROR, "a job of kind {0} is dead", dead.kind());
              tell(new Ran(dead.kind(), Outcome.DEAD, Duration.ZERO));
            });
  }

  /**
   * Claims for the slots that are free, and ahead for those that will be soon. Only this thread
   * takes slots, so those that are free stay free until it takes them.
   */
  private void claim() {
    int free = slots.availablePermits();
    int more = ahead.wanted(System.nanoTime());
    if (free + more == 0 || stopping) {
      return;
    }
    List<Job> claimed = lease.claim(free, more);
    long now = System.nanoTime();
    claimed.stream().skip(free).forEach(job -> ahead.add(job, now));
    claimed.stream().limit(free).forEach(this::start);
    // Slots that became free meanwhile have found nothing ahead.
    while (slots.availablePermits() > 0) {
      Optional<Job> next = ahead.poll();
      if (next.isEmpty()) {
        return;
      }
      start(next.get());
    }
  }

  private void start(Job first) {
    slots.acquireUninterruptibly();
    executor.execute(
        () -> {
          try {
            for (Optional<Job> job = Optional.of(first); job.isPresent(); job = next()) {
              runInSlot(job.get());
            }
          } finally {
            slots.release();
            wake();
          }
        });
  }

  /** What was claimed ahead runs in the slot of the job before it. */
  private Optional<Job> next() {
    ahead.ran(System.nanoTime());
    Optional<Job> job = stopping ? Optional.empty() : ahead.poll();
    if (ahead.isLow()) {
      wake();
    }
    return job;
  }

  private void release(List<Job> jobs) {
    if (!jobs.isEmpty()) {
      lease.release(jobs);
    }
  }

  /** In this thread, to the job's end. */
  private Ran run(Job job) {
    InFlightJobs.Run run = running.begin(job);
    return switch (begin(run)) {
      case JobExecutor.Step.Ended(Outcome outcome) -> finish(run, () -> outcome);
      case JobExecutor.Step.Asking(Supplier<Outcome> rest) -> finish(run, rest);
    };
  }

  /** As above, but what waits for another company does so elsewhere, as long as there is room. */
  private void runInSlot(Job job) {
    InFlightJobs.Run run = running.begin(job);
    switch (begin(run)) {
      case JobExecutor.Step.Ended(Outcome outcome) -> finish(run, () -> outcome);
      case JobExecutor.Step.Asking(Supplier<Outcome> rest) -> {
        if (!callers.take(() -> finish(run, rest))) {
          finish(run, rest);
        }
      }
    }
  }

  private JobExecutor.Step begin(InFlightJobs.Run run) {
    boolean begun = false;
    try {
      JobExecutor.Step step = runs.begin(run.job());
      begun = true;
      return step;
    } finally {
      if (!begun) {
        running.end(run);
      }
    }
  }

  private Ran finish(InFlightJobs.Run run, Supplier<Outcome> rest) {
    try {
      Outcome outcome = rest.get();
      Duration took = Duration.ofNanos(System.nanoTime() - run.since());
      Ran ran = new Ran(run.job().kind(), outcome, took);
      tell(ran);
      return ran;
    } finally {
      running.end(run);
    }
  }

  private void tell(Ran ran) {
    metrics.accept(ran);
    listener.accept(ran);
  }

  private void heartbeat() {
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
    List<Job> held = Stream.concat(running.alive().stream(), ahead.all().stream()).toList();
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
      release(ahead.clear());
      long end = System.nanoTime() + GRACE.toNanos();
      executor.shutdown();
      boolean ended = executor.awaitTermination(GRACE.toMillis(), TimeUnit.MILLISECONDS);
      // By now nothing is handed on to them any more.
      ended &= callers.awaitEnd(Duration.ofNanos(end - System.nanoTime()));
      if (!ended) {
        release(running.all());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (DatabaseException e) {
      LOG.log(System.Logger.Level.WARNING, "leases run out by themselves: {0}", e.getMessage());
    } finally {
      executor.shutdownNow();
      callers.interrupt();
      threads.forEach(Thread::interrupt);
    }
  }
}
