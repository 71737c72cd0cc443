package app.perpetua.flow.webhooks;

import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler.Next;
import app.perpetua.flow.jobs.TwoPhaseHandler;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.webhooks.WebhookEndpoint.DisabledReason;
import app.perpetua.flow.webhooks.WebhookSender.Outcome;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Delivers to one endpoint (FR-168, FR-169): creates deliveries of new changes, attempts what is
 * due, and runs again for what is left. The job's key is the endpoint's id and a lane (migration
 * V29); each lane is a job of its own, and only the first one waits for what is due later.
 * Thread-safe.
 */
final class WebhookDeliverJob implements TwoPhaseHandler<WebhookDeliverJob.Batch, List<Attempt>> {
  static final String KIND = "webhook_deliver";

  /** What became of an attempt, for metrics. */
  enum Result implements WireName {
    DELIVERED,
    RETRIED,
    FAILED
  }

  /**
   * What a run sends.
   *
   * @param oldest when the first change that is attempted for the first time was recorded
   */
  record Batch(Target target, List<PendingDelivery> deliveries, @Nullable Instant oldest) {}

  private static final System.Logger LOG = System.getLogger(WebhookDeliverJob.class.getName());

  /** Bounds the memory of a run, and what is repeated if its process dies. */
  private static final int BATCH = 20;

  /**
   * Runs that wait for receivers at once, in a process: half of the calls that a worker permits, so
   * that slow receivers delay no jobs of other kinds. Counted when a run begins, so a few more may
   * begin together.
   */
  private static final int MAX_RUNS = 16;

  /**
   * Runs of one endpoint at once, in a process: fewer than there are lanes, so that a process that
   * is killed leaves lanes to the others until its leases have expired.
   */
  private static final int MAX_RUNS_OF_ENDPOINT = 2;

  /** Longer than any run. */
  private static final Duration TAKEN = Duration.ofMinutes(1);

  private static final String FIRST_LANE = ":0";

  private static final Duration BUSY_DELAY = Duration.ofSeconds(1);

  /** After a run that the receiver made slow; doubles with each. */
  private static final Duration PAUSE = Duration.ofSeconds(30);

  private static final Duration MAX_PAUSE = Duration.ofMinutes(15);

  private static final Duration FAILING = Duration.ofDays(3);

  private final ChangeCollector collector;
  private final DeliveryRun run;
  private final RetrySchedule schedule;
  private final Disabling disabling;
  private final Consumer<Result> counter;
  private final Timer lateness;
  private final AtomicInteger runs = new AtomicInteger();
  private final ConcurrentMap<UUID, Integer> runsByEndpoint = new ConcurrentHashMap<>();

  /**
   * @param counter called after every attempt, from any thread
   * @param lateness records the time from a change until its first attempt
   */
  WebhookDeliverJob(
      ChangeCollector collector,
      DeliveryRun run,
      RetrySchedule schedule,
      Disabling disabling,
      Consumer<Result> counter,
      Timer lateness) {
    this.collector = collector;
    this.run = run;
    this.schedule = schedule;
    this.disabling = disabling;
    this.counter = counter;
    this.lateness = lateness;
  }

  @Override
  public Prepared<Batch> prepare(Tx tx, Job job) {
    if (runs.get() >= MAX_RUNS) {
      return new Prepared.NoCall<>(new Next.Snooze(tx.now().plus(BUSY_DELAY)));
    }
    UUID endpoint = UUID.fromString(job.key().substring(0, job.key().indexOf(':')));
    if (runsByEndpoint.getOrDefault(endpoint, 0) >= MAX_RUNS_OF_ENDPOINT) {
      // They look for changes before they end.
      return Prepared.done();
    }
    Optional<Target> found = Target.find(tx, endpoint);
    if (found.isEmpty()) {
      return Prepared.done();
    }
    Target target = found.get();
    if (target.pausedUntil() != null && target.pausedUntil().isAfter(tx.now())) {
      return new Prepared.NoCall<>(later(tx, job, target, target.pausedUntil()));
    }
    Instant takenUntil = tx.now().plus(TAKEN);
    ChangeCollector.Collected fresh = collector.collect(tx, target, BATCH, takenUntil);
    List<PendingDelivery> deliveries = new ArrayList<>(fresh.deliveries());
    // First attempts come first. What they leave no room for is due the longer.
    if (deliveries.size() < BATCH) {
      deliveries.addAll(
          tx.sql("webhooks.take_due")
              .bind("until", takenUntil)
              .bind("endpoint_id", target.id())
              .bind("limit", BATCH - deliveries.size())
              .list(PendingDelivery::of));
    }
    if (deliveries.isEmpty()) {
      return next(tx, target, fresh.position(), List.of())
          .<Prepared<Batch>>map(at -> new Prepared.NoCall<>(later(tx, job, target, at)))
          .orElseGet(Prepared::done);
    }
    return new Prepared.Call<>(new Batch(target, deliveries, fresh.oldest()));
  }

