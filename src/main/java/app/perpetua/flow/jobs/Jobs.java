package app.perpetua.flow.jobs;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.TraceContext;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * Enqueues, cancels and reschedules jobs in the transaction of the change that needs them. The
 * statements are sent with the commit and add no round trip. Thread-safe.
 */
public final class Jobs {
  /** The NOTIFY channel on which workers listen. */
  public static final String CHANNEL = "perpetua_flow_jobs";

  /** How long finished jobs are kept, for diagnosis. */
  private static final Duration RETENTION = Duration.ofDays(7);

  private final Ids ids;
  private final Json json;

  public Jobs(Ids ids, Json json) {
    this.ids = ids;
    this.json = json;
  }

  /**
   * Enqueues a job of the acting user, or of the system, in the current trace. Does nothing if an
   * unfinished job with the same kind and key exists.
   *
   * @param kind of the handler, in {@code snake_case}
   * @param key what the job is about, 1 to 200 characters
   * @param runAt the earliest time at which it runs
   * @param payload ids and figures for the handler, as a record or map
   */
  public void enqueue(Tx tx, String kind, String key, Instant runAt, Object payload) {
    tx.sql(tx.actor().userId() == null ? "jobs.enqueue_for_system" : "jobs.enqueue")
        .bind("id", ids.next())
        .bind("kind", kind)
        .bind("key", key)
        .bind("payload", json.text(payload))
        .bind("run_at", runAt)
        .bind("traceparent", TraceContext.current().map(TraceContext::traceparent).orElse(null))
        .atCommit();
  }

  /**
   * Makes what this transaction does a part of the change that enqueued the job, so that undoing
   * the change undoes it too.
   */
  public void continueChange(Tx tx, Job job) {
    tx.sql("jobs.continue_change").bind("id", job.id()).atCommit();
  }

  /** Deletes the acting user's job if it exists and is not running. */
  public void cancel(Tx tx, String kind, String key) {
    tx.sql("jobs.cancel").bind("kind", kind).bind("key", key).atCommit();
  }

  /** Deletes the acting user's jobs whose payload has these members, unless they are running. */
  public void cancelMatching(Tx tx, String kind, Map<String, ?> members) {
    tx.sql("jobs.cancel_matching")
        .bind("kind", kind)
        .bind("members", json.text(members))
        .atCommit();
  }

  /** Changes when the acting user's job runs, if it exists and is not running. */
  public void reschedule(Tx tx, String kind, String key, Instant runAt) {
    tx.sql("jobs.reschedule").bind("kind", kind).bind("key", key).bind("run_at", runAt).atCommit();
  }

  /**
   * Changes when jobs of the acting user run, of those that exist and are not running, with one
   * statement.
   *
   * @param runAt by key
   */
  public void reschedule(Tx tx, String kind, Map<String, Instant> runAt) {
    tx.sql("jobs.reschedule_all")
        .bind("kind", kind)
        .bind("keys", runAt.keySet().toArray(String[]::new))
        .bind("times", runAt.values().stream().map(Instant::toString).toArray(String[]::new))
        .atCommit();
  }

  /**
   * Deletes up to {@code limit} jobs that finished more than a week ago; dead ones stay.
   *
   * @param tx a system transaction
   * @return the number of jobs deleted
   */
  public int deleteFinished(Tx tx, int limit) {
    return tx.sql("jobs.delete_finished")
        .bind("horizon", tx.now().minus(RETENTION))
        .bind("count", limit)
        .run();
  }
}
