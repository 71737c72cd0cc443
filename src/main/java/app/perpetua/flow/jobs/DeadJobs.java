package app.perpetua.flow.jobs;

import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Jobs that failed too often, for the operator. Thread-safe. */
public final class DeadJobs {
  /**
   * One of them.
   *
   * @param userId whose; null for a job of the system
   * @param error what the last attempt said
   */
  public record DeadJob(
      UUID id,
      @Nullable UUID userId,
      String kind,
      String key,
      int attempts,
      Instant diedAt,
      String error) {}

  /**
   * The newest, newest first.
   *
   * @param tx the system's
   * @param most how many at most
   */
  public List<DeadJob> list(Tx tx, int most) {
    return tx.sql("jobs.list_dead")
        .bind("count", most)
        .list(
            row ->
                new DeadJob(
                    row.uuid("id"),
                    row.uuidOrNull("user_id"),
                    row.text("kind"),
                    row.text("job_key"),
                    row.integer("attempts"),
                    row.instant("finished_at"),
                    row.text("last_error")));
  }

  /**
   * Puts them back, due now, with all their attempts; but for each kind and key one alone.
   *
   * @param tx the system's
   * @return how many
   */
  public int retry(Tx tx) {
    return tx.sql("jobs.retry_dead").run();
  }
}
