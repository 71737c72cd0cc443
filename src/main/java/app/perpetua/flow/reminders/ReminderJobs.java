package app.perpetua.flow.reminders;

import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/** Enqueues the jobs of reminders that another feature has added. Thread-safe. */
public final class ReminderJobs {
  private final Jobs jobs;

  public ReminderJobs(Jobs jobs) {
    this.jobs = jobs;
  }

  /** Lets a new reminder fire at its time. */
  public void schedule(Tx tx, UUID reminderId, UUID taskId, Instant at) {
    jobs.enqueue(tx, Reminders.FIRE, reminderId.toString(), at, Map.of("task_id", taskId));
  }
}