  /** The first lane runs again, another one leaves it to a lane that is not running. */
  private static Next later(Tx tx, Job job, Target target, Instant at) {
    if (job.key().endsWith(FIRST_LANE)) {
      return new Next.Snooze(at);
    }
    tx.sql("webhooks.wake").bind("id", target.id()).bind("run_at", at).atCommit();
    return new Next.Done();
  }

  @Override
  public List<Attempt> call(Batch batch) throws InterruptedException {
    UUID endpoint = batch.target().id();
    runs.incrementAndGet();
    runsByEndpoint.merge(endpoint, 1, Integer::sum);
    try {
      return run.send(batch.target(), batch.deliveries());
    } finally {
      runs.decrementAndGet();
      runsByEndpoint.computeIfPresent(endpoint, (_, count) -> count == 1 ? null : count - 1);
    }
  }

  @Override
  public Next settle(Tx tx, Job job, Batch batch, List<Attempt> attempts) {
    Optional<Target> found = Target.find(tx, batch.target().id());
    List<Instant> retries = record(tx, attempts);
    List<UUID> attempted = attempts.stream().map(attempt -> attempt.delivery().id()).toList();
    List<UUID> unattempted =
        batch.deliveries().stream()
            .map(PendingDelivery::id)
            .filter(id -> !attempted.contains(id))
            .toList();
    if (!unattempted.isEmpty()) {
      tx.sql("webhooks.return_unattempted").bind("ids", unattempted).atCommit();
      retries.add(tx.now());
    }
    Instant oldest = batch.oldest();
    if (oldest != null) {
      Instant first = attempts.stream().map(Attempt::at).min(Instant::compareTo).orElseThrow();
      tx.afterCommit(() -> lateness.record(Duration.between(oldest, first)));
    }
    if (found.isEmpty()) {
      return new Next.Done();
    }
    Target target = found.get();
    if (!target.url().equals(batch.target().url())) {
      // The attempts say nothing about the new address.
      return later(tx, job, target, tx.now());
    }
    Optional<DisabledReason> end = ended(tx, target, attempts);
    if (end.isPresent()) {
      LOG.log(
          System.Logger.Level.INFO,
          "webhook endpoint disabled",
          LogFields.of("endpoint_id", target.id()).with("reason", end.get().wireName()));
      disabling.disable(tx, target.id(), end.get());
      disabling.notifyOwner(tx, target.url(), end.get());
      return new Next.Done();
    }
    Instant pausedUntil = recordRun(tx, target, attempts);
    return Stream.concat(retries.stream(), next(tx, target, target.position(), attempted).stream())
        .min(Instant::compareTo)
        .map(at -> pausedUntil != null && at.isBefore(pausedUntil) ? pausedUntil : at)
        .map(at -> later(tx, job, target, at))
        .orElseGet(Next.Done::new);
  }

  /** Stores the attempts; returns when those that failed are attempted again. */
  private List<Instant> record(Tx tx, List<Attempt> attempts) {
    List<Instant> retries = new ArrayList<>();
    for (Attempt attempt : attempts) {
      Result result = Result.DELIVERED;
      if (attempt.succeeded()) {
        Outcome.Answered answer = (Outcome.Answered) attempt.outcome();
        tx.sql("webhooks.record_delivered")
            .bind("id", attempt.delivery().id())
            .bind("at", attempt.at())
            .bind("duration_ms", (int) attempt.took().toMillis())
            .bind("answer_status", answer.status())
            .bind("answer", answer.body())
            .atCommit();
      } else {
        Instant next = recordFailed(tx, attempt);
        result = next == null ? Result.FAILED : Result.RETRIED;
        if (next != null) {
          retries.add(next);
        }
      }
      Result counted = result;
      tx.afterCommit(() -> counter.accept(counted));
    }
    return retries;
  }

