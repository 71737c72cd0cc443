package app.perpetua.flow.jobs;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Claims due jobs and runs them. Any number of workers, in one process or several, share the queue.
 * The jobs of a worker that dies run again within a minute; a worker that was frozen for that long
 * has lost its leases and changes nothing. Started once and closed once; thread-safe.
 */
public final class Worker implements AutoCloseable {
  /** How a run ended. */
  public enum Outcome {
    /** The job is finished. */
    DONE,
    /** The handler asked for another run. */
    SNOOZED,
    /** The attempt failed; the job is retried. */
    FAILED,
    /** The last attempt failed. */
    DEAD,
    /** The lease was lost; nothing was changed. */
    LOST;

    /** The name in log lines and metrics. */
    final String label = name().toLowerCase(Locale.ROOT);
  }

  /**
   * A run of a job.
   *
   * @param took in real time
   */
  public record Run(String kind, Outcome outcome, Duration took) {}

  private static final System.Logger LOG = System.getLogger(Worker.class.getName());

  private static final Duration HEARTBEAT = Lease.LENGTH.dividedBy(3);

  /** How long running jobs may go on after {@link #close}: the time limit of a transaction. */
  private static final Duration GRACE = Duration.ofSeconds(6);

  /** Longer than it takes for the leases of a dead worker to expire. */
  private static final Duration RUN_DUE_LIMIT = Lease.LENGTH.multipliedBy(2);

  private static final Duration RECHECK_INTERVAL = Duration.ofMillis(10);

  /** Looking for expired leases after every few jobs would cost as much as the jobs. */
  private static final Duration RESCUE_INTERVAL = Duration.ofMillis(100);

  private final Db db;
  private final DailyJobs daily;
  private final JobMetrics metrics;
  private final Consumer<Run> listener;
  private final int parallel;
  private final Lease lease;
  private final JobExecutor jobExecutor;
  private final Semaphore slots;
  private final PrefetchBuffer prefetched = new PrefetchBuffer();
  private final InFlightJobs inFlight = new InFlightJobs();
  private final CallPool callPool = new CallPool();
  private final BlockingQueue<Boolean> wakeUps = new ArrayBlockingQueue<>(1);

  /** Few threads that always wait for the database: virtual ones would only add switches. */
  private final ExecutorService threads;

  private final List<Thread> loops = new ArrayList<>();

  /** Used by the thread that claims. */
  private long leasesSeenAt = System.nanoTime() - RESCUE_INTERVAL.toNanos();

  private volatile boolean stopping;

  /**
   * Creates a worker that is not started.
   *
   * @param handlers by kind, without the daily kinds
   * @param listener called after every run, in the thread that ran it
   * @param parallel maximum number of jobs that run at once; each takes a connection, and two-phase
   *     jobs that settle take up to half as many again
   */
  public Worker(
      Db db,
      Ids ids,
      Map<String, ? extends JobHandler> handlers,
      DailyJobs daily,
      Backoff backoff,
      JobMetrics metrics,
      Consumer<Run> listener,
      int parallel) {
    this.db = db;
    this.daily = daily;
    this.metrics = metrics;
    this.listener = listener;
    this.parallel = parallel;
    Map<String, JobHandler> all = new HashMap<>(handlers);
    all.putAll(daily.handlers());
    this.lease = new Lease(db, ids, all.keySet());
    this.jobExecutor = new JobExecutor(db, lease, all, backoff, Math.max(1, parallel / 2));
    this.slots = new Semaphore(parallel);
    this.threads =
        Executors.newFixedThreadPool(
            parallel, Thread.ofPlatform().daemon().name("job-", 0).factory());
  }

  /** Starts to claim jobs without notifications: polls the queue twice a second. */
  public void start() {
    start(() -> false);
  }

