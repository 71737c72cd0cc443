package app.perpetua.flow.jobs;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * Asks for work to be done later, in the transaction of the change that needs it: both commit or
 * neither. Nothing here costs a round trip of its own. Thread-safe.
 */
public final class Jobs {
  /** What workers listen on. */
  public static final String CHANNEL = "perpetua_flow_jobs";

  /** How long a finished job is kept, for whoever wonders what happened. */
  private static final Duration KEPT = Duration.ofDays(7);

  private final Ids ids;
  private final Json json;

  public Jobs(Ids ids, Json json) {
    this.ids = ids;
    this.json = json;
  }

  /**
   * Asks for a job of the acting user, or of the system. Nothing happens if an unfinished job of
   * that kind and key is there already.
   *
   * @param kind of a handler, in {@code snake_case}
   * @param key what it is about, 1 to 200 characters
   * @param runAt not before this time
   * @param payload what the handler needs to know: ids and figures, as a record or map
   */
  public void enqueue(Tx tx, String kind, String key, Instant runAt, Object payload) {
    tx.sql(tx.actor().userId() == null ? "jobs.enqueue_for_system" : "jobs.enqueue")
        .bind("id", ids.next())
        .bind("kind", kind)
        .bind("key", key)
        .bind("payload", json.text(payload))
        .bind("run_at", runAt)
        .atCommit();
  }

  /** Withdraws the acting user's job, unless it runs already. Does nothing if there is none. */
  public void cancel(Tx tx, String kind, String key) {
    tx.sql("jobs.cancel").bind("kind", kind).bind("key", key).atCommit();
  }

  /**
   * Withdraws all jobs of the acting user whose payload has these members, unless they run already.
   */
  public void cancelAbout(Tx tx, String kind, Map<String, ?> about) {
    tx.sql("jobs.cancel_about").bind("kind", kind).bind("about", json.text(about)).atCommit();
  }

  /** Moves the acting user's job, unless it runs already. Does nothing if there is none. */
  public void reschedule(Tx tx, String kind, String key, Instant runAt) {
    tx.sql("jobs.reschedule").bind("kind", kind).bind("key", key).bind("run_at", runAt).atCommit();
  }

  /**
   * Deletes finished jobs older than a week; dead ones stay.
   *
   * @param tx the system's
   * @return how many, at most {@code batch}
   */
  public int deleteFinished(Tx tx, int batch) {
    return tx.sql("jobs.delete_finished")
        .bind("horizon", tx.now().minus(KEPT))
        .bind("count", batch)
        .run();
  }
}