  private @Nullable Instant recordFailed(Tx tx, Attempt attempt) {
    int remaining = attempt.delivery().remaining() - 1;
    Instant next = null;
    if (remaining > 0) {
      Duration delay = schedule.delay(remaining);
      Duration requested = attempt.retryAfter();
      next = tx.now().plus(delay.compareTo(requested) < 0 ? requested : delay);
    }
    Integer status = null;
    String answer = null;
    String error;
    switch (attempt.outcome()) {
      case Outcome.Answered(int code, String body, Duration _) -> {
        status = code;
        answer = body;
        error = "the receiver answered " + code;
      }
      case Outcome.Unanswered(String reason) -> error = reason;
    }
    tx.sql("webhooks.record_failed")
        .bind("id", attempt.delivery().id())
        .bind("next_at", next)
        .bind("remaining", remaining)
        .bind("at", attempt.at())
        .bind("duration_ms", (int) attempt.took().toMillis())
        .bind("answer_status", status)
        .bind("answer", answer)
        .bind("error", error)
        .atCommit();
    return next;
  }

  /** Why the endpoint is to be disabled; empty if it is not. */
  private static Optional<DisabledReason> ended(Tx tx, Target target, List<Attempt> attempts) {
    if (attempts.stream().anyMatch(Attempt::isGone)) {
      return Optional.of(DisabledReason.GONE);
    }
    boolean failing =
        attempts.stream().noneMatch(Attempt::succeeded)
            && target.failingSince() != null
            && !target.failingSince().plus(FAILING).isAfter(tx.now());
    return failing ? Optional.of(DisabledReason.FAILING) : Optional.empty();
  }

  /** Stores what the attempts say about the endpoint; returns until when it is paused. */
  private static @Nullable Instant recordRun(Tx tx, Target target, List<Attempt> attempts) {
    Instant failingSince = null;
    if (attempts.stream().noneMatch(Attempt::succeeded)) {
      failingSince = target.failingSince() == null ? tx.now() : target.failingSince();
    }
    boolean slow =
        attempts.stream().anyMatch(attempt -> attempt.took().compareTo(DeliveryRun.SLOW) >= 0);
    int stalls = slow ? target.stalls() + 1 : 0;
    Duration pause =
        attempts.stream().map(Attempt::retryAfter).max(Duration::compareTo).orElseThrow();
    Duration stalled = stalls == 0 ? Duration.ZERO : pauseAfter(stalls);
    if (pause.compareTo(stalled) < 0) {
      pause = stalled;
    }
    Instant pausedUntil = pause.isZero() ? null : tx.now().plus(pause);
    boolean changed =
        pausedUntil != null
            || target.pausedUntil() != null
            || stalls != target.stalls()
            || (failingSince == null) != (target.failingSince() == null);
    if (changed) {
      tx.sql("webhooks.record_run")
          .bind("id", target.id())
          .bind("failing_since", failingSince)
          .bind("stalls", stalls)
          .bind("paused_until", pausedUntil)
          .atCommit();
    }
    return pausedUntil;
  }

  /** The pause after a number of slow runs in a row. */
  static Duration pauseAfter(int stalls) {
    Duration pause = PAUSE.multipliedBy(1L << Math.min(stalls - 1, 10));
    return pause.compareTo(MAX_PAUSE) > 0 ? MAX_PAUSE : pause;
  }

  /** When there is something to do for other deliveries than these; empty if there is nothing. */
  private static Optional<Instant> next(Tx tx, Target target, long position, List<UUID> attempted) {
    return tx.sql("webhooks.find_next")
        .bind("endpoint_id", target.id())
        .bind("attempted", attempted)
        .bind("position", position)
        .bind("is_full", target.full())
        .one(row -> row.instant("next_at"));
  }
}