  /**
   * Starts to claim jobs.
   *
   * @param notified whether {@link #wake} is called for every notification on {@link Jobs#CHANNEL};
   *     while it is not, the worker polls the queue twice a second
   */
  public void start(BooleanSupplier notified) {
    metrics.register(db);
    loops.add(Thread.ofVirtual().name("jobs").start(() -> poll(notified)));
    loops.add(Thread.ofVirtual().name("job heartbeat").start(this::heartbeat));
  }

  /** Claims now instead of at the planned time. */
  public void wake() {
    boolean first = wakeUps.offer(true);
    LOG.log(System.Logger.Level.TRACE, "woken, first: {0}", first);
  }

  /**
   * Runs everything that is due now in this thread, one job after the other, and waits for what
   * other workers run.
   *
   * @return the runs of this call, in order
   */
  public List<Run> runDue() {
    List<Run> runs = new ArrayList<>();
    long start = System.nanoTime();
    while (true) {
      daily.enqueueDue(db);
      rescue();
      List<Job> jobs = lease.claim(parallel, 0, false).jobs();
      jobs.forEach(job -> runs.add(run(job)));
      if (jobs.isEmpty()) {
        if (!lease.hasPending() || System.nanoTime() - start > RUN_DUE_LIMIT.toNanos()) {
          return runs;
        }
        LockSupport.parkNanos(RECHECK_INTERVAL.toNanos());
      }
    }
  }

