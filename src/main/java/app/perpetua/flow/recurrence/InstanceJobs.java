package app.perpetua.flow.recurrence;

import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.InstanceScheduler;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/** Enqueues and cancels {@link NextInstanceJob}s, at most one per template. Thread-safe. */
public final class InstanceJobs implements InstanceScheduler {
  private final Jobs jobs;

  public InstanceJobs(Jobs jobs) {
    this.jobs = jobs;
  }

  @Override
  public void scheduleNext(Tx tx, UUID templateId) {
    schedule(tx, templateId, tx.now());
  }

  /** Creates the next instance at that time, unless there is an open one by then. */
  public void schedule(Tx tx, UUID templateId, Instant runAt) {
    jobs.enqueue(tx, NextInstanceJob.KIND, templateId.toString(), runAt, Map.of());
  }

  /** Creates the next instance at that time instead of later. */
  public void reschedule(Tx tx, UUID templateId, Instant runAt) {
    jobs.reschedule(tx, NextInstanceJob.KIND, templateId.toString(), runAt);
  }

  void cancel(Tx tx, UUID templateId) {
    jobs.cancel(tx, NextInstanceJob.KIND, templateId.toString());
  }
}
