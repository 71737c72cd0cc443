package app.perpetua.flow.jobs;

import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Lists and requeues jobs whose last attempt failed. Thread-safe. */
final class DeadJobs {
  /**
   * A job without attempts left.
   *
   * @param userId the job's user; null for a job of the system
   * @param error the message of the last failure
   */
  record DeadJob(
      UUID id,
      @Nullable UUID userId,
      String kind,
      String key,
      int attempts,
      Instant diedAt,
      String error) {}

  /**
   * Returns up to {@code limit} dead jobs, newest first.
   *
   * @param tx a system transaction
   */
  List<DeadJob> list(Tx tx, int limit) {
    return tx.sql("jobs.list_dead")
        .bind("count", limit)
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
   * Makes dead jobs due now, with all their attempts; of several with the same kind and key, only
   * the newest.
   *
   * @param tx a system transaction
   * @return the number of jobs that will run again
   */
  int retry(Tx tx) {
    return retry(tx, null);
  }

  /**
   * Makes one dead job due now, with all its attempts.
   *
   * @param tx a system transaction
   * @return 0 if there is no such dead job or an unfinished one has its kind and key, otherwise 1
   */
  int retryOne(Tx tx, UUID id) {
    return retry(tx, id);
  }

  private static int retry(Tx tx, @Nullable UUID id) {
    return tx.sql("jobs.retry_dead").bind("id", id).run();
  }
}