  private void poll(BooleanSupplier notified) {
    boolean unavailable = false;
    ClaimSchedule schedule = new ClaimSchedule();
    while (!stopping) {
      long nanos = System.nanoTime();
      try {
        boolean poll = !notified.getAsBoolean() || !prefetched.isEmpty();
        if (daily.enqueueDue(db) || schedule.isDue(nanos, db.now(), poll)) {
          claim(schedule, nanos);
          unavailable = false;
        }
      } catch (DatabaseException e) {
        if (!unavailable) {
          LOG.log(System.Logger.Level.WARNING, "cannot claim jobs: {0}", e.getMessage());
        }
        unavailable = true;
      } catch (RuntimeException e) {
        // The loop must survive any error.
        LOG.log(System.Logger.Level.ERROR, "cannot claim jobs", e);
      }
      try {
        Duration pause = schedule.untilNextCheck(db.now());
        if (wakeUps.poll(pause.toMillis(), TimeUnit.MILLISECONDS) != null) {
          schedule.wake();
        }
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void claim(ClaimSchedule schedule, long nanos) {
    // Unless the claim succeeds.
    schedule.postponed(nanos);
    boolean withLeases = nanos - leasesSeenAt >= RESCUE_INTERVAL.toNanos();
    if (withLeases) {
      leasesSeenAt = nanos;
      release(prefetched.removeStale(nanos));
    }
    Instant now = db.now();
    Optional<Lease.Claim> claim = claim(withLeases);
    claim.ifPresent(done -> schedule.claimed(nanos, now, done, withLeases));
    if (claim.filter(Lease.Claim::leaseExpired).isPresent()) {
      rescue();
      claim(false);
    }
  }

  private void rescue() {
    lease
        .rescue()
        .filter(Lease.Rescued::dead)
        .ifPresent(
            dead -> {
              LOG.log(System.Logger.Level.ERROR, "job of kind {0} is dead", dead.kind());
              report(new Run(dead.kind(), Outcome.DEAD, Duration.ZERO));
            });
  }

  /**
   * Claims jobs for the free slots and for the prefetch buffer. Only this thread acquires slots, so
   * free slots stay free until it does.
   *
   * @return empty if there is no room for a job
   */
  private Optional<Lease.Claim> claim(boolean withLeases) {
    int free = slots.availablePermits();
    int prefetch = prefetched.claimSize(System.nanoTime());
    if (free + prefetch == 0 || stopping) {
      return Optional.empty();
    }
    Lease.Claim claim = lease.claim(free, prefetch, withLeases);
    List<Job> claimed = claim.jobs();
    long now = System.nanoTime();
    claimed.stream().skip(free).forEach(job -> prefetched.add(job, now));
    claimed.stream().limit(free).forEach(this::start);
    // Slots that became free during the claim found the buffer empty.
    while (slots.availablePermits() > 0) {
      Optional<Job> next = prefetched.poll();
      if (next.isEmpty()) {
        break;
      }
      start(next.get());
    }
    return Optional.of(claim);
  }

  private void start(Job first) {
    slots.acquireUninterruptibly();
    threads.execute(
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

  /** The prefetched job that runs next in the slot. */
  private Optional<Job> next() {
    prefetched.recordRun(System.nanoTime());
    Optional<Job> job = stopping ? Optional.empty() : prefetched.poll();
    if (prefetched.isLow()) {
      wake();
    }
    return job;
  }

  private void release(List<Job> jobs) {
    if (!jobs.isEmpty()) {
      lease.release(jobs);
    }
  }

  private Run run(Job job) {
    InFlightJobs.Entry entry = inFlight.add(job);
    return complete(entry, begin(entry).complete());
  }

  /** Moves a job that waits for a provider out of the slot, unless too many wait already. */
  private void runInSlot(Job job) {
    InFlightJobs.Entry entry = inFlight.add(job);
    JobExecutor.Begun begun = begin(entry);
    if (!begun.callPending() || !callPool.tryExecute(() -> complete(entry, begun.complete()))) {
      complete(entry, begun.complete());
    }
  }

  private JobExecutor.Begun begin(InFlightJobs.Entry entry) {
    try {
      return entry.job().trace().call(() -> jobExecutor.begin(entry.job()));
    } catch (Throwable e) {
      inFlight.remove(entry);
      throw e;
    }
  }

  private Run complete(InFlightJobs.Entry entry, Supplier<Outcome> rest) {
    try {
      return entry.job().trace().call(() -> completeInTrace(entry, rest));
    } finally {
      inFlight.remove(entry);
    }
  }

  private Run completeInTrace(InFlightJobs.Entry entry, Supplier<Outcome> rest) {
    Outcome outcome = rest.get();
    Duration took = Duration.ofNanos(System.nanoTime() - entry.startedAt());
    Run run = new Run(entry.job().kind(), outcome, took);
    JobExecutor.log(LOG, entry.job(), run);
    report(run);
    return run;
  }

  private void report(Run run) {
    metrics.accept(run);
    listener.accept(run);
  }

  private void heartbeat() {
    try {
      while (true) {
        Thread.sleep(HEARTBEAT);
        extendLeases();
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  /** Extends the leases of running and prefetched jobs. */
  void extendLeases() {
    List<Job> held =
        Stream.concat(inFlight.notStuck().stream(), prefetched.jobs().stream()).toList();
    if (held.isEmpty()) {
      return;
    }
    try {
      lease.extend(held);
    } catch (DatabaseException e) {
      LOG.log(System.Logger.Level.DEBUG, "heartbeat failed", e);
    }
  }

  /** Claims no more jobs; running ones go on. */
  public void stopClaiming() {
    stopping = true;
    wake();
  }

  /** Stops: waits up to 6 s for running jobs, then interrupts and releases them. */
  @Override
  public void close() {
    stopClaiming();
    try {
      if (!loops.isEmpty()) {
        loops.getFirst().join(GRACE);
      }
      release(prefetched.removeAll());
      long end = System.nanoTime() + GRACE.toNanos();
      threads.shutdown();
      boolean ended = threads.awaitTermination(GRACE.toMillis(), TimeUnit.MILLISECONDS);
      // Only the threads above add calls.
      ended &= callPool.awaitTermination(Duration.ofNanos(end - System.nanoTime()));
      if (!ended) {
        release(inFlight.jobs());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (DatabaseException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "cannot release jobs; their leases will expire: {0}",
          e.getMessage());
    } finally {
      threads.shutdownNow();
      callPool.interrupt();
      loops.forEach(Thread::interrupt);
    }
  }
}
